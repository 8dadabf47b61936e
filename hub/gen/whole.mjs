// What spans the lessons: start page, cards, glossary and other rooms, the printed page and its PDF, the search index.
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashOf, put, treeHash, once } from './cache.mjs';
import { linkModule } from './module.mjs';
import { escape } from './code.mjs';
import { renderMath } from './math.mjs';
import { serve } from './serve.mjs';
import { BUILD, HUB, NOTEBOOKS, ROOMS, ROOT, SITE, WORK, relative } from './paths.mjs';

export async function writeRooms({ built, site, rooms, page, assets, decks, problems }) {
  drop(new Set(site.lessons.map((l) => l.id)));
  const shared = { ...assets };
  const recall = await recallModule(rooms, problems);
  if (recall) {
    put(path.join(SITE, 'cards', 'cards.wasm'), readFileSync(recall.file));
    shared.recall = 'cards/cards.wasm';
  }
  const out = (name, html) => put(path.join(SITE, name), html);
  out('index.html', page.index({ site, assets: shared }));
  out('cards/index.html', page.cards({ site, decks, assets: shared }));
  out('reference/glossary/index.html', page.glossary({ site, terms: terms(rooms, built), symbols: symbols(rooms), assets: shared }));
  const others = await generated({ built, site, rooms, page, assets: shared, out, problems });
  out('reference/index.html', page.reference({ site, assets: shared, title: 'Reference', summary: 'What is looked up, not read.', ...roomList(others) }));
  out('404.html', page.notFound({ site, assets: shared }));
  out('print/index.html', page.print({ site, assets: shared, lessons: built.map((b) => ({ lesson: site.lessons.find((l) => l.id === b.lesson.id), html: b.html })).sort((a, b) => a.lesson.number - b.lesson.number) }));
  put(path.join(SITE, 'site.json'), JSON.stringify({ version: site.version, parts: site.parts, paths: site.paths, lessons: site.lessons }));
  put(path.join(SITE, 'cards.json'), JSON.stringify({ version: 1, cards: decks.flatMap((deck) => deck.cards.map(({ id, lesson, level, front, back, question, answer }) => ({ id, deck: deck.id, lesson, level, question, answer, front, back }))) }));
  unknownLessons(rooms, problems, site);
}

// Pages and notebooks of lessons that are no more.
function drop(ids) {
  const kept = new Set([...ids, 'assets', 'runtime', 'cards', 'reference', 'print', 'pagefind', 'notebooks']);
  if (!existsSync(SITE)) return;
  for (const entry of readdirSync(SITE, { withFileTypes: true })) if (entry.isDirectory() && !kept.has(entry.name)) rmSync(path.join(SITE, entry.name), { recursive: true });
  for (const folder of [NOTEBOOKS, path.join(SITE, 'notebooks')]) {
    if (existsSync(folder)) for (const name of readdirSync(folder)) if (!ids.has(name.replace(/\.ipynb$/, ''))) rmSync(path.join(folder, name), { recursive: true });
  }
}

// The scheduler of the cards: libken with the probe `recall`.
async function recallModule(rooms, problems) {
  if (!existsSync(path.join(ROOT, 'wasm', 'probes', 'recall.c'))) return undefined;
  const folder = path.join(WORK, '_cards');
  mkdirSync(folder, { recursive: true });
  return linkModule({ problems }, folder, { id: 'cards', things: [], probes: ['recall'], cells: null });
}

const terms = (rooms, built) => [...rooms.terms.values()].map((t) => ({
  id: t.id, name: t.term, text: escape(t.definition), lessons: built.filter(({ lesson }) => lesson.terms.has(t.id)).map(({ lesson }) => lesson.id),
}));
const symbols = (rooms) => [...rooms.symbols.values()].map((s) => ({ id: s.id, symbol: renderMath(s.tex), name: s.name, text: escape(s.definition) + (s.unit ? ` (${escape(s.unit)})` : '') }));

