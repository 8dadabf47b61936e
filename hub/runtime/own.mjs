// The drawer "Own data": paste, a file, or points drawn by hand. All become CSV text; libken parses it in the worker and
// says what is wrong with it. Nothing leaves the page.

import { escapeHTML, formatNumber } from './format.mjs';

const MOST_BYTES = 8 << 20;
const count = (n, what) => `${n} ${what}${n === 1 ? '' : 's'}`;

export function ownHTML(roles) {
  const drawable = roles.length >= 2;
  return `<div class="kw-own"><p>Your rows stay in this page. First line: column names.</p>` +
    `<textarea aria-label="Comma-separated values" spellcheck="false" placeholder="${escapeHTML(roles.map((r) => r.name).join(','))}"></textarea>` +
    `<div class="kw-own-row"><label>From a file <input type="file" accept=".csv,.tsv,.txt,text/csv"></label>${drawable ? '<button type="button" data-own="draw" aria-expanded="false">Draw points</button>' : ''}<button type="button" data-own="read">Read columns</button></div>` +
    `<div class="kw-own-pad" hidden></div><div class="kw-own-say" role="status"></div><div class="kw-own-row kw-own-pick" hidden></div></div>`;
}

/** The first column that fits a role and is not taken yet. */
export function guessColumns(columns, roles) {
  const taken = new Set();
  const pick = {};
  for (const role of roles) {
    const fits = (c) => (role.type === 'number' ? isNumber(c) : role.type === 'class' ? !isNumber(c) || c.dtype === 'i64' : true);
    const found = columns.find((c) => c.name === role.name) ?? columns.find((c) => fits(c) && !taken.has(c.name)) ?? columns.find((c) => !taken.has(c.name)) ?? columns[0];
    pick[role.name] = found?.name;
    taken.add(found?.name);
  }
  return pick;
}

const FAR = 1e100; // squares of such numbers still are numbers

/** What keeps a choice of columns from being used: {message, hint}, or null. */
export function troubleWith({ rows, columns }, roles, pick) {
  if (rows < 2) return { message: rows ? 'One row is too few.' : 'There are names of columns, and no rows.', hint: 'The first line names the columns; rows follow, one a line.' };
  if (columns.length < roles.length) return { message: `${columns.length} column, where ${roles.map((r) => r.label ?? r.name).join(' and ')} need one each.`, hint: 'Columns are separated by commas, semicolons or tabs.' };
  for (const role of roles) {
    const column = columns.find((c) => c.name === pick[role.name]);
    const what = `"${column?.name}"`;
    if (!column) return { message: `No column is chosen for ${role.label ?? role.name}.`, hint: '' };
    if (column.missing >= rows) return { message: `All ${rows} values of ${what} are missing.`, hint: 'NaN, NA and empty cells count as missing.' };
    if (role.type !== 'number') continue;
    if (!isNumber(column)) return { message: `${what} holds text; ${role.label ?? role.name} needs numbers.`, hint: 'Choose another column.' };
    if (!(Math.abs(column.min) < FAR && Math.abs(column.max) < FAR)) return { message: `${what} goes from ${formatNumber(column.min, 3)} to ${formatNumber(column.max, 3)}; squares of such numbers are infinite.`, hint: 'Write it in a larger unit.' };
  }
  return null;
}

const isNumber = (column) => /^[fiu]\d+$|number|float|int/.test(column.dtype);

export function pickHTML(columns, roles, pick) {
  const options = (chosen) => columns.map((c) => `<option${c.name === chosen ? ' selected' : ''}>${escapeHTML(c.name)}</option>`).join('');
  return roles.map((role) => `<div class="kw-select"><label>${escapeHTML(role.label ?? role.name)} <select data-role="${escapeHTML(role.name)}">${options(pick[role.name])}</select></label></div>`).join('') +
    '<button type="button" data-own="use">Use these data</button>';
}

