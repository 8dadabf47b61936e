// Reading C by its brackets: what is code, what is text or comment, where a block ends, what a file defines.

// The same length as `text`, with comments, strings and characters blanked (newlines stay).
export function maskC(text) {
  let out = '';
  let i = 0;
  const blank = (to) => {
    out += text.slice(i, to).replace(/[^\n]/g, ' ');
    i = to;
  };
  while (i < text.length) {
    const two = text.slice(i, i + 2);
    if (two === '//') {
      let end = i;
      do { end = text.indexOf('\n', end + 1); } while (end > 0 && text[end - 1] === '\\');
      blank(end < 0 ? text.length : end);
    } else if (two === '/*') {
      const end = text.indexOf('*/', i + 2);
      blank(end < 0 ? text.length : end + 2);
    } else if (text[i] === '"' || text[i] === "'") {
      let end = i + 1;
      while (end < text.length && text[end] !== text[i] && text[end] !== '\n') end += text[end] === '\\' ? 2 : 1;
      blank(Math.min(end + 1, text.length));
    } else {
      out += text[i++];
    }
  }
  return out;
}

// Index of the bracket that closes the one at `open`, or -1. masked: from maskC.
export function closing(masked, open) {
  const pairs = { '{': '}', '(': ')', '[': ']' };
  const shut = pairs[masked[open]];
  let depth = 0;
  for (let i = open; i < masked.length; i++) {
    if (masked[i] === masked[open]) depth++;
    else if (masked[i] === shut && --depth === 0) return i;
  }
  return -1;
}

export const lineAt = (text, index) => text.slice(0, index).split('\n').length;

// RUN { body } of a cell → a function. {code, has, error: {line, text}}; line counts from 1 within the cell.
export function rewriteRun(text, name) {
  const masked = maskC(text);
  const found = [];
  let depth = 0;
  for (let i = 0; i < masked.length; i++) {
    if (depth === 0 && /^RUN\b/.test(masked.slice(i, i + 4)) && !/\w/.test(masked[i - 1] ?? ' ')) found.push(i);
    if (masked[i] === '{') depth++;
    if (masked[i] === '}' && --depth < 0) return { error: { line: lineAt(text, i), text: 'a "}" closes nothing' } };
  }
  if (!found.length) {
    return depth ? { error: { line: 1, text: 'a "{" is never closed' } } : { code: text, has: false };
  }
  if (found.length > 1) return { error: { line: lineAt(text, found[1]), text: 'a second RUN block; expected at most one in a cell' } };
  const start = found[0];
  const open = start + 3 + /^\s*/.exec(masked.slice(start + 3))[0].length;
  if (masked[open] !== '{') return { error: { line: lineAt(text, start), text: 'RUN without a block; expected "RUN { … }"' } };
  const end = closing(masked, open);
  if (end < 0) return { error: { line: lineAt(text, open), text: 'the "{" of RUN is never closed' } };
  const gap = text.slice(start + 3, open);
  const code = `${text.slice(0, start)}static ken_status ${name}(ken_ctx *ctx, ken_show *show)${gap}{ (void)ctx; (void)show; `
    + `${text.slice(open + 1, end)} return KEN_OK; }${text.slice(end + 1)}`;
  return { code, has: true };
}

// Statements of a block, split at the top level: [{text, line}].
export function statements(text) {
  const masked = maskC(text);
  const out = [];
  let from = 0, depth = 0;
  const push = (to) => {
    const raw = text.slice(from, to);
    const lead = /^\s*/.exec(masked.slice(from, to))[0].length;
    if (masked.slice(from, to).trim()) out.push({ text: raw.trim(), line: lineAt(text, from + lead) });
    from = to;
  };
  for (let i = 0; i < masked.length; i++) {
    if ('({['.includes(masked[i])) depth++;
    else if (')}]'.includes(masked[i])) {
      depth--;
      const rest = masked.slice(i + 1);
      if (masked[i] === '}' && depth === 0 && !/^\s*([;,=)]|else\b|while\b)/.test(rest)) push(i + 1);
    } else if (masked[i] === ';' && depth === 0) push(i + 1);
  }
  push(text.length);
  return out;
}

const escapeName = (name) => name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

// A function, struct, enum, union, typedef, macro or descriptor table called `symbol`, with the comment above it.
// {start, end, lines} (1-based, inclusive), or undefined. "table.row" takes one row of a table of rows.
export function findSymbol(text, symbol) {
  const masked = maskC(text);
  const [name, row] = symbol.split('.');
  const span = findMacro(text, masked, name) ?? findBlock(text, masked, name) ?? findTypedef(text, masked, name);
  if (!span) return undefined;
  if (row) return findRow(text, masked, span, row);
  return withComment(text, span);
}

function findMacro(text, masked, name) {
  const match = new RegExp(`^#\\s*define\\s+${escapeName(name)}\\b`, 'm').exec(masked);
  if (!match) return undefined;
  let end = match.index;
  do { end = text.indexOf('\n', end + 1); } while (end > 0 && text[end - 1] === '\\');
  return { from: match.index, to: end < 0 ? text.length : end };
}

