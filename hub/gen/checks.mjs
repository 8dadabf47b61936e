// Gates on what was built: links and anchors, ids, headings, descriptions, scripts; then spelling and claims.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { checkClaims } from './claims.mjs';
import { checkSpelling } from './spelling.mjs';
import { nearest } from './problems.mjs';
import { SITE, relative } from './paths.mjs';

export async function checkAll({ built, problems, rooms, whole }) {
  const pages = whole ? htmlFiles(SITE) : built.map(({ lesson }) => path.join(SITE, lesson.id ?? '', 'index.html')).filter(existsSync);
  for (const file of pages) checkPage(file, problems, whole);
  await checkSpelling(built, rooms);
  checkClaims(built, problems, whole);
}

const htmlFiles = (folder) => readdirSync(folder, { recursive: true }).map(String).filter((n) => n.endsWith('.html') && !n.startsWith('pagefind')).map((n) => path.join(folder, n));

const strip = (html) => html.replace(/<script type="application\/json"[\s\S]*?<\/script>/g, '').replace(/<!--[\s\S]*?-->/g, '');

const cached = new Map();
export function idsOf(file) {
  if (!cached.has(file)) cached.set(file, [...strip(readFileSync(file, 'utf8')).matchAll(/\sid="([^"]+)"/g)].map((m) => m[1]));
  return cached.get(file);
}

// Everything that HTML alone can show to be wrong.
export function checkPage(file, problems, whole) {
  const name = relative(file);
  const html = strip(readFileSync(file, 'utf8'));
  const wrong = (what, more) => problems.add('error', {}, what, { file: name, ...more });
  cached.delete(file);
  const ids = idsOf(file);
  const twice = ids.filter((id, i) => ids.indexOf(id) !== i);
  for (const id of new Set(twice)) wrong(`the id "${id}" stands ${ids.filter((x) => x === id).length} times`);
  checkHeadings(html, wrong);
  for (const [tag] of html.matchAll(/<img\b[^>]*>/g)) if (!/\salt="[^"]+"/.test(tag)) wrong(`a picture without a description: ${tag.slice(0, 80)}`);
  for (const [tag] of html.matchAll(/<svg\b[^>]*\srole="img"[^>]*>/g)) if (!/\saria-label(?:ledby)?="[^"]+"/.test(tag)) wrong(`a drawing without a description: ${tag.slice(0, 80)}`);
  if (/<script(?![^>]*\ssrc=)(?![^>]*application\/json)[^>]*>/.test(html)) wrong('a script inside the page');
  const handler = /<[a-z][^>]*\s(on[a-z]+)="/.exec(html);
  if (handler) wrong(`a handler inside the page: ${handler[1]}`);
  for (const [, url] of html.matchAll(/<(?:script|img|link|iframe|source)\b[^>]*\s(?:src|href)="([a-z]+:[^"]*)"/g)) if (!url.startsWith('data:')) wrong(`the page fetches ${url} from elsewhere`);
  checkLinks(file, html, ids, wrong, whole);
}

function checkHeadings(html, wrong) {
  let before = 0;
  const ones = [...html.matchAll(/<h1\b/g)].length;
  if (ones !== 1) wrong(`${ones} headings of depth 1`, { expected: 'exactly one' });
  for (const [, depth, text] of html.matchAll(/<h([1-6])\b[^>]*>([\s\S]*?)<\/h\1>/g)) {
    const d = Number(depth);
    if (before && d > before + 1) wrong(`the heading "${text.replace(/<[^>]*>/g, '').trim().slice(0, 50)}" of depth ${d} follows one of depth ${before}`);
    before = d;
  }
}

function checkLinks(file, html, ids, wrong, whole) {
  for (const [, href] of html.matchAll(/<a\b[^>]*\shref="([^"]*)"/g)) {
    const url = href.replace(/&amp;/g, '&');
    if (/^[a-z]+:/i.test(url) || url.startsWith('/')) continue;
    const [where, anchor] = url.split('#');
    const at = where.split('?')[0];
    let target = at ? path.join(path.dirname(file), at) : file;
    if (at.endsWith('/') || at === '.' || at === '..') target = path.join(target, 'index.html');
    if (!existsSync(target)) {
      if (whole) wrong(`the link "${url}" leads nowhere`);
      continue;
    }
    if (!anchor || !target.endsWith('.html') || (anchor === 'progress' && /cards/.test(target))) continue;
    const known = target === file ? ids : idsOf(target);
    if (!known.includes(anchor) && (whole || target === file)) {
      const near = nearest(anchor, known);
      wrong(`the link "${url}": there is no "${anchor}" in ${relative(target)}`, { near: near && `"#${near}"` });
    }
  }
}
