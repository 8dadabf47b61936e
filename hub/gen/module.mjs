// The lesson's WebAssembly modules, built by tools/wasm: the whole one (its things, cells and probes, and what reads the
// reader's own data), and the small one that its widgets need as the page stands. Same sources, so the same bits.
import { existsSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { cellsC } from './cells.mjs';
import { fileHash, hashOf, once, put, treeHash } from './cache.mjs';
import { exec, has, tell } from './native.mjs';
import { HUB, ROOT, WIDGETS } from './paths.mjs';

const TOOL = path.join(ROOT, 'tools', 'wasm');
const LOADER = path.join(HUB, 'runtime', 'ken.mjs');
let sources;

// {file, hash, bytes, widgets: {file, hash, bytes} or undefined}; undefined when there is nothing to build it with.
export async function buildModule(lesson, folder) {
  const runs = lesson.cells.some((c) => c.runs);
  if (!runs && !lesson.widgets.length && !lesson.compares.length) return undefined;
  const named = (names) => [...new Set(names.map((name) => lesson.rooms.things?.get(name)?.name ?? name))];
  const own = path.join(lesson.folder, 'probes.c');
  const owns = existsSync(own) ? [own] : [];
  const called = calledProbes(lesson);
  const cells = lesson.cells.length > 0;
  if (cells) put(path.join(folder, 'cells.c'), cellsC(lesson));
  const input = hashOf(cells ? cellsC(lesson) : '', fileHash(own));
  const whole = { id: lesson.id, things: [...named([...lesson.things, ...widgetThings(lesson)]), 'csv'], probes: [...new Set([...owns, ...lesson.probes, ...filesOf(called)])], cells: cells ? 'cells.c' : null };
  const made = await linkModule(lesson, folder, whole, input);
  if (!made || !(lesson.widgets.length + lesson.compares.length)) return made;
  const needed = owns.filter((file) => called.some((name) => readFileSync(file, 'utf8').includes(`KEN_PROBE(${name})`)));
  const things = named([...listedThings(lesson), ...widgetThings(lesson)]);
  const tables = packTables(await loadModule(made), things, lesson, folder);
  const small = { id: `${lesson.id}-widgets`, things, probes: [...needed, ...new Set(filesOf(called))], cells: null, without: RARE, ...(Object.keys(tables).length && { tables }) };
  return { ...made, widgets: await linkModule(lesson, folder, small, fileHash(own)) };
}

// Steps of the recipe for texts, dates and many levels: no widget starts with such columns, and own data bring the whole module.
const RARE = ['tfidf', 'date_parts', 'target_encode', 'frequency_encode'];

// Built-in tables as the reader of files understood them, for modules without it (wasm/ken_wasm_packed.c). {name: file}
function packTables(ken, things, lesson, folder) {
  const tables = {};
  for (const name of things.filter((n) => lesson.rooms.things?.get(n)?.kind === 'dataset' && !n.startsWith('gen:'))) {
    const table = ken.dataset(name);
    const lines = [String(table.rows)];
    const { columns } = table;
    columns.forEach(({ name: column, dtype, levels = [] }, j) => {
      const cells = dtype === 'string' ? table.texts(j).map((v) => v ?? '') : Array.from(table.values(j), (v) => (Number.isNaN(v) || (levels.length && v < 0) ? '' : Object.is(v, -0) ? '-0' : String(v)));
      lines.push([dtype, column, ...levels].join('\t'), cells.join('\t'));
    });
    table.free();
    // A text with a tab or a line of its own would be two: hard to think of, and told at once.
    const whole = lines.slice(1).every((line, k) => !line.includes('\n') && line.split('\t').length === (k % 2 ? table.rows : 2 + (columns[k / 2].levels?.length ?? 0)));
    if (!whole) throw new Error(`the data set ${name} has texts with tabs or line ends, which cannot be packed`);
    tables[name] = `${name}.packed`;
    put(path.join(folder, tables[name]), lines.join('\n'));
  }
  return tables;
}

// One module as tools/wasm takes it; input: a hash of what it is made from beside the library.
export async function linkModule(lesson, folder, module, input = '') {
  if (!existsSync(TOOL) || !existsSync(LOADER)) {
    lesson.problems.warn({}, 'no WebAssembly module: tools/wasm or hub/runtime/ken.mjs is not there');
    return undefined;
  }
  if (!has('clang-19') || !(has('wasm-ld-19') || has('wasm-ld')) || !existsSync('/usr/include/wasm32-wasi')) {
    lesson.problems.warn({}, 'no WebAssembly module: clang-19, lld-19 or wasi-libc is not here', { hint: 'tools/setup hub installs them' });
    return undefined;
  }
  sources ??= hashOf(fileHash(TOOL), treeHash(path.join(ROOT, 'ken'), (n) => /\.[ch]$/.test(n) && !/_test\.c$/.test(n)), treeHash(path.join(ROOT, 'wasm'), (n) => /\.[ch]$/.test(n)));
  const [spec, file, stamp] = ['json', 'wasm', 'stamp.json'].map((ending) => path.join(folder, `${module.id}.${ending}`));
  put(spec, JSON.stringify(module));
  const hash = hashOf(module, sources, input);
  if (!existsSync(file)) rmSync(stamp, { force: true });
  const made = await once(stamp, hash, async () => {
    const run = await runTool([spec, file]);
    return { status: run.status, says: `${run.stdout}${run.stderr}` };
  });
  if (made.status !== 0) {
    if (!lesson.problems.errors.length) tell(lesson.problems, made.says, {}, 'tools/wasm'); // else gcc has said it
    return undefined;
  }
  return { file, hash, bytes: statSync(file).size };
}

// The first call may compile the whole library: the others wait for it.
let first;
async function runTool(args) {
  const call = () => exec(TOOL, args, { timeout: 600000 });
  if (!first) return (first = call());
  await first;
  return call();
}

let files;
// Which file of wasm/probes/ holds a probe.
function probeFile(name) {
  const folder = path.join(ROOT, 'wasm', 'probes');
  files ??= new Map((existsSync(folder) ? readdirSync(folder) : []).filter((n) => n.endsWith('.c'))
    .flatMap((n) => [...readFileSync(path.join(folder, n), 'utf8').matchAll(/\bKEN_PROBE\s*\(\s*(\w+)/g)].map((m) => [m[1], n.slice(0, -2)])));
  return files.get(name);
}

// What a source calls by ken.probe('name'), in itself and in what it imports from beside it.
export function probesOf(file, seen = new Set()) {
  if (seen.has(file) || !existsSync(file)) return [];
  seen.add(file);
  const text = readFileSync(file, 'utf8');
  const mine = [...text.matchAll(/\bprobe\(\s*['"](\w+)['"]/g)].map((m) => m[1]);
  const others = [...text.matchAll(/\bfrom\s+['"](\.[^'"]+)['"]/g)].flatMap((m) => probesOf(path.resolve(path.dirname(file), m[1]), seen));
  return [...new Set([...mine, ...others])];
}

const kindsOf = (lesson) => [...new Set([...lesson.widgets, ...lesson.compares].map((node) => node.attrs?.kind).filter(Boolean))];
// Probes that the lesson's kinds of widgets call, and the files that hold them: nobody has to list them.
const calledProbes = (lesson) => [...new Set(kindsOf(lesson).flatMap((kind) => probesOf(path.join(WIDGETS, kind, `${kind}.mjs`))))];
const filesOf = (probes) => probes.map(probeFile).filter(Boolean);

// What the head names and a kind offers to the reader from the catalog: optimizers, surfaces (its `lists`).
function listedThings(lesson) {
  const { things, kinds } = lesson.rooms;
  const lists = new Set(kindsOf(lesson).flatMap((kind) => kinds?.get(kind)?.lists ?? []));
  return lesson.things.filter((name) => lists.has(things?.get(name)?.kind));
}

// Things that a kind always needs (its `needs`), and those that the attributes of widgets name, given or by default:
// surface=rosenbrock, data="gen:houses:rows=200", left="ridge alpha=1".
function widgetThings(lesson) {
  const { things, kinds } = lesson.rooms;
  const texts = [...lesson.widgets, ...lesson.compares].flatMap((node) => {
    const kind = kinds?.get(node.attrs?.kind);
    const rules = kind?.attrs ?? {};
    return [...(kind?.needs ?? []), ...Object.entries(rules).map(([name, rule]) => node.attrs[name] ?? rule.default), node.attrs?.left, node.attrs?.right];
  });
  const words = texts.flatMap((text) => String(text ?? '').split(/[\s,=]+/)).map((word) => /^(?:gen:)?\w+/.exec(word)?.[0]);
  return words.filter((word) => word && things?.has(word));
}

const loaded = new Map();
export async function loadModule(module) {
  const key = `${module.file}:${module.hash}`;
  if (!loaded.has(key)) {
    const { Ken } = await import(pathToFileURL(LOADER).href);
    loaded.set(key, await Ken.load(readFileSync(module.file)));
  }
  return loaded.get(key);
}
