// The whole site: every lesson through its stages, then what spans them (start page, cards, glossary, search, PDF).
import { copyFileSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { buildLesson } from './pipeline.mjs';
import { buildShared } from './assets.mjs';
import { decksOf } from './cards.mjs';
import { put } from './cache.mjs';
import { pool } from './native.mjs';
import { prepareCode } from './code.mjs';
import { Problems, format, listed, nearest } from './problems.mjs';
import { lessonFolders, readRooms } from './rooms.mjs';
import { HUB, NOTEBOOKS, SITE, relative } from './paths.mjs';

export const PARTS = [['A', 'Start'], ['B', 'Mathematics'], ['C', 'Statistics and data'], ['D', 'Supervised learning'], ['E', 'Trees and ensembles'], ['F', 'Unsupervised learning'],
  ['G', 'Understand and tune'], ['H', 'Deep learning'], ['I', 'Language'], ['J', 'Sound and generation'], ['K', 'Decisions'], ['L', 'Special structure'], ['M', 'Production']].map(([id, title]) => ({ id, title }));

class Stages {
  constructor() { this.begin = Date.now(); }
  async run(name, make) {
    const start = Date.now();
    const result = await make();
    console.log(`${name.padEnd(28)} ${String(((Date.now() - start) / 1000).toFixed(1)).padStart(6)} s`);
    return result;
  }
  total() { return ((Date.now() - this.begin) / 1000).toFixed(1); }
}

export async function buildSite(options) {
  const stages = new Stages();
  const problems = new Problems();
  const folders = lessonFolders(options.from && path.resolve(options.from));
  if (!folders.length) console.log(`no lessons in ${relative(options.from ? path.resolve(options.from) : path.join(HUB, 'lessons'))} yet: the start page and the cards are built`);
  const [rooms] = await stages.run('rooms, things, colors', () => Promise.all([readRooms(problems, folders), prepareCode()]));
  const chosen = options.lessons.length ? options.lessons.map((name) => choose(name, rooms)) : [...rooms.lessons.values()];
  const built = await stages.run(`${chosen.length} lesson${chosen.length === 1 ? '' : 's'}`, () => pool(chosen.map((folder) => () => oneLesson(folder, rooms, options)), 2));
  const site = siteData(rooms, built);
  checkTogether(built);
  const { page, assets } = await stages.run('shell and runtime', () => buildShared(SITE));
  await stages.run('pages', () => writeLessons(built, site, page, assets));
  if (!options.lessons.length) {
    const { writeRooms, finish } = await import('./whole.mjs');
    await stages.run('cards, glossary, start page', () => writeRooms({ built, site, rooms, page, assets, decks: decksOf(built, rooms), problems }));
    await finish({ options, stages, built, site, page, assets, problems });
  }
  if (options.check || options.lessons.length) {
    const { checkAll } = await import('./checks.mjs');
    await stages.run('links, spelling, claims', () => checkAll({ built, problems, rooms, whole: !options.lessons.length }));
  }
  for (const b of built) problems.take(b.lesson.problems);
  return report(problems, built, options, stages);
}

function choose(name, rooms) {
  const folder = rooms.lessons.get(name) ?? [...rooms.lessons.values()].find((f) => path.basename(f) === name || path.basename(f).replace(/^\d+-/, '') === name || path.resolve(name).startsWith(f));
  if (folder) return folder;
  const near = nearest(name, rooms.lessons.keys());
  throw new Error(`there is no lesson "${name}"${near ? `; did you mean "${near}"?` : ''}; there are ${listed(rooms.lessons.keys(), 60)}`);
}

async function oneLesson(folder, rooms, options) {
  const start = Date.now();
  const made = await buildLesson(path.join(folder, 'lesson.md'), rooms, { fix: options.fix, deep: options.check });
  const { errors } = made.lesson.problems;
  console.log(`  ${path.basename(folder).padEnd(26)} ${((Date.now() - start) / 1000).toFixed(1).padStart(6)} s  ${errors.length ? `${errors.length} error${errors.length > 1 ? 's' : ''}` : 'ok'}`);
  return made;
}

function siteData(rooms, built) {
  const all = built.map(({ lesson }) => ({
    id: lesson.id, title: lesson.title, part: lesson.part, needs: lesson.needs.filter((id) => rooms.lessons.has(id)), minutes: lesson.minutes, summary: lesson.summary, number: lesson.number,
    quizzes: lesson.quizzes.map((q) => q.id), exercises: lesson.exercises.map((e) => e.id), cards: lesson.cards.length,
  })).sort((a, b) => a.number - b.number);
  const known = rooms.paths.map((p) => ({ ...p, text: p.text ?? p.for ?? '' }));
  return { title: 'ken', version: rooms.version, lessons: all, parts: PARTS, paths: known };
}

// What only shows when all lessons are read: ids and numbers twice, circles of needs.
function checkTogether(built) {
  const seen = new Map();
  for (const { lesson } of built) {
    if (seen.has(lesson.id)) lesson.problems.error(lesson.where.id, `the id "${lesson.id}" is that of ${seen.get(lesson.id)} too`);
    seen.set(lesson.id, relative(lesson.folder));
  }
  const needs = new Map(built.map(({ lesson }) => [lesson.id, lesson.needs]));
  for (const { lesson } of built) {
    const reach = (id, trail) => (needs.get(id) ?? []).some((n) => n === lesson.id || (!trail.includes(n) && reach(n, [...trail, n])));
    if (reach(lesson.id, [])) lesson.problems.error(lesson.where.needs, `"${lesson.id}" needs itself, by way of what it needs`);
  }
}

async function writeLessons(built, site, page, assets) {
  const order = site.lessons;
  for (const made of built) {
    const { lesson, html, toc, defs, notebook, module, records } = made;
    if (!lesson.id) continue;
    const at = order.findIndex((l) => l.id === lesson.id);
    const folder = path.join(SITE, lesson.id);
    mkdirSync(folder, { recursive: true });
    const own = { ...assets };
    if (module) {
      for (const { file } of [module, module.widgets].filter(Boolean)) copyFileSync(file, path.join(folder, path.basename(file)));
      own.module = `${lesson.id}/${lesson.id}.wasm`;
    }
    for (const name of readdirSync(lesson.folder)) if (/\.(svg|png|jpg|webp|csv)$/.test(name)) copyFileSync(path.join(lesson.folder, name), path.join(folder, name));
    const file = `${lesson.id}.ipynb`;
    const text = `${JSON.stringify(notebook, null, 1)}\n`;
    put(path.join(NOTEBOOKS, file), text);
    put(path.join(SITE, 'notebooks', file), text);
    put(path.join(folder, 'cells.json'), JSON.stringify(Object.fromEntries(records)));
    if (made.exercises.length) put(path.join(folder, 'exercises.json'), JSON.stringify(made.exercises));
    made.meta = { defs, notebook: file, widgets: lesson.widgets.length + lesson.compares.length > 0 };
    made.page = page.page({ site, lesson: order[at], html, toc, meta: made.meta, assets: own, prev: order[at - 1], next: order[at + 1] });
    put(path.join(folder, 'index.html'), made.page);
  }
}

const kb = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;

function report(problems, built, options, stages) {
  const sorted = problems.sorted();
  const bare = sorted.filter((p) => p.kind === 'bare number');
  for (const p of sorted) if (p.level === 'error' || (p.kind !== 'bare number') || options.lessons.length || options.check) console.log(format(p));
  if (bare.length) console.log(`${bare.length} number${bare.length > 1 ? 's' : ''} in the text without a check`);
  for (const made of built.filter(() => options.lessons.length)) {
    const { lesson } = made;
    console.log(`${lesson.id}: ${lesson.cells.length} cells, ${lesson.numbers.length} numbers, ${lesson.widgets.length + lesson.compares.length} widgets, ${lesson.quizzes.length} quizzes, ${lesson.exercises.length} exercises, ${lesson.cards.length} cards; `
      + `page ${kb(gzipSync(made.page ?? '', { level: 9 }).length)} gz${made.module ? `, module ${kb(gzipSync(readFileSync(made.module.file), { level: 9 }).length)} gz` : ''}`);
    console.log(`  ${relative(path.join(SITE, lesson.id, 'index.html'))}`);
  }
  const n = problems.errors.length;
  console.log(n ? `${n} error${n > 1 ? 's' : ''}, ${problems.warnings.length} warnings in ${stages.total()} s` : `ok: ${problems.warnings.length} warnings, ${stages.total()} s`);
  return n ? 1 : 0;
}

