// The browser gates. Usage: run.mjs MODULES SITE...   One line a page, then the count; --only TEXT picks pages by name.
import { readFile, readdir, access } from 'node:fs/promises';
import path from 'node:path';
import { availableParallelism, cpus } from 'node:os';
import { available, launch, tools } from './browser.mjs';
import { serve } from './serve.mjs';
import { checkPage, policyWorks, withoutScript } from './pages.mjs';
import { checkAnswers } from './answers.mjs';
import { checkWidgets } from './widgets.mjs';
import { gatesSee } from './selftest.mjs';
import * as states from './states.mjs';

const args = process.argv.slice(2);
const only = args.includes('--only') ? args.splice(args.indexOf('--only'), 2)[1] : '';
const [modules, ...folders] = args;
if (!available(modules)) { console.log('no Chromium or no playwright-core'); process.exit(77); }

const count = { passed: 0, failed: 0 };

let chromium, coming;
// One new browser for all pages that lost theirs.
async function revive() {
  if (!chromium.isConnected()) chromium = await (coming ??= launch(modules).finally(() => { coming = null; }));
}

async function report(name, work) {
  const from = Date.now();
  let faults;
  for (const last of [false, true]) { // a browser that died says nothing of the page: once more with a new one
    try { faults = await work(); } catch (error) { faults = [error.stack.split('\n').slice(0, 3).join(' ')]; }
    if (last || chromium.isConnected()) break;
    console.log(`       Chromium went away during ${name}; again with a new one`);
    await revive();
  }
  const note = faults.note ?? '';
  console.log(`${faults.length ? 'FAILED' : 'ok    '} ${name}${note}  ${((Date.now() - from) / 1000).toFixed(1)} s`);
  for (const fault of [...new Set(faults)].slice(0, 12)) console.log(`       ${fault}`);
  count[faults.length ? 'failed' : 'passed']++;
}

async function pagesOf(folder) {
  const found = (await readdir(folder, { recursive: true })).map((f) => f.split(path.sep).join('/')).filter((f) => f.endsWith('.html') && !f.startsWith('pagefind/'));
  return found.map((f) => f.replace(/(^|\/)index\.html$/, '$1')).sort();
}

async function all(jobs, width) {
  const queue = [...jobs];
  await Promise.all(Array.from({ length: width }, async () => { while (queue.length) await queue.shift()(); }));
}

async function site(folder, axe) {
  const server = await serve(folder), at = { get browser() { return chromium; }, base: server.url, folder, axe }, label = path.basename(folder);
  const names = (await pagesOf(folder)).filter((n) => n.includes(only)), lessons = names.filter((n) => !/^(|cards\/|reference\/.*|print\/|404\.html)$/.test(n));
  const jobs = [];
  const add = (name, work) => jobs.push(() => report(name, work));
  for (const name of names) {
    add(`${label}/${name}`, async () => {
      const faults = await checkPage(at, name, { rules: name !== 'print/' }); // what print/ holds, its lessons have shown
      if (!lessons.includes(name)) return faults;
      const html = await readFile(path.join(folder, name, 'index.html'), 'utf8');
      faults.push(...await withoutScript(at, name));
      if (/<ken-(quiz|exercise|predict)/.test(html)) faults.push(...await checkAnswers(at, name));
      if (html.includes('<ken-cell')) faults.push(...await states.cellsRun(at, name));
      const widgets = html.includes('<ken-widget') ? await checkWidgets(at, name) : { count: 0, faults: [] };
      faults.push(...widgets.faults);
      if (widgets.count) faults.note = `, ${widgets.count} widgets`;
      return faults;
    });
  }
  const asks = await firstWith(folder, lessons, '<ken-quiz'), cell = await firstWith(folder, lessons, '<ken-cell'), sym = await firstWith(folder, lessons, 'class="sym"'), proof = await firstWith(folder, lessons, 'class="proof"');
  if (!only) {
    add(`${label}: the policy refuses inline scripts`, () => policyWorks(at));
    if (cell) add(`${label}: without WebAssembly`, () => states.withoutWebAssembly(at, cell));
    if (asks) add(`${label}: without storage`, () => states.withoutStorage(at, asks));
    if (asks) add(`${label}: progress kept, taken along, wiped, brought back`, () => states.progressKept(at, asks));
    if (names.includes('cards/')) add(`${label}: cards reviewed by keys`, () => states.reviewsCards(at));
    if (names.includes('')) add(`${label}: a path is chosen`, () => states.pathChosen(at));
    if (sym) add(`${label}: symbols light up together`, () => states.symbols(at, sym));
    if (proof) add(`${label}: folds open on paper`, () => states.foldsPrint(at, proof));
    if (asks && lessons.length > 1) add(`${label}: offline, and never stale`, () => states.offline(at, asks, lessons.find((l) => l !== asks)));
    if (await access(path.join(folder, 'pagefind/pagefind.js')).then(() => true, () => false)) add(`${label}: search by keyboard`, () => states.search(at, 'penalty'));
  }
  await all(jobs, Math.min(3, (availableParallelism?.() ?? cpus().length) + 1));
  await server.close();
}

async function firstWith(folder, names, text) {
  for (const name of names) if ((await readFile(path.join(folder, name, 'index.html'), 'utf8').catch(() => '')).includes(text)) return name;
  return null;
}

chromium = await launch(modules);
try {
  if (!only) await report('the gates see a page with every fault', () => gatesSee({ browser: chromium, axe: tools(modules).axe }));
  for (const folder of folders) await site(folder, tools(modules).axe);
} finally {
  await chromium.close();
}
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exit(count.failed || !count.passed ? 1 : 0);
