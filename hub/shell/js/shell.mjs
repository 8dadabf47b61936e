// The shell: everything of a page that is no widget. Each part fails alone; the page underneath stays readable.
import { all, announce, copyText, h, root, toast } from './dom.mjs';
import { choosePath, defineProgress, exportProgress, importProgress, sayStorage, startPage, watchReading, wipe } from './progress.mjs';
import { defineQuizzes } from './quiz.mjs';
import { defineExercises } from './exercise.mjs';
import { defineCells } from './cell.mjs';
import { defineCards } from './cards.mjs';
import { watchSymbols } from './symbols.mjs';
import { openSearch } from './search.mjs';

const THEMES = ['system', 'light', 'dark'];

const actions = {
  search: () => openSearch(),
  theme: (control) => setTheme(THEMES[(THEMES.indexOf(theme()) + 1) % 3], control),
  'copy-link': async () => toast(await copyText(here()) ? 'Link copied.' : `Copy it from here: ${here()}`),
  report: (control) => report(control),
  path: (control) => choosePath(control.dataset.path),
  export: () => exportProgress(),
  import: () => importProgress(),
  wipe: (control) => wipe(control),
};

const theme = () => root.dataset.theme ?? 'system';

function setTheme(name, control) {
  if (name === 'system') delete root.dataset.theme; else root.dataset.theme = name;
  try { if (name === 'system') localStorage.removeItem('ken-theme'); else localStorage.setItem('ken-theme', name); } catch { /* not kept */ }
  nameTheme(control);
  announce(`Theme: ${name}`);
  document.dispatchEvent(new CustomEvent('ken-theme', { detail: { theme: name } }));
}

function nameTheme(control) {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % 3];
  control.setAttribute('aria-label', `Theme: ${theme()}. Switch to ${next}`);
  control.title = `Theme: ${theme()}`;
}

// The section on the screen and the state of all widgets: what another person needs to see the same.
function place() {
  const line = innerHeight / 3;
  return all('article :is(h2, h3, ken-quiz, ken-exercise, ken-widget, ken-cell)[id]').filter((node) => node.getBoundingClientRect().top < line).pop()?.id ?? '';
}

function here() {
  const url = new URL(location.href);
  if (!url.hash.includes('=')) url.hash = place();
  return url.href;
}

// A report is a text to copy: there is no host to send it to.
function report(control) {
  const open = control.parentElement.parentElement.querySelector('.report');
  if (open) { open.remove(); return; }
  const text = [`lesson: ${root.dataset.lesson}`, `block: ${place()}`, `page: ${location.pathname}${location.search}${location.hash}`, `version: ${root.dataset.version}`, `browser: ${navigator.userAgent}`, '', 'What is wrong:', ''].join('\n');
  const area = h('textarea', { rows: 9, 'aria-label': 'Report, to copy', style: 'width:100%;font-family:var(--mono);font-size:0.875rem' });
  area.value = text;
  const copy = h('button', { type: 'button' }, 'Copy');
  copy.addEventListener('click', async () => toast(await copyText(area.value) ? 'Copied. Send it to whoever gave you these pages.' : 'Select the text and copy it.'));
  control.parentElement.after(h('div.report', {}, h('p', {}, 'Nothing is sent from here. Say what is wrong, copy the text, send it to whoever gave you these pages.'), area, h('p.row', {}, copy)));
  area.focus();
  area.setSelectionRange(text.length, text.length);
}

function wireControls() {
  for (const control of all('[data-do]')) {
    if (!actions[control.dataset.do]) continue;
    control.hidden = false;
    control.addEventListener('click', () => actions[control.dataset.do](control));
    if (control.dataset.do === 'theme') nameTheme(control);
  }
  document.addEventListener('keydown', (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === 'k') { event.preventDefault(); openSearch(); }
  });
}

