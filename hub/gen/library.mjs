// What lessons quote of the library: its C by symbol or by lines, and its parameters from the descriptors.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { codeFigure, escape } from './code.mjs';
import { definedNames, findSymbol } from './csource.mjs';
import { listed, nearest } from './problems.mjs';
import { ROOT } from './paths.mjs';

export function sourceOf(node, problems) {
  const { file, symbol, lines } = node.attrs ?? {};
  if (!file) return undefined;
  const at = path.join(ROOT, file);
  if (path.relative(ROOT, at).startsWith('..') || !existsSync(at)) {
    problems.error(node, `there is no file ${file}`, { expected: 'a path from the root of the project, e.g. ken/linear/ridge/ridge.c' });
    return undefined;
  }
  const text = readFileSync(at, 'utf8');
  if (symbol) {
    const found = findSymbol(text, symbol);
    if (found) return found;
    const near = nearest(symbol, definedNames(text));
    problems.error(node, `${file} defines no "${symbol}"`, { near: near && `"${near}"`, expected: 'a function, struct, enum, macro or table of that file, or table.row' });
    return undefined;
  }
  const range = /^(\d+)(?:-(\d+))?$/.exec(lines ?? '');
  const all = text.split('\n');
  if (!range || Number(range[2] ?? range[1]) > all.length || Number(range[1]) < 1) {
    problems.error(node, `lines="${lines ?? ''}" of ${file}`, { expected: `symbol=name, or lines="10-20" of its ${all.length}` });
    return undefined;
  }
  const [start, end] = [Number(range[1]), Number(range[2] ?? range[1])];
  return { start, end, lines: all.slice(start - 1, end) };
}

export function sourceFigure(page, node) {
  const found = sourceOf(node, page.problems);
  if (!found) return '';
  const { file, symbol, sym } = node.attrs;
  const caption = `<code>${escape(file)}</code> lines ${found.start}–${found.end}`;
  try {
    const html = codeFigure(found.lines.join('\n'), 'c', { caption, label: `${symbol ?? file} in C`, sym });
    return 'fold' in node.attrs ? `<details class="fold"><summary>${escape(symbol ?? file)}</summary>${html}</details>` : html;
  } catch (error) {
    page.problems.error(node, error.message);
    return '';
  }
}

const plain = (value) => (value === null || value === undefined ? '' : typeof value === 'object' ? JSON.stringify(value) : String(value));

function range(p) {
  if (p.choices?.length) return p.choices.map((c) => `<code>${escape(c)}</code>`).join(', ');
  if (p.type === 'bool') return 'true, false';
  const [min, max] = [p.min, p.max];
  if (min === undefined && max === undefined) return '';
  const big = (v) => (Math.abs(v) >= 1e9 ? '' : plain(v));
  const edge = Math.round(max); // 1 − 2⁻⁵³ stands for "below 1"
  if (max !== edge && Math.abs(max - edge) < 1e-12) return `${big(min) || '−∞'} to below ${edge}`;
  return big(max) === '' ? `≥ ${big(min) || '−∞'}` : `${big(min) || '−∞'} to ${big(max)}`;
}

export function paramsTable(page, node) {
  const thing = page.rooms.things?.get(node.attrs?.thing);
  if (!thing) return '';
  const rows = (thing.params ?? thing.parameters ?? []).map((p) => `<tr><td><code>${escape(p.name)}</code></td><td class="num">${escape(plain(p.default))}</td><td>${range(p)}${p.scale === 'log' ? ' (log)' : ''}</td><td>${escape(p.doc)}${p.when ? `${/[.?!]$/.test(p.doc) ? '' : '.'} Only with <code>${escape(p.when)}</code>.` : ''}</td></tr>`);
  if (!rows.length) page.problems.error(node, `"${node.attrs.thing}" has no parameters`);
  return `<div class="table" role="region" tabindex="0" aria-label="Parameters of ${escape(thing.name)}"><table><thead><tr><th scope="col">parameter</th><th scope="col" class="num">default</th><th scope="col">allowed</th><th scope="col">meaning</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>`;
}

export { listed };