// `name(...) {`, `struct name {`, `name[] = {`, `name = {`: at depth 0.
function findBlock(text, masked, name) {
  const word = new RegExp(`\\b${escapeName(name)}\\b`, 'g');
  let match, declared;
  while ((match = word.exec(masked))) {
    if (depthAt(masked, match.index) !== 0) continue;
    let i = match.index + name.length;
    const skip = () => { while (/\s/.test(masked[i] ?? '')) i++; };
    skip();
    const called = masked[i] === '(';
    if (called) { i = closing(masked, i) + 1; skip(); if (i <= 0) continue; }
    while (/^(KEN_\w+)/.test(masked.slice(i))) { i += /^(KEN_\w+)/.exec(masked.slice(i))[0].length; skip(); if (masked[i] === '(') { i = closing(masked, i) + 1; skip(); } }
    while (masked[i] === '[') { i = closing(masked, i) + 1; skip(); }
    if (masked[i] === '=') { i++; skip(); }
    if (masked[i] === '{') {
      const shut = closing(masked, i);
      if (shut < 0) continue;
      const semi = /^[^;{}\n]*;/.exec(masked.slice(shut + 1));
      return { from: beginning(masked, match.index), to: shut + 1 + (semi && !(called && !/=/.test(masked.slice(match.index, i))) ? semi[0].length : 0) };
    }
    if (called && masked[i] === ';') declared ??= { from: beginning(masked, match.index), to: i + 1 };
  }
  return declared;
}

function findTypedef(text, masked, name) {
  const match = new RegExp(`\\}\\s*${escapeName(name)}\\s*;|^typedef\\b[^;{}]*\\b${escapeName(name)}\\b[^;{}]*;`, 'm').exec(masked);
  if (!match) return undefined;
  if (masked[match.index] !== '}') return { from: match.index, to: match.index + match[0].length };
  let depth = 0, i = match.index;
  for (; i >= 0; i--) {
    if (masked[i] === '}') depth++;
    if (masked[i] === '{' && --depth === 0) break;
  }
  return { from: beginning(masked, i), to: match.index + match[0].length };
}

function depthAt(masked, index) {
  let depth = 0;
  const code = masked.slice(0, index).replace(/^#(?:[^\n\\]|\\\n|\\.)*/gm, (m) => m.replace(/[^\n]/g, ' ')).replace(/extern\s+\{/g, ' ');
  for (const c of code) depth += c === '{' ? 1 : c === '}' ? -1 : 0;
  return depth;
}

// Start of the declaration: after the last ";", "}" or preprocessor line before `index`.
function beginning(masked, index) {
  let from = Math.max(masked.lastIndexOf(';', index), masked.lastIndexOf('}', index)) + 1;
  let at = from, continued = false;
  for (const line of masked.slice(from, index).split('\n')) {
    const skip = continued || /^\s*(#|KEN_(BEGIN|END)_C\b)/.test(line);
    continued = skip && line.endsWith('\\');
    if (skip) from = Math.min(at + line.length + 1, index);
    at += line.length + 1;
  }
  return from + /^\s*/.exec(masked.slice(from))[0].length;
}

function findRow(text, masked, span, row) {
  const match = new RegExp(`(KEN_ROW_\\w+\\s*\\(\\s*\\w+\\s*,\\s*${escapeName(row)}\\b|\\{\\s*"${escapeName(row)}")`).exec(text.slice(span.from, span.to));
  if (!match) return undefined;
  const from = span.from + match.index;
  const open = from + match[0].search(/[({]/);
  const shut = closing(masked, open);
  return shut < 0 ? undefined : withLines(text, { from, to: shut + 2 });
}

function withLines(text, span) {
  const start = lineAt(text, span.from);
  const end = lineAt(text, span.to - 1);
  return { start, end, lines: text.split('\n').slice(start - 1, end) };
}

function withComment(text, span) {
  const { start, end } = withLines(text, span);
  const lines = text.split('\n');
  let first = start - 1;
  if (first > 0 && /\*\/\s*$/.test(lines[first - 1])) {
    let top = first - 1;
    while (top > 0 && !/^\s*\/\*/.test(lines[top])) top--;
    if (/^\s*\/\*/.test(lines[top]) && !/\/\* ---/.test(lines[top])) first = top;
  } else while (first > 0 && /^\/\//.test(lines[first - 1])) first--;
  return { start: first + 1, end, lines: lines.slice(first, end) };
}

// Names that a file defines at its top level: for "did you mean".
export function definedNames(text) {
  const names = new Set();
  for (const m of maskC(text).matchAll(/\b([A-Za-z_]\w*)\s*(?:\([^;{}]*\)\s*\{|(?:\[\w*\])?\s*=\s*\{|;|\{)/g)) names.add(m[1]);
  for (const m of text.matchAll(/^#\s*define\s+(\w+)/gm)) names.add(m[1]);
  return names;
}