// Menus close with Escape, when the focus leaves, and when one clicks elsewhere.
function wireMenus() {
  for (const menu of all('details.menu')) {
    menu.addEventListener('keydown', (event) => { if (event.key === 'Escape' && menu.open) { menu.open = false; menu.querySelector('summary').focus(); } });
    menu.addEventListener('focusout', (event) => { if (event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false; });
    document.addEventListener('click', (event) => { if (!menu.contains(event.target)) menu.open = false; });
  }
}

function wireContents() {
  const contents = document.querySelector('.toc > details'), links = all('.toc a');
  if (!contents) return;
  const wide = matchMedia('(min-width: 75rem)'), fit = () => { contents.open = wide.matches; };
  fit();
  wide.addEventListener('change', fit);
  contents.addEventListener('click', (event) => { if (event.target.closest('a') && !wide.matches) contents.open = false; });
  if (!('IntersectionObserver' in window)) return;
  const seen = new Set();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) if (isIntersecting) seen.add(target.id); else seen.delete(target.id);
    const current = links.filter((a) => seen.has(decodeURIComponent(a.hash.slice(1))))[0];
    if (!current) return;
    for (const a of links) if (a === current) a.setAttribute('aria-current', 'true'); else a.removeAttribute('aria-current');
  }, { rootMargin: '-60px 0px -55% 0px' });
  for (const a of links) { const head = document.getElementById(decodeURIComponent(a.hash.slice(1))); if (head) observer.observe(head); }
}

// A formula in a line that is wider than the column gets a line and a scroll of its own; what scrolls can be focused.
function fitFormulas() {
  const formulas = all('article :is(p, li, dd, .option) > .katex'), displays = all('.math').filter((math) => !math.querySelector('[data-sym]'));
  const reach = (node, is) => {
    if (is) { node.tabIndex = 0; node.setAttribute('role', 'group'); node.setAttribute('aria-label', 'Formula, scrolls sideways'); }
    else for (const name of ['tabindex', 'role', 'aria-label']) node.removeAttribute(name);
  };
  if (!(formulas.length + displays.length) || !('ResizeObserver' in window)) return;
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return;
    width = contentRect.width;
    for (const formula of formulas) formula.classList.remove('wide');
    const wide = formulas.filter((f) => f.querySelector('.katex-html')?.getBoundingClientRect().right > f.parentElement.getBoundingClientRect().right + 1);
    for (const formula of formulas) {
      const is = wide.includes(formula);
      formula.classList.toggle('wide', is);
      reach(formula, is);
    }
    for (const math of displays) reach(math, math.scrollWidth > math.clientWidth + 1);
  }).observe(document.querySelector('main'));
}

// What a link points into must be seen: folds around it open.
function openTarget() {
  let node = null;
  try { node = document.getElementById(decodeURIComponent(location.hash.slice(1))); } catch { return; }
  for (let fold = node?.closest('details'); fold; fold = fold.parentElement?.closest('details')) fold.open = true;
}

// Paper has no folds: all open for printing, as they were afterwards.
function wirePrint() {
  let closed = [];
  addEventListener('beforeprint', () => { closed = all('main details:not([open]):not([hidden])'); for (const fold of closed) fold.open = true; });
  addEventListener('afterprint', () => { for (const fold of closed) fold.open = false; });
}

function sayMissing() {
  if (typeof WebAssembly !== 'undefined' || root.dataset.kind !== 'lesson') return;
  document.querySelector('article .head')?.after(h('div.missing', { role: 'note' }, h('p', {}, 'WebAssembly is switched off in this browser: widgets show their first picture and cells the results of the build. Text, questions and cards work.')));
}

async function keepOffline() {
  if (!('serviceWorker' in navigator) || !/^https?:$/.test(location.protocol)) return;
  try {
    const registration = await navigator.serviceWorker.register(new URL(`${root.dataset.root}sw.js`, document.baseURI), { updateViaCache: 'none' });
    const ready = await navigator.serviceWorker.ready;
    const used = performance.getEntriesByType('resource').map((entry) => entry.name.replace(/#.*$/, '')).filter((url) => url.startsWith(registration.scope));
    ready.active?.postMessage({ keep: [location.href.replace(/[?#].*$/, ''), ...used, ...(root.dataset.module ? [new URL(root.dataset.module, document.baseURI).href] : [])] });
  } catch { /* refused (private mode, plain http): the page works, offline does not */ }
}

const steps = [wireControls, wireMenus, wireContents, wirePrint, fitFormulas, openTarget, sayMissing, defineProgress, defineQuizzes, defineExercises, defineCells, defineCards, watchSymbols, watchReading,
  () => { if (root.dataset.kind === 'index') return startPage(); },
  () => { const line = document.querySelector('.storage'); if (line) return sayStorage(line); }];
for (const step of steps) {
  try { Promise.resolve(step()).catch((error) => console.error(error)); } catch (error) { console.error(error); }
}
addEventListener('hashchange', openTarget);
if (document.readyState === 'complete') keepOffline(); else addEventListener('load', keepOffline);
