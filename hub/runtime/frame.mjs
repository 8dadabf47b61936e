// The frame of a widget as HTML text: controls, plots, scrubber, readouts, summary, tools. The build writes it into the
// page (disabled, with the static picture); the live widget writes the same text, so nothing moves when it wakes.

import { sceneAspect } from './geometry.mjs';
import { SHOWN, sliderSteps, toSlider, valueText } from './controls.mjs';
import { escapeHTML, formatNumber } from './format.mjs';

const id = (widget, name) => `${widget}-${name.replace(/[^\w-]/g, '-')}`;
const help = (doc) => (doc ? ` title="${escapeHTML(doc)}"` : '');

function rangeHTML(widget, row) {
  const key = id(widget, row.name);
  return `<div class="kw-control kw-range"><label for="${key}"${help(row.doc)}>${escapeHTML(row.label)}</label>` +
    `<output for="${key}">${escapeHTML(valueText(row, row.value))}</output>` +
    `<input type="range" id="${key}" data-name="${escapeHTML(row.name)}" min="0" max="${sliderSteps(row)}" step="1" value="${toSlider(row, row.value)}" aria-valuetext="${escapeHTML(valueText(row, row.value))}"${describe(row)}></div>`;
}

const describe = (row) => (row.doc ? ` aria-description="${escapeHTML(row.doc)}"` : '');

function choiceHTML(widget, row) {
  const key = id(widget, row.name);
  const letters = row.choices.reduce((sum, c) => sum + c.label.length + 2, 0);
  if (row.choices.length <= 4 && letters <= (row.wide ? 60 : 30)) {
    const items = row.choices.map((c, i) => `<label><input type="radio" name="${key}" data-name="${escapeHTML(row.name)}" value="${i}"${c.value === row.value ? ' checked' : ''}><span>${escapeHTML(c.label)}</span></label>`);
    return `<fieldset class="kw-control kw-segments${row.wide ? ' kw-wide' : letters > 17 ? ' kw-double' : ''}"${help(row.doc)}><legend>${escapeHTML(row.label)}</legend><div>${items.join('')}</div></fieldset>`;
  }
  const items = row.choices.map((c, i) => `<option value="${i}"${c.value === row.value ? ' selected' : ''}>${escapeHTML(c.label)}</option>`);
  return `<div class="kw-control kw-select"><label for="${key}"${help(row.doc)}>${escapeHTML(row.label)}</label><select id="${key}" data-name="${escapeHTML(row.name)}"${describe(row)}>${items.join('')}</select></div>`;
}

function multiHTML(widget, row) {
  const items = row.choices.map((c, i) => `<label><input type="checkbox" data-name="${escapeHTML(row.name)}" value="${i}"${row.value.includes(c.value) ? ' checked' : ''}><span>${escapeHTML(c.label)}</span></label>`);
  return `<fieldset class="kw-control kw-segments kw-multi"${help(row.doc)}><legend>${escapeHTML(row.label)}</legend><div>${items.join('')}</div></fieldset>`;
}

const boolHTML = (widget, row) => `<div class="kw-control kw-switch"><label${help(row.doc)}><input type="checkbox" role="switch" id="${id(widget, row.name)}" data-name="${escapeHTML(row.name)}"${row.value ? ' checked' : ''}${describe(row)}><span>${escapeHTML(row.label)}</span></label></div>`;

const buttonHTML = (widget, row) => `<div class="kw-control kw-button"><button type="button" id="${id(widget, row.name)}" data-button="${escapeHTML(row.name)}"${help(row.doc)}>${escapeHTML(row.label)}</button></div>`;

const CONTROLS = { range: rangeHTML, choice: choiceHTML, multi: multiHTML, bool: boolHTML, button: buttonHTML };

export function controlsHTML(widget, rows) {
  const list = rows.filter((row) => CONTROLS[row.type]);
  const first = list.filter((row) => !row.more).slice(0, SHOWN);
  const rest = list.filter((row) => !first.includes(row));
  const draw = (row) => CONTROLS[row.type](widget, row);
  return `<div class="kw-grid">${first.map(draw).join('')}</div>` +
    (rest.length ? `<details class="kw-more"><summary>More (${rest.length})</summary><div class="kw-grid">${rest.map(draw).join('')}</div></details>` : '');
}

