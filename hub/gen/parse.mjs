// Text of a lesson → mdast, with what CommonMark and the directives let pass in silence turned into problems.
import { unified } from 'unified';
import remarkParse from 'remark-parse';
import remarkGfm from 'remark-gfm';
import remarkMath from 'remark-math';
import remarkDirective from 'remark-directive';
import { BLOCKS, INLINES, LEAVES } from './grammar.mjs';
import { nearest, listed } from './problems.mjs';

const processor = unified().use(remarkParse).use(remarkGfm, { singleTilde: false }).use(remarkMath).use(remarkDirective);

// `body`: the file with its head blanked, so that lines stay those of the file.
export function parseBody(body, problems) {
  // "::cite{a, b}": commas are no part of attribute names; blanks keep every column.
  const source = body.replace(/(::?cite\{)([^}\n]*)\}/g, (all, open, keys) => `${open}${keys.replace(/,/g, ' ')}}`);
  const tree = processor.parse(source);
  const lines = body.split('\n');
  tidy(tree, body);
  display(tree, body);
  walk(tree, (node) => {
    if (node.type === 'containerDirective') checkClosed(node, lines, problems);
    if (node.type === 'paragraph') checkStray(node, body, problems);
    if (node.type === 'html' && !/^<!--[\s\S]*-->$/.test(node.value.trim())) {
      problems.error(node, `HTML in a lesson: ${node.value.trim().slice(0, 40)}`, { expected: 'Markdown and the directives of docs/HUB.md' });
    }
  });
  return tree;
}

export function walk(node, visit, parents = []) {
  visit(node, parents);
  for (const child of node.children ?? []) walk(child, visit, [...parents, node]);
}

// ":word" without brackets or braces is text ("ratio a:b"), not a directive.
function tidy(node, source) {
  if (!node.children) return;
  node.children = node.children.map((child) => {
    const bare = child.type === 'textDirective' && !child.children.length && !Object.keys(child.attributes ?? {}).length
      && !/[\]}]$/.test(slice(source, child));
    if (bare) return { type: 'text', value: slice(source, child), position: child.position };
    tidy(child, source);
    return child;
  });
}

// "$$…$$" on one line is inline to remark-math; to everybody who writes it, it is a formula on a line of its own. What
// stands around it in its paragraph goes before and after.
function display(node, source) {
  const own = (child) => child.type === 'inlineMath' && slice(source, child).startsWith('$$');
  node.children = node.children?.flatMap((child) => {
    display(child, source);
    return child.type === 'paragraph' && child.children.some(own) ? apart(child, own) : [child];
  });
}

function apart(paragraph, own) {
  const parts = [];
  let rest = [];
  const flush = () => {
    const says = rest.some((child) => child.type !== 'text' || child.value.trim());
    if (says) parts.push({ type: 'paragraph', children: rest, position: { start: rest[0].position.start, end: rest.at(-1).position.end } });
    rest = [];
  };
  for (const child of paragraph.children) {
    if (!own(child)) {
      rest.push(child);
      continue;
    }
    flush();
    parts.push({ type: 'math', value: child.value, position: child.position });
  }
  flush();
  return parts;
}

export const slice = (source, node) => source.slice(node.position.start.offset, node.position.end.offset);

function checkClosed(node, lines, problems) {
  const first = lines[node.position.start.line - 1].slice(node.position.start.column - 1);
  const colons = /^:+/.exec(first)?.[0].length ?? 3;
  const last = lines[node.position.end.line - 1].trim();
  const shared = node.children.some((child) => child.type === 'containerDirective' && child.position.end.line === node.position.end.line);
  if (!shared && node.position.end.line > node.position.start.line && /^:{3,}$/.test(last) && last.length >= colons) return;
  problems.error(node, `the block "${node.name}" is never closed`, {
    expected: `a line "${':'.repeat(colons)}" at its end`,
    hint: 'a block that holds other blocks needs more colons than they have: "::::exercise" around ":::hint"',
  });
}

function checkStray(node, source, problems) {
  const text = slice(source, node);
  const start = node.position.start;
  text.split('\n').forEach((line, i) => {
    const at = { line: start.line + i, column: i ? 1 : start.column };
    if (/^\s*:{3,}\s*$/.test(line)) {
      problems.error(at, `"${line.trim()}" closes no block`, { hint: 'a block that holds other blocks needs more colons than they have: "::::exercise" around ":::hint"' });
      return;
    }
    const directive = /^\s*(:{2,})\s*([A-Za-z][\w-]*)/.exec(line);
    if (!directive) return;
    const [, colons, name] = directive;
    const names = Object.keys(colons.length === 2 ? LEAVES : BLOCKS);
    problems.error(at, `"${line.trim().slice(0, 60)}" is not read as a directive`, {
      near: names.includes(name) ? undefined : nearest(name, names),
      hint: 'its braces are not well formed (quote values with blanks: alt="…"), or text stands before or after it on the same line or the line above',
    });
  });
}

// The rules and attributes of a directive; unknown names and attributes are problems.
export function ruleOf(node, problems) {
  const table = { containerDirective: BLOCKS, leafDirective: LEAVES, textDirective: INLINES }[node.type];
  const rule = table[node.name];
  if (rule) return rule;
  const marks = { containerDirective: ':::', leafDirective: '::', textDirective: ':' };
  const elsewhere = [['containerDirective', BLOCKS], ['leafDirective', LEAVES], ['textDirective', INLINES]].find(([type, t]) => type !== node.type && node.name in t);
  const near = nearest(node.name, Object.keys(table));
  problems.error(node, `unknown directive "${marks[node.type]}${node.name}"`, {
    near: elsewhere ? `"${marks[elsewhere[0]]}${node.name}"` : near && `"${marks[node.type]}${near}"`,
    expected: listed(Object.keys(table), 20),
    hint: node.type === 'textDirective' ? 'a colon that is only a colon is written "\\:"' : undefined,
  });
  return undefined;
}
