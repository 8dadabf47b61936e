// One lesson through all its stages. Each stage is skipped while what it is made from stays the same.
import { existsSync, readdirSync, statSync, writeFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { readLesson } from './lesson.mjs';
import { cellsC, readChecks, readsC } from './cells.mjs';
import { compile, compilers, exec, library, pool, tell } from './native.mjs';
import { checkExercise } from './exercises.mjs';
import { applyFixes, checkNumbers, formatAs, lookUp, recordsByCell } from './numbers.mjs';
import { buildModule, loadModule } from './module.mjs';
import { picturesOf } from './pictures.mjs';
import { figuresOf } from './figures.mjs';
import { fileHash, hashOf, once, put } from './cache.mjs';
import { Page } from './html.mjs';
import { HUB, ROOT, WORK, relative } from './paths.mjs';
import { notebookOf } from './notebook.mjs';

let toolHash;
// What native results depend on beside the lesson: the library, the driver, the headers of cells.
const tools = (sanitized) => (toolHash ??= {})[sanitized] ??= hashOf(fileHash(library(sanitized)), ...['ken/cell.h', 'ken/report/show.h', 'wasm/cells_main.c'].map((f) => fileHash(path.join(ROOT, f))));

// options: {fix, deep: sanitizers too}. Returns {lesson, html, toc, defs, records, notebook, module, exercises}.
export async function buildLesson(file, rooms, { fix = false, deep = false } = {}) {
  const lesson = readLesson(file, rooms);
  if (deep && !existsSync(library(true))) lesson.problems.warn({}, 'nothing ran under sanitizers: build/dev/libken.a is not there', { hint: '"make hub-check" makes it' });
  const folder = path.join(WORK, lesson.id ?? path.basename(lesson.folder));
  mkdirSync(folder, { recursive: true });
  const sound = lesson.things.every((name) => !rooms.things || rooms.things.has(name)); // else tools/wasm would say it again
  const [lines, exercises] = await Promise.all([runCells(lesson, folder, deep), runExercises(lesson, folder), runReads(lesson, folder), runChecks(lesson, folder, deep)]);
  const records = recordsByCell(lines ?? []);
  const fixes = fix ? [] : undefined;
  if (lines) checkNumbers(lesson, records, fixes);
  if (fixes?.length) {
    writeFileSync(file, applyFixes(lesson.source, lesson.body, fixes));
    for (const f of fixes) console.log(`${relative(file)}:${f.line}: ${f.was} → ${f.now}`);
    return buildLesson(file, rooms, { deep });
  }
  if (lines) quizKeys(lesson, records);
  const module = sound && lines ? await buildModule(lesson, folder) : undefined;
  if (module && lines) await sameRecords(lesson, module, lines, folder);
  const pictures = module || !needsModule(lesson) ? await picturesOf(lesson, module?.widgets, folder) : new Map();
  const figures = await figuresOf(lines ?? [], folder);
  const shell = path.join(HUB, 'shell', 'records.mjs');
  const recordsHTML = existsSync(shell) ? (await import(pathToFileURL(shell).href)).recordsHTML : undefined;
  const page = new Page(lesson, { records, pictures, figures, recordsHTML });
  const html = page.html();
  const notebook = notebookOf(lesson, { pictures, records });
  put(path.join(folder, 'cells.json'), JSON.stringify(Object.fromEntries(records)));
  if (exercises.length) put(path.join(folder, 'exercises.json'), JSON.stringify(exercises));
  return { lesson, html, toc: page.toc(), defs: page.defs(), records, lines, notebook, module, exercises, folder };
}

export const needsModule = (lesson) => lesson.widgets.length + lesson.compares.length > 0 || lesson.cells.some((c) => c.runs);

function libraryThere(lesson) {
  if (existsSync(library(false))) {
    const newer = staleSource();
    if (newer && !lesson.problems.toldLibrary) lesson.problems.warn({}, `build/release/libken.a is older than ${newer}`, { hint: '"make build" makes it anew' });
    lesson.problems.toldLibrary = true;
    return true;
  }
  if (!lesson.problems.toldLibrary) lesson.problems.warn({}, 'cells and exercises did not run: build/release/libken.a is not there', { hint: '"make build" makes it' });
  lesson.problems.toldLibrary = true;
  return false;
}

let stale;
// A source of the library that is newer than its archive.
function staleSource() {
  if (stale === undefined) {
    const built = statSync(library(false)).mtimeMs;
    const names = readdirSync(path.join(ROOT, 'ken'), { recursive: true }).map(String).filter((n) => /\.[ch]$/.test(n) && !/_test\.c$/.test(n));
    stale = names.map((n) => path.join(ROOT, 'ken', n)).find((f) => statSync(f).mtimeMs > built) ?? null;
  }
  return stale && relative(stale);
}

// The records, the same from every compiler; undefined when they cannot be had.
async function runCells(lesson, folder, deep) {
  const runs = lesson.cells.filter((c) => c.runs);
  if (!lesson.cells.length || lesson.problems.errors.some((p) => /RUN|closed|closes/.test(p.text))) return runs.length ? undefined : [];
  if (!libraryThere(lesson)) return undefined;
  const c = cellsC(lesson);
  put(path.join(folder, 'cells.c'), c);
  const ways = [...compilers().map((compiler) => ({ compiler, sanitize: false })), ...(deep && existsSync(library(true)) ? [{ compiler: compilers()[0], sanitize: true }] : [])];
  const results = await pool(ways.map(({ compiler, sanitize }) => async () => {
    const name = `${compiler.name}${sanitize ? '-asan' : ''}`;
    const result = await once(path.join(folder, `cells-${name}.json`), hashOf(c, tools(sanitize)), async () => {
      const made = await compile(compiler, path.join(folder, name), { 'cells.c': c }, { out: 'cells', sanitize });
      if (!made.ok) return { messages: made.messages };
      const run = await exec(made.program, ['--limit', '60']);
      return { status: run.status, signal: run.signal, out: run.stdout, err: run.stderr };
    });
    return { name, ...result };
  }));
  const first = results[0];
  for (const r of results) tellRun(lesson, r, first);
  if (first.messages) return undefined;
  const lines = first.out.split('\n').filter(Boolean);
  put(path.join(folder, 'records.jsonl'), first.out);
  return lines;
}

function tellRun(lesson, r, first) {
  const { problems } = lesson;
  const at = (cell) => lesson.cells.find((c) => c.id === cell)?.node ?? {};
  if (r.messages) {
    if (r === first || !first.messages) tell(problems, r.messages, lesson.cells[0].node, r.name);
    return;
  }
  if (r !== first && first.out !== undefined && r.out !== first.out) {
    const [a, b] = [first.out.split('\n'), r.out.split('\n')];
    const i = a.findIndex((line, k) => line !== b[k]);
    const cell = JSON.parse(a[i] || b[i] || '{}').cell;
    problems.error(at(cell), `${r.name} gives other records than ${first.name}:\n    ${a[i] ?? '(nothing)'}\n    ${b[i] ?? '(nothing)'}`);
  }
  if (r.status === 0) return;
  const last = JSON.parse(r.out.trim().split('\n').at(-1) || '{}');
  if (last.type === 'error' && r === first) problems.error(at(last.cell), `the cell "${last.cell}" fails: ${last.value.message}`, { hint: last.value.hint || undefined });
  else if (last.type !== 'error') problems.error(at(last.cell), `the cells crash after "${last.cell ?? 'the start'}" (${r.name}${r.signal ? `, ${r.signal}` : ''}):\n${r.err.split('\n').slice(0, 12).join('\n')}`);
}

// {norun} blocks compile.
async function runReads(lesson, folder) {
  if (!lesson.reads.length || !libraryThere(lesson)) return;
  const compiler = compilers()[0];
  await pool(readsC(lesson).map((c, i) => async () => {
    const messages = await once(path.join(folder, `read-${i}.json`), hashOf(c, tools(false)), async () => {
      const made = await compile(compiler, path.join(folder, 'reads'), { [`read-${i}.c`]: c }, { only: true, extra: ['-Wno-unused'] });
      return made.ok ? '' : made.messages;
    });
    if (messages) tell(lesson.problems, messages, lesson.reads[i].node, compiler.name);
  }));
}

// checks.c: every check passes, every check= names one, every one is named.
async function runChecks(lesson, folder, deep) {
  const checks = readChecks(lesson);
  const names = new Map((checks?.names ?? []).map((n) => [n.name, n]));
  for (const proof of lesson.proofs) {
    if (!proof.check) lesson.problems.warn(proof.node, `the derivation "${proof.title}" names no check`, { kind: 'unchecked proof', expected: 'check="name" of a KEN_CHECK in checks.c' });
    else if (!names.has(proof.check)) lesson.problems.error(proof.node, `unknown check "${proof.check}"`, { expected: checks ? [...names.keys()].join(', ') || 'a KEN_CHECK(name) in checks.c' : 'a file checks.c beside the lesson' });
  }
  if (!checks || !libraryThere(lesson)) return;
  const ways = [...compilers().map((compiler) => ({ compiler, sanitize: false })), ...(deep && existsSync(library(true)) ? [{ compiler: compilers()[0], sanitize: true }] : [])];
  await pool(ways.map(({ compiler, sanitize }) => async () => {
    const name = `${compiler.name}${sanitize ? '-asan' : ''}`;
    const r = await once(path.join(folder, `checks-${name}.json`), hashOf(checks.c, tools(sanitize)), async () => {
      const made = await compile(compiler, path.join(folder, name), { 'checks.c': checks.c }, { out: 'checks', sanitize });
      if (!made.ok) return { messages: made.messages };
      const run = await exec(made.program, ['--limit', '60']);
      return { status: run.status, out: run.stdout, err: run.stderr };
    });
    if (r.messages) return tell(lesson.problems, r.messages, lesson.proofs[0]?.node ?? {}, name);
    const failed = r.out.split('\n').filter(Boolean).map((line) => JSON.parse(line)).filter((x) => x.type === 'error');
    for (const f of failed) {
      const [, line] = /:(\d+)$/.exec(f.value.place ?? '') ?? [];
      lesson.problems.add('error', { line: Number(line ?? names.get(f.cell)?.line ?? 1) }, `the check "${f.cell}": ${f.value.message} (${name})`, { file: relative(checks.file) });
    }
    if (r.status !== 0 && !failed.length) lesson.problems.add('error', {}, `the checks crash (${name}):\n${r.err.slice(0, 1500)}`, { file: relative(checks.file) });
  }));
}

async function runExercises(lesson, folder) {
  const mine = lesson.exercises.filter((e) => e.kind === 'c');
  if (!mine.length || !libraryThere(lesson)) return [];
  const out = [];
  for (const exercise of mine) out.push(await checkExercise(lesson, exercise, path.join(folder, 'exercises'), tools(false)));
  return out.filter(Boolean);
}

// Keys of quizzes that come from a record.
function quizKeys(lesson, records) {
  for (const quiz of lesson.quizzes) {
    const { cell, key } = quiz.attrs;
    if (!cell || !key) continue;
    const found = lookUp(records, cell, key);
    if (found.error) lesson.problems.error(quiz.node, found.error, { expected: found.known?.join(', ') });
    else quiz.answer = typeof found.value === 'number' ? formatAs('.12g', found.value) : String(found.value);
  }
}

// The module in Node says, byte for byte, what the native program says.
async function sameRecords(lesson, module, lines, folder) {
  const runs = lesson.cells.filter((c) => c.runs);
  if (!runs.length) return;
  const wrong = await once(path.join(folder, 'same.json'), hashOf(module.hash, lines), async () => {
    const ken = await loadModule(module);
    let page;
    try {
      page = ken.cellLines();
    } catch (error) {
      return { cell: runs[0].id, native: lines[0] ?? '', page: error.message };
    }
    for (let i = 0; i < Math.max(lines.length, page.length); i++) {
      if (lines[i] !== page[i]) return { cell: JSON.parse(lines[i] ?? page[i]).cell, native: lines[i] ?? '(nothing)', page: page[i] ?? '(nothing)' };
    }
    return null;
  });
  if (wrong) lesson.problems.error(lesson.cells.find((c) => c.id === wrong.cell).node, `the cell "${wrong.cell}" says in WebAssembly what it does not say natively:\n    native ${wrong.native}\n    page   ${wrong.page}`);
}
