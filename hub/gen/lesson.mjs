// A lesson: its head, its tree, and what stands in it (cells, widgets, quizzes …), each checked against the grammar.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Problems, listed, nearest } from './problems.mjs';
import { checkFront, readFront, splitFront } from './frontmatter.mjs';
import { parseBody, ruleOf, slice, walk } from './parse.mjs';
import { CODE, misfit, readBraces } from './grammar.mjs';
import { rewriteRun } from './csource.mjs';
import { readExercise, readPredict, readQuiz } from './questions.mjs';
import { relative } from './paths.mjs';

// rooms: what all lessons share (symbols, terms, sources, things, kinds); any may be missing while it is not there.
export function readLesson(file, rooms = {}) {
  return lessonOf(readFileSync(file, 'utf8'), file, rooms);
}

export function lessonOf(text, file, rooms = {}) {
  const problems = new Problems(relative(file));
  text = text.replace(/\r\n/g, '\n');
  const { front, body } = splitFront(text, problems);
  const head = readFront(front, problems);
  const meta = checkFront(head, problems, nearest);
  const folder = path.dirname(file);
  const number = /^(\d\d)-(.+)$/.exec(path.basename(folder));
  const lesson = {
    ...meta, number: number ? Number(number[1]) : 0, file, folder, where: head.where, source: text, body, problems, rooms,
    tree: parseBody(body, problems), ids: new Map(), cells: [], reads: [], numbers: [], widgets: [], compares: [], quizzes: [], predicts: [], exercises: [],
    proofs: [], cards: [], sources: [], params: [], symbols: new Set(), terms: new Set(), cites: [], headings: [], links: [],
  };
  checkHead(lesson);
  walk(lesson.tree, (node, parents) => visit(lesson, node, parents));
  checkSequence(lesson);
  return lesson;
}

const use = (lesson, at, what, name, map, add) => {
  if (map && !map.has(name)) {
    const near = nearest(name, map.keys());
    lesson.problems.error(at, `unknown ${what} "${name}"`, { near: near && `"${near}"`, expected: add ?? listed(map.keys()) });
    return false;
  }
  return true;
};

function checkHead(lesson) {
  const { rooms, where } = lesson;
  for (const thing of lesson.things) use(lesson, where.things, 'thing', thing, rooms.things, `a name that "ken models" lists`);
  for (const id of lesson.needs) use(lesson, where.needs, 'lesson', id, rooms.planned, rooms.planned && `the id of a lesson (${listed(rooms.planned.keys(), 6)})`);
}

function visit(lesson, node, parents) {
  const forms = { heading, code, link, linkReference: () => {}, image, inlineMath: math, math, containerDirective: block, leafDirective: leaf, textDirective: inline, text: prose };
  forms[node.type]?.(lesson, node, parents);
}

function register(lesson, node, id, what) {
  if (!id) return;
  const first = lesson.ids.get(id);
  if (first) lesson.problems.error(node, `the id "${id}" is taken: line ${first.line} has ${first.what} of that id`);
  else lesson.ids.set(id, { line: node.position.start.line, what });
}

export const plain = (node) => (node.type === 'text' || node.type === 'inlineCode' || node.type === 'inlineMath' ? node.value : (node.children ?? []).map(plain).join(''));

export const slug = (text) => text.toLowerCase().normalize('NFKD').replace(/[^a-z0-9]+/g, '-').replace(/^-+|-+$/g, '') || 'part';

function heading(lesson, node, parents) {
  const text = plain(node).trim();
  let id = slug(text);
  for (let i = 2; lesson.ids.has(id); i++) id = `${slug(text)}-${i}`;
  register(lesson, node, id, 'a heading');
  node.id = id;
  lesson.headings.push({ depth: node.depth, id, text, node });
  if (node.depth === 1) lesson.problems.error(node, 'a heading "#"', { expected: '"##" and below: the title comes from the head' });
  const before = lesson.headings.at(-2)?.depth ?? 1;
  if (node.depth > before + 1) lesson.problems.error(node, `a heading of depth ${node.depth} after one of depth ${before}`, { expected: `depth ${before + 1} or less` });
  if (parents.some((p) => p.type === 'containerDirective')) lesson.problems.error(node, 'a heading inside a block', { expected: 'headings at the top level only' });
}

