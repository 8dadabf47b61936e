// Cells → one C file, checks → another; both with #line, so that a compiler's words point into the lesson.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { maskC, rewriteRun, lineAt } from './csource.mjs';
import { relative } from './paths.mjs';

const HEAD = '#include <ken/ken.h>\n#include <ken/cell.h>\n';
const quoted = (text) => text.replace(/["\\]/g, '\\$&');

export function cellsC(lesson) {
  const file = quoted(relative(lesson.file));
  const parts = lesson.cells.map((cell) => `#line ${cell.line} "${file}"\n${cell.code}\n`);
  const rows = lesson.cells.filter((cell) => cell.runs).map((cell) => `    {"${cell.id}", ${cell.name}},\n`);
  return `/* The cells of ${file}: written by hub/gen. */\n${HEAD}${parts.join('')}#line 1 "cells.c"\nconst ken_cell ken_cells[] = {\n${rows.join('')}    {NULL, NULL}};\n`;
}

// One C file a {norun} block: the cells before it, then the block. It must compile.
export function readsC(lesson) {
  const file = quoted(relative(lesson.file));
  return lesson.reads.map((read, i) => {
    const before = lesson.cells.slice(0, read.after).map((cell) => `#line ${cell.line} "${file}"\n${cell.code}\n`).join('');
    const made = rewriteRun(read.text, `ken_read_${i}`);
    if (made.error) {
      lesson.problems.error({ line: read.line + made.error.line - 1, column: 1 }, made.error.text);
      return '';
    }
    return `${HEAD}${before}#line ${read.line} "${file}"\n${made.code}\n`;
  }).filter(Boolean);
}

// Names of KEN_CHECK(name) in checks.c, with their lines.
export function checkNames(text) {
  const masked = maskC(text);
  return [...masked.matchAll(/\bKEN_CHECK\s*\(\s*(\w+)\s*\)\s*\{/g)].map((m) => ({ name: m[1], line: lineAt(text, m.index) }));
}

export function readChecks(lesson) {
  const file = path.join(lesson.folder, 'checks.c');
  if (!existsSync(file)) return undefined;
  const text = readFileSync(file, 'utf8');
  const names = checkNames(text);
  const rows = names.map(({ name }) => `    {"${name}", ken_check_${name}},\n`).join('');
  const head = /#\s*include\s*[<"]ken\/cell\.h[>"]/.test(text) ? '' : HEAD;
  return { file, names, c: `${head}#line 1 "${quoted(relative(file))}"\n${text}\n#line 1 "checks.c"\nconst ken_check ken_checks[] = {\n${rows}    {NULL, NULL}};\n` };
}