/** Wires the drawer. inspect(bytes) → {rows, columns}; use(bytes, pick). */
export function openOwn(drawer, roles, { inspect, use }) {
  drawer.innerHTML = ownHTML(roles);
  const $ = (selector) => drawer.querySelector(selector);
  const [text, say, picker, pad] = [$('textarea'), $('.kw-own-say'), $('.kw-own-pick'), $('.kw-own-pad')];
  let bytes = null;
  let table = null;
  const tell = (message, hint) => (say.innerHTML = `<p>${escapeHTML(message)}</p>${hint ? `<p>${escapeHTML(hint)}</p>` : ''}`);
  const read = async () => {
    bytes ??= new TextEncoder().encode(text.value);
    picker.hidden = true;
    if (!bytes.length) return tell('There is nothing to read yet.', 'Paste rows, choose a file or draw points.');
    try {
      table = await inspect(bytes);
      tell(`${count(table.rows, 'row')}, ${count(table.columns.length, 'column')}.`);
      picker.innerHTML = pickHTML(table.columns, roles, guessColumns(table.columns, roles));
      picker.hidden = false;
    } catch (error) {
      tell(error.message, error.hint);
    }
    return undefined;
  };
  text.addEventListener('input', () => (bytes = null));
  $('input[type=file]').addEventListener('change', async (event) => {
    const [file] = event.target.files;
    if (!file) return;
    if (file.size > MOST_BYTES) return void tell(`${file.name} has ${formatNumber(file.size / 1048576, 3)} MB; a page takes at most 8.`, 'Take a sample of its rows.');
    bytes = new Uint8Array(await file.arrayBuffer());
    text.value = new TextDecoder().decode(bytes.subarray(0, 4000));
    await read();
  });
  drawer.addEventListener('click', (event) => {
    const what = event.target.dataset?.own;
    if (what === 'read') read();
    if (what === 'use') {
      const pick = Object.fromEntries([...picker.querySelectorAll('select')].map((s) => [s.dataset.role, s.value]));
      const trouble = troubleWith(table, roles, pick);
      if (trouble) tell(trouble.message, trouble.hint);
      else use(bytes, pick);
    }
    if (what === 'draw') drawPad(pad, roles, text, event.target, () => (bytes = null));
  });
}

/** A square: a click writes a row. The third role, a class, is chosen beside it. */
function drawPad(pad, roles, text, button, changed) {
  pad.hidden = !pad.hidden;
  button.setAttribute('aria-expanded', String(!pad.hidden));
  if (pad.hidden || pad.firstChild) return;
  const classes = roles[2]?.type === 'class';
  pad.innerHTML = `${classes ? '<p><label>Class <select><option>a</option><option>b</option><option>c</option></select></label></p>' : ''}<svg viewBox="0 0 10 10" width="280" height="280" style="border:1px solid var(--muted,#6a737d);border-radius:8px;touch-action:none" role="img" aria-label="Click to add rows; x and y run from 0 to 10"></svg>`;
  const svg = pad.querySelector('svg');
  svg.addEventListener('pointerdown', (event) => {
    const box = svg.getBoundingClientRect();
    const x = (10 * (event.clientX - box.left)) / box.width;
    const y = 10 - (10 * (event.clientY - box.top)) / box.height;
    const c = classes ? pad.querySelector('select').value : '';
    if (!text.value.trim()) text.value = `${roles.slice(0, classes ? 3 : 2).map((r) => r.name).join(',')}\n`;
    if (!text.value.endsWith('\n')) text.value += '\n';
    text.value += `${x.toFixed(2)},${y.toFixed(2)}${classes ? `,${c}` : ''}\n`;
    const color = `var(--c${'abc'.indexOf(c) + 1 || 1},#0072b2)`;
    svg.insertAdjacentHTML('beforeend', `<circle cx="${x}" cy="${10 - y}" r="0.18" fill="${color}"/>`);
    changed();
  });
}
