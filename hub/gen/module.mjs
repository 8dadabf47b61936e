// The lesson's WebAssembly module: its things, cells and probes, built by tools/wasm.
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { cellsC } from './cells.mjs';
import { fileHash, hashOf, once, put, treeHash } from './cache.mjs';
import { exec, has, tell } from './native.mjs';
import { HUB, ROOT } from './paths.mjs';

const TOOL = path.join(ROOT, 'tools', 'wasm');
const LOADER = path.join(HUB, 'runtime', 'ken.mjs');
let sources;

// {file, bytes size, hash}, or undefined when there is nothing to build it with.
export async function buildModule(lesson, folder) {
  const runs = lesson.cells.some((c) => c.runs);
  if (!runs && !lesson.widgets.length && !lesson.compares.length) return undefined;
  if (!existsSync(TOOL) || !existsSync(LOADER)) {
    lesson.problems.warn({}, 'no WebAssembly module: tools/wasm or hub/runtime/ken.mjs is not there');
    return undefined;
  }
  if (!has('clang-19') || !(has('wasm-ld-19') || has('wasm-ld'))) {
    lesson.problems.warn({}, 'no WebAssembly module: clang-19 and lld-19 are not here', { hint: 'tools/setup hub installs them' });
    return undefined;
  }
  const things = [...new Set(lesson.things.map((name) => lesson.rooms.things?.get(name)?.name ?? name))];
  const own = path.join(lesson.folder, 'probes.c');
  const probes = [...(existsSync(own) ? [own] : []), ...lesson.probes];
  const module = { id: lesson.id, things, probes, cells: lesson.cells.length ? 'cells.c' : null };
  put(path.join(folder, 'module.json'), JSON.stringify(module));
  if (lesson.cells.length) put(path.join(folder, 'cells.c'), cellsC(lesson));
  sources ??= hashOf(fileHash(TOOL), treeHash(path.join(ROOT, 'ken'), (n) => /\.[ch]$/.test(n) && !/_test\.c$/.test(n)), treeHash(path.join(ROOT, 'wasm'), (n) => /\.[ch]$/.test(n)));
  const file = path.join(folder, `${lesson.id}.wasm`);
  const hash = hashOf(module, sources, lesson.cells.length ? cellsC(lesson) : '', fileHash(own));
  const made = await once(path.join(folder, 'module.stamp.json'), existsSync(file) ? hash : `${hash}-missing`, async () => {
    const run = await exec(TOOL, [path.join(folder, 'module.json'), file], { timeout: 600000 });
    return { status: run.status, says: `${run.stdout}${run.stderr}` };
  });
  if (made.status !== 0) {
    tell(lesson.problems, made.says, {}, 'tools/wasm');
    return undefined;
  }
  return { file, hash, bytes: statSync(file).size };
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
