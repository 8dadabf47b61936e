// Every thing of the library, from its descriptor and its folder's page: one page a room of the library.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { unified } from 'unified';
import remarkParse from 'remark-parse';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';
import { escape } from '../gen/code.mjs';
import { Page } from '../gen/html.mjs';
import { paramsTable } from '../gen/library.mjs';
import { ROOT } from '../gen/paths.mjs';
import { Problems } from '../gen/problems.mjs';

const ROOMS = {
  data: 'Tables and splits', optim: 'Optimizers and test surfaces', metrics: 'Metrics', preprocess: 'Preparation', baseline: 'Baselines', linear: 'Linear models',
  neighbors: 'Neighbors', tree: 'Trees and forests', boosting: 'Boosting', ensemble: 'Models made of models', anomaly: 'Outliers', select: 'Selection', explain: 'Explanation', stats: 'Statistics', io: 'Files',
};
const KINDS = { estimator: 'model', transformer: 'transformer', metric: 'metric', splitter: 'splitter', dataset: 'table', optimizer: 'optimizer', objective: 'test surface', reader: 'reader' };
const parser = unified().use(remarkParse).use(remarkGfm).use(remarkMath);

const anchor = (name) => `thing-${name.replace(/[^\w]/g, '-')}`;

// Between folders, pages link to files: here they lead to the things, or are plain words where no thing has the name.
function relink(node, room, rooms) {
  const [, other, name] = /^\.\.\/(?:\.\.\/(\w+)\/)?(\w+)\/\2\.md$/.exec(node.type === 'link' ? node.url : '') ?? [];
  if (name) {
    const thing = rooms.things?.get(name), there = thing?.room === (other ?? room);
    Object.assign(node, there ? { url: `${other ? `../models-${other}/` : ''}#${anchor(thing.name)}` } : { type: 'emphasis' });
  }
  for (const child of node.children ?? []) relink(child, room, rooms);
}

// The page of a thing's folder, without its title; headings go below the thing's own.
function text(room, thing, doc, rooms) {
  const file = path.join(ROOT, 'ken', room, thing, `${thing}.md`);
  if (!existsSync(file)) return '';
  const tree = parser.parse(readFileSync(file, 'utf8'));
  tree.children = tree.children.filter((node) => node.type !== 'heading' || node.depth > 1).map((node) => (node.type === 'heading' ? { type: 'paragraph', children: [{ type: 'strong', children: node.children }] } : node));
  const says = (node) => node.value ?? (node.children ?? []).map(says).join(''), bare = (words) => words.replace(/\s+/g, ' ').trim();
  if (tree.children[0]?.type === 'paragraph' && bare(says(tree.children[0])) === bare(doc ?? '')) tree.children.shift(); // it stands above already
  relink(tree, room, rooms);
  const problems = new Problems(path.relative(ROOT, file));
  const html = new Page({ tree, rooms, problems, headings: [], cites: [], symbols: new Set(), terms: new Set() }).all(tree.children);
  if (problems.errors?.length) throw new Error(`${path.relative(ROOT, file)}: ${problems.errors[0].message}`);
  return html;
}

const attributes = (thing) => (!thing.attributes?.length ? '' : `<div class="table" role="region" tabindex="0" aria-label="What ${escape(thing.name)} ${thing.kind === 'optimizer' ? 'remembers' : 'learns'}"><table><thead><tr><th scope="col">${thing.kind === 'optimizer' ? 'remembers' : 'learns'}</th><th scope="col">type</th><th scope="col">shape</th><th scope="col">meaning</th></tr></thead><tbody>${
  thing.attributes.map((a) => `<tr><td><code>${escape(a.name)}</code></td><td>${escape(a.type ?? a.dtype ?? '')}</td><td>${escape(a.shape || 'scalar')}</td><td>${escape(a.doc)}</td></tr>`).join('')}</tbody></table></div>`);

// Its names in Python, by the rule of python/gen.py; none for what is not in the package.
const PYTHON_TASKS = { regress: 'Regressor', classify: 'Classifier', detect: 'Detector' };
function inPython({ kind, name, room, tasks = [] }) {
  const camel = name.split('_').map((part) => part[0].toUpperCase() + part.slice(1)).join('');
  if (['metric', 'dataset'].includes(kind)) return [`ken.${room}.${name.split(':').at(-1)}`];
  if (['transformer', 'splitter'].includes(kind)) return [`ken.${room}.${camel}`];
  return kind === 'estimator' ? tasks.map((task) => `ken.${room}.${camel}${tasks.length > 1 ? PYTHON_TASKS[task] : ''}`) : [];
}

function one(thing, folder, rooms, lessons) {
  const taught = lessons.filter((lesson) => lesson.things?.includes(thing.name));
  const facts = [[KINDS[thing.kind] ?? thing.kind, thing.tasks?.length ? ` (${thing.tasks.join(', ')})` : ''].join(''), thing.paper && `Source: ${escape(thing.paper)}`, thing.peer && `Peer: <code>${escape(thing.peer)}</code>`,
    inPython(thing).length && `In Python: ${inPython(thing).map((n) => `<code>${escape(n)}</code>`).join(', ')}`,
    taught.length && `Lessons: ${taught.map((l) => `<a href="../../${l.id}/">${escape(l.title)}</a>`).join(', ')}`].filter(Boolean);
  const parameters = (thing.parameters ?? []).length ? paramsTable({ rooms, problems: { error() {} } }, { attrs: { thing: thing.name } }) : '';
  return `<h2 id="${escape(anchor(thing.name))}"><code>${escape(thing.name)}</code> ${escape(thing.title)}</h2><p>${escape(thing.doc ?? '')}</p><p class="about">${facts.join(' · ')}</p>${parameters}${attributes(thing)}${folder}`;
}

function page(id, things, rooms) {
  return {
    id: `models-${id}`, title: ROOMS[id] ?? id, summary: `${things.length} ${things.length === 1 ? 'thing' : 'things'} of the room ${id}: parameters, what is learned, sources.`,
    make: ({ built, site }) => {
      const lessons = site.lessons.map((l) => ({ ...l, things: built.find((b) => b.lesson.id === l.id)?.lesson.things }));
      const shown = new Set();
      const html = things.map((thing) => {
        const folder = folderOf(id, thing.name);
        const body = folder && !shown.has(folder) ? text(id, folder, thing.doc, rooms) : '';
        if (folder) shown.add(folder);
        return one(thing, body, rooms, lessons);
      }).join('\n');
      return { html, toc: things.map((t) => ({ id: anchor(t.name), text: t.name, depth: 2 })) };
    },
  };
}

// A family of small things shares a folder; a folder of its own carries the thing's name.
const folderOf = (room, name) => (existsSync(path.join(ROOT, 'ken', room, name, `${name}.md`)) ? name : undefined);

// Called with the rooms, gives one page a room of the library.
export default {
  pages({ rooms }) {
    const byRoom = new Map();
    for (const thing of new Set(rooms.things?.values() ?? [])) byRoom.set(thing.room, [...(byRoom.get(thing.room) ?? []), thing]);
    return [...byRoom].map(([id, things]) => page(id, things, rooms));
  },
};