function attributes(lesson, node, rules, given, what) {
  const out = {};
  for (const [name, value] of Object.entries(given ?? {})) {
    const rule = rules[name];
    if (!rule) {
      const near = nearest(name, Object.keys(rules));
      lesson.problems.error(node, `${what} has no attribute "${name}"`, { near: near && `"${near}"`, expected: listed(Object.keys(rules), 24) });
      continue;
    }
    const wrong = misfit(rule, value);
    if (wrong) {
      const near = wrong.of && nearest(value, wrong.of);
      lesson.problems.error(node, `${name}="${value}" of ${what}`, { near: near && `"${near}"`, expected: wrong.expected });
    }
    if (rule.type === 'thing') use(lesson, node, 'thing', value, lesson.rooms.things);
    out[name] = value;
  }
  for (const [name, rule] of Object.entries(rules)) {
    if (rule.required && !(name in (given ?? {}))) lesson.problems.error(node, `${what} lacks "${name}"`, { expected: `${name}=…` });
  }
  return out;
}

function place(lesson, node, parents, rule, what) {
  if (rule.inside && !parents.some((p) => p.type === 'containerDirective' && rule.inside.includes(p.name))) {
    lesson.problems.error(node, `${what} stands alone`, { expected: `it inside "${rule.inside.join('" or "')}"`, hint: 'give the outer block more colons: "::::exercise" around ":::hint"' });
  }
}

function block(lesson, node, parents) {
  const rule = ruleOf(node, lesson.problems);
  if (!rule) return;
  const what = `":::${node.name}"`;
  place(lesson, node, parents, rule, what);
  node.attrs = attributes(lesson, node, rule.attrs, node.attributes, what);
  if ('id' in rule.attrs) register(lesson, node, node.attrs.id, `"${node.name}"`);
  const outer = parents.find((p) => p.type === 'containerDirective');
  if (outer && !rule.inside && !(outer.name === 'note' || node.name === 'note')) {
    lesson.problems.error(node, `${what} inside ":::${outer.name}"`, { hint: 'is the block before it closed?' });
  }
  const reader = { predict: readPredict, quiz: readQuiz, exercise: readExercise, proof: readProof, card: readCard }[node.name];
  reader?.(lesson, node);
}

function readProof(lesson, node) {
  lesson.proofs.push({ node, title: node.attrs.title, check: node.attrs.check });
}

function readCard(lesson, node) {
  const cut = node.children.findIndex((child) => child.type === 'thematicBreak');
  const setext = node.children.find((child) => child.type === 'heading');
  if (cut < 1 || cut === node.children.length - 1) {
    lesson.problems.error(node, 'a card without question and answer', { expected: 'question, a line "---" between empty lines, answer', hint: setext ? '"---" right below text makes a heading: leave an empty line above it' : undefined });
    return;
  }
  lesson.cards.push({ id: node.attrs.id, deck: node.attrs.deck, node, front: node.children.slice(0, cut), back: node.children.slice(cut + 1) });
}

function leaf(lesson, node, parents) {
  const rule = ruleOf(node, lesson.problems);
  if (!rule) return;
  const what = `"::${node.name}"`;
  place(lesson, node, parents, rule, what);
  if (rule.keys) return cite(lesson, node);
  let rules = rule.attrs;
  if (rule.open) {
    const kind = node.attributes?.kind;
    const kinds = lesson.rooms.kinds;
    if (kind && kinds && !kinds.has(kind)) use(lesson, node, 'kind of widget', kind, kinds, `a folder of hub/widgets: ${listed(kinds.keys(), 40)}`);
    const own = kinds?.get(kind);
    rules = own ? { ...lesson.rooms.common, ...own.attrs, ...(node.name === 'compare' ? optional(own.attrs) : {}), ...rule.attrs } : undefined;
  }
  node.attrs = rules ? attributes(lesson, node, rules, node.attributes, what) : { ...node.attributes };
  if ('id' in rule.attrs) register(lesson, node, node.attrs.id, `"${node.name}"`);
  ({ widget: () => lesson.widgets.push(node), compare: () => lesson.compares.push(node), source: () => lesson.sources.push(node),
    params: () => { lesson.params.push(node); use(lesson, node, 'thing', node.attrs.thing, lesson.rooms.things); } })[node.name]?.();
}

