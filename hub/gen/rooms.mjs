// What the lessons share: symbols, terms, sources, things of the library, kinds of widgets, the list of lessons.
// A lesson's folder may hold symbols.json, glossary.json and bibliography.json of its own: they are joined to the
// rooms' files, so that one lesson's words come with the lesson.
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { LESSONS, RELEASE, ROOMS, ROOT, HUB, WIDGETS, relative } from './paths.mjs';

export const lessonFolders = (root = LESSONS) => (existsSync(root)
  ? readdirSync(root).filter((name) => existsSync(path.join(root, name, 'lesson.md'))).sort().map((name) => path.join(root, name)) : []);

function readJSON(file, problems) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    const at = /line (\d+) column (\d+)/.exec(error.message);
    problems.add('error', { line: Number(at?.[1] ?? 1), column: Number(at?.[2] ?? 1) }, `no JSON: ${error.message}`, { file: relative(file) });
    return undefined;
  }
}

// {"terms": [{id, …}]} of every file called `name` → Map id → entry.
function gather(name, member, key, wanted, folders, problems) {
  const map = new Map(), from = new Map();
  for (const file of [path.join(ROOMS, name), ...folders.map((f) => path.join(f, name))]) {
    if (!existsSync(file)) continue;
    const list = readJSON(file, problems)?.[member];
    if (!Array.isArray(list)) {
      problems.add('error', {}, `no list "${member}"`, { file: relative(file), expected: `{"${member}": [{"${key}": …}]}` });
      continue;
    }
    for (const entry of list) {
      for (const field of [key, ...wanted]) if (!entry[field]) problems.add('error', {}, `${entry[key] ?? 'an entry'} lacks "${field}"`, { file: relative(file), expected: [key, ...wanted].join(', ') });
      const before = map.get(entry[key]);
      if (before && JSON.stringify(before) !== JSON.stringify(entry)) problems.add('error', {}, `"${entry[key]}" is defined differently in ${from.get(entry[key])}`, { file: relative(file) });
      if (before) continue;
      map.set(entry[key], entry);
      from.set(entry[key], relative(file));
    }
  }
  return map;
}

let catalog;
// Descriptors as `ken models --json` gives them, asked once.
export function readThings() {
  const program = path.join(RELEASE, 'ken');
  if (!existsSync(program)) return undefined;
  if (catalog?.stamp === statSync(program).mtimeMs) return catalog.things;
  const run = spawnSync(program, ['models', '--json'], { encoding: 'utf8', maxBuffer: 1 << 26 });
  if (run.status !== 0) throw new Error(`ken models --json failed: ${run.stderr}`);
  const { things, version } = JSON.parse(run.stdout);
  const map = new Map(things.map((t) => [t.name, t]));
  for (const t of things) if (t.name.startsWith('gen:') && !map.has(t.name.slice(4))) map.set(t.name.slice(4), t);
  catalog = { stamp: statSync(program).mtimeMs, things: map };
  map.version = version;
  return map;
}

async function readKinds(problems) {
  const kinds = new Map();
  if (!existsSync(WIDGETS)) return kinds;
  for (const name of readdirSync(WIDGETS).sort()) {
    const file = path.join(WIDGETS, name, `${name}.mjs`);
    if (!existsSync(file)) continue;
    try {
      kinds.set(name, (await import(pathToFileURL(file).href)).default);
    } catch (error) {
      problems.add('error', {}, `cannot be loaded: ${error.message}`, { file: relative(file) });
    }
  }
  return kinds;
}

const COMMON = { title: 'text', seed: 'integer', controls: 'list', play: 'bool', class: 'text' };

async function commonAttributes() {
  const file = path.join(HUB, 'runtime', 'kind.mjs');
  const common = existsSync(file) ? (await import(pathToFileURL(file).href)).COMMON ?? COMMON : COMMON;
  return Object.fromEntries(Object.entries(common).filter(([name]) => !['id', 'kind', 'alt'].includes(name)).map(([name, type]) => [name, { type }]));
}

export async function readRooms(problems, folders = lessonFolders()) {
  const version = /project\(\s*ken[^)]*VERSION\s+([\d.]+)/s.exec(readFileSync(path.join(ROOT, 'CMakeLists.txt'), 'utf8'))?.[1];
  const things = readThings();
  const paths = existsSync(path.join(ROOMS, 'paths.json')) ? readJSON(path.join(ROOMS, 'paths.json'), problems)?.paths ?? [] : [];
  const lessons = new Map(folders.map((folder) => [headId(folder), folder]));
  return {
    symbols: gather('symbols.json', 'symbols', 'id', ['tex', 'name', 'definition'], folders, problems),
    terms: gather('glossary.json', 'terms', 'id', ['term', 'definition'], folders, problems),
    bibliography: gather('bibliography.json', 'sources', 'key', ['authors', 'year', 'title'], folders, problems),
    paths, lessons, planned: new Map([...paths.flatMap((p) => p.lessons), ...lessons.keys()].map((id) => [id, id])), // planned: there, or named by a path
    interview: existsSync(path.join(ROOMS, 'interview.json')) ? readJSON(path.join(ROOMS, 'interview.json'), problems)?.cards ?? [] : [],
    things, kinds: await readKinds(problems), common: await commonAttributes(),
    version: things?.version ?? version ?? '0',
  };
}

const headId = (folder) => /^id:\s*([\w-]+)/m.exec(readFileSync(path.join(folder, 'lesson.md'), 'utf8'))?.[1] ?? path.basename(folder).replace(/^\d+-/, '');