const ICONS = { first: 'M6 5v14M19 5 9 12l10 7z', back: 'M16 5 7 12l9 7z', forth: 'm8 5 9 7-9 7z', play: 'm7 4 13 8-13 8z', pause: 'M8 5v14M16 5v14' };
export const icon = (name) => `<svg viewBox="0 0 24 24" width="18" height="18" aria-hidden="true"><path d="${ICONS[name]}" fill="${name === 'pause' ? 'none' : 'currentColor'}" stroke="currentColor" stroke-width="${name === 'pause' ? 3 : 1.5}" stroke-linejoin="round"/></svg>`;

export function scrubHTML(widget, row, objective) {
  const key = id(widget, row.name);
  const text = scrubText(row, objective);
  const button = (action, label) => `<button type="button" class="kw-icon" data-scrub="${action}" aria-label="${label}" title="${label}">${icon(action)}</button>`;
  return `<div class="kw-scrub" data-scrubber="${escapeHTML(row.name)}">${button('back', 'One step back')}${button('forth', 'One step forward')}${button('play', 'Play')}` +
    `<label for="${key}"${help(row.doc)}>${escapeHTML(row.label)}</label><input type="range" id="${key}" data-name="${escapeHTML(row.name)}" min="${row.min}" max="${row.max}" step="1" value="${row.value}" aria-valuetext="${escapeHTML(text)}"><output for="${key}">${escapeHTML(text)}</output></div>`;
}

export const scrubText = (row, objective) => `${row.value} of ${row.max}${objective === undefined || objective === null ? '' : ` · ${formatNumber(objective, 5)}`}`;

export const readoutsHTML = (readouts = []) => readouts.map((r) => `<div${r.sym ? ` data-sym="${escapeHTML(r.sym)}"` : ''}><dt${help(r.doc)}>${escapeHTML(r.label)}</dt><dd>${escapeHTML(typeof r.value === 'number' ? formatNumber(r.value) : r.value)}</dd></div>`).join('');

export function tableHTML(table) {
  if (!table) return '';
  const cell = (v) => `<td${typeof v === 'number' ? ' class="kw-num"' : ''}>${escapeHTML(formatNumber(v, 5))}</td>`;
  const head = table.columns.map((c) => `<th scope="col">${escapeHTML(c)}</th>`).join('');
  return `<table><thead><tr>${head}</tr></thead><tbody>${table.rows.slice(0, 500).map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('')}</tbody></table>` +
    (table.rows.length > 500 ? `<p>The first 500 of ${table.rows.length} rows.</p>` : '');
}

/** view: {id, title, rows, scene, own: whether the kind takes own data, live, pictures: static SVG texts} */
export function frameHTML(view) {
  const { scene } = view;
  const scrub = view.rows.find((row) => row.type === 'scrub');
  const wide = (sceneAspect(scene, false) * 100).toFixed(3);
  const narrow = (sceneAspect(scene, true) * 100).toFixed(3);
  const off = view.live ? '' : ' disabled';
  const tool = (name, label) => `<button type="button" data-tool="${name}"${off}>${label}</button>`;
  return `<div class="kw" role="group" aria-label="${escapeHTML(view.title)}" style="--kw-wide:${wide};--kw-narrow:${narrow}">` +
    `<fieldset class="kw-controls"${off}>${controlsHTML(view.id, view.rows)}</fieldset>` +
    `<div class="kw-plots">${view.pictures ?? ''}</div>` +
    (scrub ? `<fieldset class="kw-scrubs"${off}>${scrubHTML(view.id, scrub, scene.objective)}</fieldset>` : '') +
    `<dl class="kw-readouts">${readoutsHTML(scene.readouts)}</dl>` +
    `<p class="kw-summary" aria-live="polite">${escapeHTML(scene.summary)}</p>` +
    `<div class="kw-error" role="alert" hidden></div>` +
    `<div class="kw-tools">${tool('reset', 'Reset')}${tool('table', 'Table')}${tool('sound', 'Sound')}${view.own ? tool('own', 'Own data') : ''}${tool('link', 'Copy link')}</div>` +
    `<div class="kw-drawer" hidden></div></div>`;
}
