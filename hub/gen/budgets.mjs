// Bytes that a reader's first visit costs, gzipped, against the budgets of docs/HUB.md; a lesson's head may set
// budget: {wasm: 60k, data: 20k} of its own.
//   node hub/gen/budgets.mjs      prints them for the site that was built; exit status 1: one is exceeded
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { SITE } from './paths.mjs';

export const BUDGETS = { page: 45e3, runtime: 45e3, module: 200e3, data: 150e3, view: 250e3 };

const packed = (file) => (existsSync(file) && statSync(file).isFile() ? gzipSync(readFileSync(file), { level: 9 }).length : 0);
const bytes = (text) => { const m = /^(\d+(?:\.\d+)?)\s*([kM]?)B?$/.exec(text ?? ''); return m ? Number(m[1]) * { '': 1, k: 1e3, M: 1e6 }[m[2]] : NaN; };

// What one page fetches at once: its HTML, styles, scripts with what they import; apart: fonts, module, data.
export function weigh(folder, site = SITE) {
  const html = readFileSync(path.join(folder, 'index.html'), 'utf8');
  const local = (url) => path.join(folder, url.split(/[?#]/)[0]);
  const widgets = /<ken-(?:widget|compare)\b/.test(html);
  const linked = [...html.matchAll(/<(?:script|link)\b[^>]*\s(?:src|href)="([^":]+\.(?:js|css))"/g)].map((m) => local(m[1]));
  const runtime = path.join(site, 'runtime');
  const mine = linked.filter((f) => !f.startsWith(runtime));
  const kinds = [...new Set([...html.matchAll(/<ken-widget\b[^>]*\skind="(\w+)"/g)].map((m) => path.join(runtime, 'kinds', `${m[1]}.js`)))];
  const live = widgets ? reach([...linked.filter((f) => f.startsWith(runtime) && f.endsWith('.js'))]) : new Set();
  const sum = (files) => [...files].reduce((total, file) => total + packed(file), 0);
  const module = /data-module="([^"]+)"/.exec(html);
  const out = {
    widgets, page: gzipSync(html, { level: 9 }).length + sum(mine), runtime: sum(live) + (widgets ? packed(path.join(runtime, 'widget.css')) : 0),
    kinds: sum([...reach(kinds)].filter((f) => !live.has(f))), module: module ? packed(local(module[1])) : 0,
    data: sum(readdirSync(folder).filter((n) => n.endsWith('.csv')).map((n) => path.join(folder, n))),
  };
  out.view = out.page + out.runtime + out.kinds + (widgets ? out.module : 0) + out.data;
  return out;
}

// The files and what they import statically.
function reach(files, seen = new Set()) {
  for (const file of files) {
    if (seen.has(file) || !existsSync(file)) continue;
    seen.add(file);
    reach([...readFileSync(file, 'utf8').matchAll(/(?:import|from)\s*["'](\.[^"']+\.js)["']/g)].map((m) => path.resolve(path.dirname(file), m[1])), seen);
  }
  return seen;
}

// Names of what is too large: [{what, is, most}].
export function exceeded(w, budget = {}) {
  const most = { ...BUDGETS, module: Math.min(BUDGETS.module, bytes(budget.wasm) || BUDGETS.module), data: Math.min(BUDGETS.data, bytes(budget.data) || BUDGETS.data) };
  return Object.entries(most).filter(([what, limit]) => (what !== 'page' || !w.widgets) && w[what] > limit).map(([what, limit]) => ({ what, is: w[what], most: limit }));
}

export const kb = (n) => `${(n / 1000).toFixed(1)} kB`;

export function checkBudgets(built) {
  for (const { lesson } of built) {
    const folder = path.join(SITE, lesson.id ?? '');
    if (!existsSync(path.join(folder, 'index.html'))) continue;
    const weight = weigh(folder);
    const hard = exceeded(weight);
    for (const { what, is, most } of [...hard, ...exceeded(weight, lesson.budget).filter((o) => !hard.some((h) => h.what === o.what))]) {
      lesson.problems.add(hard.some((h) => h.what === what) ? 'error' : 'warning', lesson.where?.budget ?? {}, `the ${what === 'view' ? 'first view' : what} has ${kb(is)} gzipped`, { expected: `at most ${kb(most)}` });
    }
  }
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const names = existsSync(SITE) ? readdirSync(SITE).filter((n) => existsSync(path.join(SITE, n, 'index.html'))) : [];
  if (!names.length) {
    console.error('there is no site to weigh: make hub');
    process.exit(1);
  }
  let bad = 0;
  console.log(`${'gzipped'.padEnd(26)}${['page', 'runtime', 'kinds', 'module', 'data', 'view'].map((n) => n.padStart(11)).join('')}`);
  for (const name of names.sort()) {
    const w = weigh(path.join(SITE, name));
    const over = exceeded(w);
    const whole = ['cards', 'print', 'reference'].includes(name); // lists of everything: no page to wait for
    if (!whole) bad += over.length;
    console.log(`${name.padEnd(26)}${['page', 'runtime', 'kinds', 'module', 'data', 'view'].map((n) => kb(w[n]).padStart(11)).join('')}${over.length && !whole ? `  too large: ${over.map((o) => o.what).join(', ')}` : ''}`);
  }
  process.exitCode = bad ? 1 : 0;
}