// hub/rooms/NAME.mjs exports {id, title, summary, make({built, site, rooms}) → {html, toc, defs?}}, or
// {pages({rooms}) → a list of such}.
async function generated({ built, site, rooms, page, assets, out, problems }) {
  const list = [];
  for (const name of existsSync(ROOMS) ? readdirSync(ROOMS).filter((n) => n.endsWith('.mjs')).sort() : []) {
    const given = (await import(pathToFileURL(path.join(ROOMS, name)).href)).default;
    try {
      for (const room of given?.pages ? given.pages({ rooms }) : given?.make ? [given] : []) {
        out(`reference/${room.id}/index.html`, page.reference({ site, assets, id: room.id, title: room.title, summary: room.summary, ...await room.make({ built, site, rooms }) }));
        list.push(room);
      }
    } catch (error) {
      problems.add('error', {}, `the room cannot be made: ${error.message}`, { file: relative(path.join(ROOMS, name)) });
    }
  }
  const bibliography = [...rooms.bibliography.values()].sort((a, b) => String(a.authors).localeCompare(String(b.authors), 'en') || a.year - b.year);
  if (bibliography.length) {
    const item = (s) => `<li id="ref-${escape(s.key)}">${escape([s.authors].flat().join(', '))} (${escape(s.year)}). <em>${escape(s.title)}.</em>${s.where ? ` ${escape(s.where)}.` : ''}${
      s.doi ? ` <a href="https://doi.org/${escape(s.doi)}">doi:${escape(s.doi)}</a>` : s.url ? ` <a href="${escape(s.url)}">${escape(s.url.replace(/^https?:\/\//, ''))}</a>` : ''}</li>`;
    const room = { id: 'bibliography', title: 'Bibliography', summary: `${bibliography.length} sources that the lessons stand on.` };
    out('reference/bibliography/index.html', page.reference({ site, assets, ...room, html: `<h2 id="sources">Sources</h2><ul class="refs">${bibliography.map(item).join('')}</ul>`, toc: [] }));
    list.push(room);
  }
  return list;
}

function roomList(others) {
  const item = (href, title, text) => `<li><a href="${href}/">${escape(title)}</a>${text ? `: ${escape(text)}` : ''}</li>`;
  const html = `<h2 id="rooms">Rooms</h2><ul>${item('glossary', 'Glossary and symbols', 'every term and symbol of the lessons')}${others.map((r) => item(r.id, r.title, r.summary)).join('')}</ul>`;
  return { html, toc: [{ id: 'rooms', text: 'Rooms', depth: 2 }] };
}

// Lessons that cards and paths speak of: those still to come are counted, not errors.
function unknownLessons(rooms, problems, site) {
  const known = new Set(site.lessons.map((l) => l.id));
  const missing = new Set([...rooms.paths.flatMap((p) => p.lessons), ...rooms.interview.map((c) => c.lesson)].filter((id) => id && !known.has(id)));
  if (missing.size) console.log(`  ${missing.size} lessons that paths and cards name are still to come`);
  const seen = new Map();
  for (const card of rooms.interview) {
    if (seen.has(card.id)) problems.add('error', {}, `two cards with the id "${card.id}"`, { file: 'hub/rooms/interview.json' });
    seen.set(card.id, card);
    for (const key of card.source ?? []) if (!rooms.bibliography.has(key)) problems.add('warning', {}, `the card "${card.id}" cites "${key}", which bibliography.json lacks`, { file: 'hub/rooms/interview.json' });
  }
}

export async function finish({ options, stages, assets }) {
  if (options.search) await stages.run('search index', searchIndex);
  const { finishSite } = await import(pathToFileURL(path.join(HUB, 'shell', 'build.mjs')).href);
  const made = await stages.run('service worker', () => finishSite({ out: SITE, assets }));
  console.log(`  ${made.files} files, ${(made.bytes / 1e6).toFixed(1)} MB`);
  if (options.pdf) await stages.run('ken-lessons.pdf', pdf);
}

async function searchIndex() {
  const pages = treeHash(SITE, (name) => name.endsWith('.html'));
  const there = existsSync(path.join(SITE, 'pagefind', 'pagefind.js'));
  await once(path.join(BUILD, 'stamps', 'search.json'), `${pages}${there}`, async () => {
    const pagefind = await import('pagefind');
    const { index } = await pagefind.createIndex({ forceLanguage: 'en', excludeSelectors: ['.katex-mathml'] });
    const { errors } = await index.addDirectory({ path: SITE });
    if (errors.length) throw new Error(`search index: ${errors.join('; ')}`);
    rmSync(path.join(SITE, 'pagefind'), { recursive: true, force: true });
    await index.writeFiles({ outputPath: path.join(SITE, 'pagefind') });
    await pagefind.close();
  });
}

export const chromium = () => [process.env.KEN_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((p) => p && existsSync(p));

async function pdf() {
  const executablePath = chromium();
  if (!executablePath) {
    console.log('  no Chromium here: ken-lessons.pdf is left out (tools/setup hub installs it)');
    return;
  }
  const file = path.join(BUILD, 'ken-lessons.pdf');
  const print = hashOf(readFileSync(path.join(SITE, 'print', 'index.html')), treeHash(path.join(SITE, 'assets')));
  await once(path.join(BUILD, 'stamps', 'pdf.json'), existsSync(file) ? print : `${print}-missing`, async () => {
    const { chromium: browser } = await import('playwright-core');
    const server = await serve(SITE);
    const running = await browser.launch({ executablePath, args: ['--no-sandbox'] });
    try {
      const tab = await running.newPage();
      await tab.goto(`${server.url}print/`, { waitUntil: 'networkidle' });
      await tab.evaluate(() => { for (const d of document.querySelectorAll('details')) d.open = true; });
      await tab.pdf({ path: file, format: 'A4', printBackground: true, preferCSSPageSize: true, outline: true, tagged: true });
    } finally {
      await running.close();
      await server.close();
    }
  });
}