// left= and right= may give what the kind asks for.
const optional = (attrs) => Object.fromEntries(Object.entries(attrs).map(([name, rule]) => [name, { ...rule, required: false }]));

function cite(lesson, node) {
  const keys = Object.keys(node.attributes ?? {}).flatMap((key) => (key === 'keys' ? node.attributes.keys.split(/[\s,]+/) : [key])).filter(Boolean);
  if (!keys.length) lesson.problems.error(node, 'a citation without keys', { expected: '{hoerl1970 tibshirani1996}, keys of bibliography.json' });
  node.keys = keys.filter((key) => use(lesson, node, 'source', key, lesson.rooms.bibliography, 'a key of hub/rooms/bibliography.json'));
  for (const key of node.keys) if (!lesson.cites.includes(key)) lesson.cites.push(key);
}

function inline(lesson, node, parents) {
  const rule = ruleOf(node, lesson.problems);
  if (!rule) return;
  const what = `":${node.name}"`;
  place(lesson, node, parents, rule, what);
  if (rule.keys) return cite(lesson, node);
  node.attrs = attributes(lesson, node, rule.attrs, node.attributes, what);
  if (rule.label && !node.children.length) lesson.problems.error(node, `${what} without text`, { expected: `:${node.name}[text]` });
  if (node.name === 'n') lesson.numbers.push(node);
  if (node.name === 'sym' && node.attrs.def && use(lesson, node, 'symbol', node.attrs.def, lesson.rooms.symbols, 'an id of hub/rooms/symbols.json')) lesson.symbols.add(node.attrs.def);
  if (node.name === 'term' && node.attrs.def && use(lesson, node, 'term', node.attrs.def, lesson.rooms.terms, 'an id of hub/rooms/glossary.json')) lesson.terms.add(node.attrs.def);
}

function math(lesson, node) {
  for (const match of node.value.matchAll(/\\sym\s*\{([^}]*)\}/g)) {
    if (use(lesson, node, 'symbol', match[1], lesson.rooms.symbols, 'an id of hub/rooms/symbols.json')) lesson.symbols.add(match[1]);
  }
}

function link(lesson, node) { lesson.links.push(node); }

function image(lesson, node) {
  if (!node.alt?.trim()) lesson.problems.error(node, 'a picture without a description', { expected: '![what is seen](file.svg)' });
  if (/^[a-z]+:/i.test(node.url)) lesson.problems.error(node, `a picture from elsewhere: ${node.url}`, { expected: 'a file in the folder of the lesson' });
}

function prose(lesson, node, parents) {
  if (parents.some((p) => ['link', 'heading', 'tableCell', 'inlineCode'].includes(p.type) || ['n', 'lit', 'cite', 'blank'].includes(p.name) || ['quiz', 'predict', 'exercise', 'card'].includes(p.name))) return;
  const at = (index) => {
    const before = node.value.slice(0, index).split('\n');
    return { line: node.position.start.line + before.length - 1, column: before.length > 1 ? before.at(-1).length + 1 : node.position.start.column + index };
  };
  for (const match of node.value.matchAll(/(?<![\w.])[-−]?\d+\.\d+(?![\w.]*\w)/g)) {
    lesson.problems.warn(at(match.index), `the number ${match[0]} is not checked`, { kind: 'bare number', expected: ':n[…]{cell= key= fmt=}, :lit[…], a formula or a citation' });
  }
  for (const match of node.value.matchAll(/\b(TODO|FIXME|XXX|TBD)\b/g)) lesson.problems.error(at(match.index), `"${match[0]}" is left in the text`);
}

