// Controls from descriptors. A kind lists {name, from: 'ridge.alpha'} or controls of its own; here they become rows
// that the page can draw: kind, label, range, what they do. Ranges of sliders come from the descriptor's search range;
// a link may go beyond, up to min … max.

import { getPath } from './state.mjs';
import { formatNumber, significant } from './format.mjs';

export const SHOWN = 4;

export const thingList = (things) => (Array.isArray(things) ? things : things?.things ?? []);

export function findParameter(things, from) {
  const dot = from.indexOf('.');
  const thing = thingList(things).find((t) => t.name === from.slice(0, dot));
  return thing?.parameters?.find((p) => p.name === from.slice(dot + 1)) ?? null;
}

const number = (v) => (v === 'Infinity' ? Infinity : v === '-Infinity' ? -Infinity : typeof v === 'number' ? v : undefined);
const titled = (name) => {
  const words = name.split('.').pop().replaceAll('_', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
};

/** `when` of a descriptor, "solver=lbfgs" or "a=1 b=2|3": true when the state says so. */
export function whenHolds(when, lookup) {
  return when.split(/[\s,]+/).filter(Boolean).every((term) => {
    const [name, wanted] = term.split('=');
    const value = lookup(name);
    if (value === undefined) return true; // what the widget does not have cannot hide anything
    return wanted === undefined ? Boolean(value) : wanted.split('|').includes(String(value));
  });
}

function fromDescriptor(parameter) {
  const base = { label: titled(parameter.name), doc: parameter.doc, unit: parameter.unit, initial: parameter.default };
  if (parameter.type === 'bool') return { ...base, type: 'bool' };
  if (parameter.type === 'choice') return { ...base, type: 'choice', choices: parameter.choices };
  const min = number(parameter.min) ?? -Infinity;
  const max = number(parameter.max) ?? Infinity;
  const [lo, hi, scale] = reach(parameter, min, max);
  return { ...base, type: 'range', min: lo, max: hi, least: parameter.open_min ? Math.max(min, Number.MIN_VALUE) : min, most: max, scale, integer: parameter.type === 'integer' };
}

/** Where a slider goes: the search range; without one, two decades to both sides of a positive default. */
function reach({ search, scale, type, default: usual = 0, open_min: open }, min, max) {
  if (search) return [number(search[0]), number(search[1]), scale === 'log' && search[0] > 0 ? 'log' : 'linear'];
  const integer = type === 'integer';
  if (usual > 0 && !integer && (open || max > 1)) return [Math.max(usual / 100, open ? Number.MIN_VALUE : min), Math.min(usual * 100, max), 'log'];
  const low = Math.max(min, integer ? Math.min(usual, 0) : 0);
  return [Number.isFinite(low) ? low : 0, Math.min(max, integer ? Math.max(10, 4 * usual) : Math.max(1, 4 * usual)), 'linear'];
}

function stepOf(row) {
  if (row.step) return row.step;
  if (row.integer) return 1;
  const span = row.max - row.min;
  return span > 0 ? 10 ** Math.floor(Math.log10(span / 100)) : 1;
}

/** 'result.steps' and the like, or a number. */
const limit = (value, result, otherwise) => {
  if (typeof value !== 'string') return value ?? otherwise;
  const found = getPath({ result }, value);
  return typeof found === 'number' ? found : otherwise;
};

/** The rows to draw, in order; hidden ones (descriptor's `when`, `show: false`) are left out. */
export function resolveControls(list, things, state, result) {
  const rows = [];
  for (const control of list) {
    if (control.show === false) continue;
    const parameter = control.from ? findParameter(things, control.from) : null;
    if (control.from && !parameter) continue; // this module's catalog lacks the thing
    const row = { ...(parameter ? fromDescriptor(parameter) : {}), ...control };
    if (parameter?.when && control.show === undefined) {
      const prefix = control.name.includes('.') ? control.name.slice(0, control.name.lastIndexOf('.') + 1) : '';
      if (!whenHolds(parameter.when, (name) => getPath(state, prefix + name))) continue;
    }
    row.type ??= row.choices ? 'choice' : 'range';
    row.label ??= titled(row.name);
    if (row.choices) row.choices = row.choices.map((c) => (typeof c === 'object' ? c : { value: c, label: String(c).replaceAll('_', ' ') }));
    if (row.type === 'range' || row.type === 'scrub') {
      row.min = limit(row.min, result, 0);
      row.max = limit(row.max, result, row.min);
      row.least ??= row.min;
      row.most ??= row.max;
      row.step = stepOf(row);
    }
    row.value = getPath(state, row.name) ?? row.initial;
    rows.push(row);
  }
  return rows;
}

// --- sliders: places 0 … n on the page, values in the state ----------------------------------------------------------

const LOG_PLACES = 120;

/** Values of a logarithmic slider, each once: two digits, whole numbers where the parameter is whole; 0 first where asked. */
function logValues(row) {
  const values = new Set(row.zero ? [0] : []);
  for (let p = 0; p <= LOG_PLACES; p++) {
    const value = significant(row.min * (row.max / row.min) ** (p / LOG_PLACES), 2);
    values.add(Math.min(row.max, Math.max(row.min, row.integer ? Math.round(value) : value)));
  }
  return [...values];
}

export const sliderSteps = (row) => (row.scale === 'log' ? logValues(row).length - 1 : Math.max(1, Math.round((row.max - row.min) / row.step)));

export function toSlider(row, value) {
  const clamped = Math.min(row.max, Math.max(row.min, value));
  if (row.scale !== 'log') return Math.round((clamped - row.min) / row.step);
  if (row.zero && !(value > 0)) return 0;
  const away = (v) => (v > 0 ? Math.abs(Math.log(v / clamped)) : Infinity);
  return logValues(row).reduce((best, v, i, list) => (away(v) < away(list[best]) ? i : best), row.zero ? 1 : 0);
}

export function fromSlider(row, position) {
  if (row.scale === 'log') return logValues(row)[position];
  const value = Math.min(row.max, Math.max(row.min, significant(row.min + position * row.step, 12)));
  return row.integer ? Math.round(value) : value;
}

/** What the value reads like, with its unit. */
export function valueText(row, value) {
  if (row.format) return row.format(value);
  const text = formatNumber(value, 4);
  if (!row.unit) return text;
  return `${text} ${value === 1 ? row.unit.replace(/(\w{3,})s$/, '$1') : row.unit}`; // "1 row", "2 rows"; "1 s" stays
}

/** A value from a link or a person, brought to what the parameter allows. */
export function clampValue(row, value) {
  if (row.type === 'bool') return Boolean(value);
  if (row.type === 'choice') return row.choices.some((c) => c.value === value) ? value : row.choices[0].value;
  if (row.type === 'multi') return value.filter((v) => row.choices.some((c) => c.value === v));
  if (row.type !== 'range' && row.type !== 'scrub') return value;
  const number = Math.min(row.most, Math.max(row.least, Number(value)));
  return row.integer || row.type === 'scrub' ? Math.round(number) : number;
}
