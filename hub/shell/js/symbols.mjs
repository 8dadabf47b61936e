// A symbol or a term explains itself under pointer and focus; a symbol lights up everywhere it lives: formulas, lines of code, marks.
import { all, h } from './dom.mjs';
import { known } from './progress.mjs';

let pop, target, closing;

const symbolOf = (node) => node?.closest?.('[data-sym]');
const termOf = (node) => node?.closest?.('a.term');
export const light = (sym, from) => document.dispatchEvent(new CustomEvent('ken-sym', { detail: { sym, from } }));

export function watchSymbols() {
  document.addEventListener('ken-sym', ({ detail: { sym } }) => {
    for (const node of all('.lit')) node.classList.remove('lit');
    if (sym) for (const node of all(`[data-sym~="${CSS.escape(sym)}"]`)) node.classList.add('lit');
  });
  document.addEventListener('pointerover', (event) => {
    if (event.pointerType === 'touch') return;
    if (pop?.contains(event.target)) { clearTimeout(closing); return; }
    const found = symbolOf(event.target) ?? termOf(event.target);
    if (found && !found.closest('pre')) open(found);
    else if (found) light(first(found), found);
    else if (target) later();
    else light(null, null);
  });
  document.addEventListener('click', (event) => { // a tap on a formula's symbol, where nothing hovers
    const found = symbolOf(event.target);
    if (found && !found.closest('a, pre')) open(found);
    else if (!pop?.contains(event.target)) close();
  });
  document.addEventListener('focusin', (event) => {
    const found = event.target.closest?.('a.sym, a.term');
    if (found) open(found, true);
    else if (event.target.matches?.('.math')) legend(event.target);
    else if (target && !pop?.contains(event.target)) close();
  });
  document.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && target) { close(); event.stopPropagation(); return; }
    const formula = event.target.closest?.('.math');
    if (formula && (event.key === 'ArrowRight' || event.key === 'ArrowLeft')) walk(formula, event);
  });
  for (const formula of all('.math')) {
    if (!formula.querySelector('[data-sym]')) continue;
    formula.tabIndex = 0;
    formula.setAttribute('role', 'group');
    if (!formula.getAttribute('aria-label')) formula.setAttribute('aria-label', 'Formula; arrow keys explain its symbols');
  }
}

const first = (node) => node.dataset.sym.split(' ')[0];

function describe(node) {
  const { symbols = {}, terms = {} } = known();
  const found = node.dataset.term ? terms[node.dataset.term] : symbols[first(node)];
  if (!found) return null;
  const name = h('p.name');
  name.innerHTML = found.symbol ? `${found.symbol}  ` : '';
  name.append(found.name);
  const text = h('p');
  text.innerHTML = found.text;
  return [name, text];
}

function open(node, focused) {
  clearTimeout(closing);
  if (target === node) return;
  close();
  if (node.dataset.sym) light(first(node), node);
  const content = describe(node);
  if (content) show(node, content, focused);
}

// All symbols of a formula at once, when the keyboard comes to it.
function legend(formula) {
  const ids = [...new Set(all('[data-sym]', formula).map(first))], { symbols = {} } = known();
  const rows = ids.filter((id) => symbols[id]).map((id) => {
    const row = h('p', { 'data-legend': id });
    row.innerHTML = `${symbols[id].symbol} ${symbols[id].name}`;
    return row;
  });
  if (!rows.length) return;
  close();
  show(formula, rows, true);
  formula.kenAt = -1;
}

function walk(formula, event) {
  const ids = [...new Set(all('[data-sym]', formula).map(first))].filter((id) => known().symbols?.[id]);
  if (!ids.length) return;
  event.preventDefault();
  formula.kenAt = ((formula.kenAt ?? -1) + (event.key === 'ArrowRight' ? 1 : formula.kenAt === -1 ? 0 : -1) + ids.length) % ids.length;
  const node = formula.querySelector(`[data-sym~="${CSS.escape(ids[formula.kenAt])}"]`), at = formula.kenAt;
  close();
  light(ids[at], node);
  show(formula, describe(node), true);
}

function show(node, content, focused) {
  target = node;
  pop ??= document.body.appendChild(h('div.pop', { id: 'ken-pop', role: focused ? 'status' : 'tooltip' }));
  pop.setAttribute('role', focused && node.matches('.math') ? 'status' : 'tooltip');
  pop.hidden = false;
  pop.replaceChildren(...content);
  node.setAttribute('aria-describedby', 'ken-pop');
  const box = node.getBoundingClientRect(), own = pop.getBoundingClientRect(), room = document.documentElement.clientWidth;
  const left = Math.max(12, Math.min(box.left + box.width / 2 - own.width / 2, room - own.width - 12));
  const above = box.top > own.height + 70;
  pop.style.left = `${left + scrollX}px`;
  pop.style.top = `${(above ? box.top - own.height - 8 : box.bottom + 8) + scrollY}px`;
}

function later() {
  clearTimeout(closing);
  closing = setTimeout(() => { if (document.activeElement !== target) close(); }, 180);
}

function close() {
  clearTimeout(closing);
  if (pop) pop.hidden = true;
  target?.removeAttribute('aria-describedby');
  if (target) light(null, null);
  target = null;
}