function code(lesson, node, parents) {
  const start = node.position.start;
  const language = node.lang ?? '';
  const attrs = readBraces(language.startsWith('{') ? `${language} ${node.meta ?? ''}` : node.meta, start, lesson.problems);
  node.attrs = attributes(lesson, node, CODE, attrs, 'a code block');
  node.line = start.line + 1;
  const exercise = parents.find((p) => p.name === 'exercise');
  if (language !== 'c') {
    if ('cell' in attrs) lesson.problems.error(node, `a cell in ${language || 'no language'}`, { expected: '```c {cell=id}' });
    return;
  }
  const roles = ['starter', 'solution', 'tests', 'mutant', 'blanks'].filter((role) => role in attrs);
  if (roles.length) {
    if (!exercise) lesson.problems.error(node, `a block {${roles[0]}} outside an exercise`);
    if ('mutant' in attrs && !attrs.hint) lesson.problems.error(node, 'a mutant without a hint', { expected: '{mutant hint="what the reader should think about"}' });
  } else if ('cell' in attrs) {
    readCell(lesson, node, parents);
  } else if (!('text' in attrs)) {
    if (!('norun' in attrs) && !exercise && !parents.some((p) => p.name === 'quiz')) {
      lesson.problems.error(node, 'a C block that says nothing of itself', { expected: '{cell=id} (runs), {norun} (compiles only) or {text} (only read)' });
    }
    if ('norun' in attrs) lesson.reads.push({ node, line: node.line, text: node.value, after: lesson.cells.length });
  }
}

function readCell(lesson, node, parents) {
  const id = node.attrs.cell;
  if (parents.some((p) => p.type === 'containerDirective' && p.name !== 'note')) lesson.problems.error(node, 'a cell inside a block', { expected: 'cells at the top level' });
  register(lesson, node, id && `cell-${id}`, 'a cell');
  const name = `ken_cell_${String(id).replace(/-/g, '_')}`;
  const made = rewriteRun(node.value, name);
  if (made.error) lesson.problems.error({ line: node.line + made.error.line - 1, column: 1 }, made.error.text);
  lesson.cells.push({ id, name, node, line: node.line, text: node.value, code: made.code ?? node.value, runs: made.has ?? false });
}

function checkSequence(lesson) {
  const cells = new Set(lesson.cells.map((c) => c.id));
  const known = new Map([...cells].map((c) => [c, c]));
  for (const node of lesson.numbers) if (node.attrs.cell) use(lesson, node, 'cell', node.attrs.cell, known);
  for (const q of lesson.quizzes) if (q.attrs.cell) use(lesson, q.node, 'cell', q.attrs.cell, known);
  for (const e of lesson.exercises) if (e.attrs.widget) use(lesson, e.node, 'widget', e.attrs.widget, new Map(lesson.widgets.map((w) => [w.attrs.id, w])));
  for (const cell of lesson.cells) {
    for (const need of (cell.node.attrs.needs ?? '').split(/[\s,]+/).filter(Boolean)) use(lesson, cell.node, 'cell', need, known);
  }
  for (const node of lesson.links) checkLink(lesson, node);
}

function checkLink(lesson, node) {
  const { url } = node;
  if (url.startsWith('#')) {
    const known = new Map([...lesson.ids.keys()].map((id) => [id, id]));
    use(lesson, node, 'place on this page', url.slice(1), known);
  } else if (!/^[a-z]+:/i.test(url)) {
    const match = /^\.\.\/([a-z0-9-]+)\/(?:#([\w-]+))?$/.exec(url);
    if (!match) {
      if (!/^\.\.\/(reference|cards)\//.test(url)) lesson.problems.error(node, `the link "${url}"`, { expected: '#place, ../lesson-id/, ../lesson-id/#place, ../reference/… or https://…' });
    } else if (match[1] !== 'cards' && match[1] !== 'reference') {
      const { lessons, planned } = lesson.rooms;
      if (planned?.has(match[1]) && !lessons.has(match[1])) node.planned = true; // text until the lesson is there
      else use(lesson, node, 'lesson', match[1], lessons);
    }
  } else if (!/^https?:/i.test(url)) lesson.problems.error(node, `the link "${url}"`, { expected: 'https://…' });
}

export { slice };
