// Optimizers on a surface: the map with their paths, the objective by step, and what they remember (m, v). Everything is
// computed by the probes `surface` and `descent`; a step back or forth only draws.

import { thingList, findParameter } from '../../runtime/controls.mjs';
import { formatNumber } from '../../runtime/format.mjs';

const GRID = 64;
const MOST_STEPS = 2000;

const NOT_FLAT = new Set(['double_well', 'powell_singular']); // functions of one and of four variables

const ofKind = (things, kind) => thingList(things).filter((t) => t.kind === kind);
/** "Adam" of "Adam: adaptive moments". */
const short = (thing) => (thing.title ?? thing.name).split(/[:,]/)[0];
const title = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');

/** "adam.learning_rate=0.1 condition=30" as {adam: {learning_rate: 0.1}, bowl: {condition: 30}}; names alone are the surface's. */
export function readSettings(text, things, surface) {
  const out = {};
  for (const term of (text ?? '').split(/[\s,]+/).filter(Boolean)) {
    const [given, value] = term.split('=');
    const path = given.includes('.') ? given : `${surface}.${given}`;
    const [thing, name] = path.split('.');
    const parameter = findParameter(things, path);
    if (!parameter) throw new Error(`settings: there is no ${path}`);
    const typed = parameter.type === 'bool' ? value === 'true' : parameter.type === 'choice' ? value : Number(value);
    (out[thing] ??= {})[name] = typed;
  }
  return out;
}

/** Settings of an optimizer: defaults of its descriptor, then what the state changed. */
const settingsOf = (state, name) => state.params[name] ?? {};

/** "bowl:condition=30": what the library takes, from a name and the settings of the state. */
const spelled = (state, name) => `${name}:${Object.entries(settingsOf(state, name)).map(([k, v]) => `${k}=${v}`).join(' ')}`;

const color = (state, name) => state.optimizers.indexOf(name);

function controls(attrs, things, state) {
  const surfaces = ofKind(things, 'objective').filter((t) => !NOT_FLAT.has(t.name)).map((t) => ({ value: t.name, label: short(t) }));
  const optimizers = ofKind(things, 'optimizer').map((t) => ({ value: t.name, label: short(t) }));
  const many = state.optimizers.length > 1;
  const own = state.optimizers.flatMap((o) => {
    const thing = thingList(things).find((t) => t.name === o);
    return (thing?.parameters ?? []).map((p) => ({ name: `params.${o}.${p.name}`, from: `${o}.${p.name}`, more: p.name !== 'learning_rate',
      ...(many ? { label: `${short(thing)}: ${p.name === 'learning_rate' ? 'rate' : p.name.replaceAll('_', ' ')}` } : {}) }));
  });
  return [
    ...(optimizers.length > 1 ? [{ name: 'optimizers', type: 'multi', label: 'Optimizers', choices: optimizers }] : []),
    ...own.filter((c) => !c.more).slice(0, 3),
    ...(surfaces.length > 1 ? [{ name: 'surface', type: 'choice', label: 'Surface', choices: surfaces, more: own.length > 2 }] : []),
    ...(thingList(things).find((t) => t.name === state.surface)?.parameters ?? []).map((p) => ({ name: `params.${state.surface}.${p.name}`, from: `${state.surface}.${p.name}`, more: own.length > 1 })),
    ...own.filter((c) => c.more),
    { name: 'steps', type: 'range', label: 'Steps', min: 10, max: 500, step: 10, most: MOST_STEPS, integer: true, more: true, doc: 'how long the race is' },
    { name: 'noise', type: 'range', label: 'Noise of the gradient', min: 0, max: 5, step: 0.1, more: true, doc: 'standard deviation added to each part of the gradient: what small batches do' },
    { name: 'step', type: 'scrub', label: 'Step', min: 0, max: 'result.steps' },
  ];
}

async function compute(ken, state, attrs) {
  const where = spelled(state, state.surface);
  const surface = ken.probe('surface', { surface: where, nx: GRID, ny: GRID });
  const start = state.start ?? surface.start;
  ken.seed(state.seed);
  const race = ken.probe('descent', { surface: where, start, steps: state.steps, noise: state.noise, seed: state.seed, runs: state.optimizers.map((name) => ({ optimizer: name, settings: settingsOf(state, name) })) });
  return { ...surface, start, steps: state.steps, runs: race.runs.map((run, i) => ({ ...run, name: state.optimizers[i] })), bound: attrs.bound ? race.bound : null };
}

const best = (result) => Math.min(...result.minima.filter((m) => m.global).map((m) => m.value), Infinity);

function pathMarks(run, c, k, n) {
  const end = Math.min(k, run.x.length - 1);
  const cut = (list) => Array.from(list.subarray ? list.subarray(0, end + 1) : list.slice(0, end + 1));
  const steps = Array.from({ length: end + 1 }, (_, i) => i);
  const dash = c >= 8 ? 1 : 0;
  return [
    { type: 'line', x: Array.from(run.x), y: Array.from(run.y), color: c, width: 1, opacity: 0.35, dash, hover: false },
    { type: 'line', x: cut(run.x), y: cut(run.y), color: c, dash, width: 2.5, key: steps, title: steps.map((i) => `${run.name}, step ${i}\nf ${formatNumber(run.f[i])}`) },
    ...(end <= 60 && n <= 4 ? [{ type: 'points', x: cut(run.x), y: cut(run.y), color: c, size: 2.5, title: steps.map((i) => `${run.name}, step ${i}: f ${formatNumber(run.f[i])}`), key: steps }] : []),
    { type: 'points', x: [run.x[end]], y: [run.y[end]], color: [c], size: 7, shape: [c], label: run.name, key: [end], title: [`${run.name}, step ${end}: f ${formatNumber(run.f[end])}`] },
  ];
}

function mapPlot(result, state) {
  const [left, right, bottom, top] = result.window;
  const marks = [{ type: 'contours', z: result.z, nx: GRID, ny: GRID, x: [left, right], y: [bottom, top], log: !result.convex, low: best(result) < Infinity ? best(result) : undefined, levels: 16, label: undefined }];
  marks.push({ type: 'points', x: result.minima.map((m) => m.x), y: result.minima.map((m) => m.y), shape: 5, size: 7, color: 'fg', label: 'minimum', sym: 'minimum',
    title: result.minima.map((m) => `${m.global ? 'minimum' : 'local minimum'}: f ${formatNumber(m.value)}`) });
  result.runs.forEach((run) => marks.push(...pathMarks(run, color(state, run.name), state.step, result.runs.length)));
  marks.push({ type: 'points', x: [result.start[0]], y: [result.start[1]], color: 'fg', size: 8, draggable: true, name: 'start', label: 'start (drag it)' });
  return { id: 'map', title: 'The surface from above', width: 1.15, narrow: 0.95, x: { domain: [left, right], label: 'x₁', short: 'x₁' }, y: { domain: [bottom, top], label: 'x₂', short: 'x₂' }, marks };
}

function lossPlot(result, state) {
  const floor = best(result);
  const known = floor < Infinity;
  const gap = (f) => (known ? Math.max(f - floor, 1e-16) : f);
  const curves = result.runs.map((run) => Array.from(run.f, gap));
  const shown = curves.flat().filter((v) => Number.isFinite(v) && v > 0 && v < 1e15);
  const lo = Math.max(1e-12, Math.min(...shown, 1));
  const hi = Math.max(...shown, lo * 10);
  const marks = curves.map((y, i) => ({ type: 'line', x: y.map((_, k) => k), y, color: color(state, result.runs[i].name), dash: i, width: 2.2, key: y.map((_, k) => k),
    title: y.map((v, k) => `${result.runs[i].name}, step ${k}\n${known ? 'f − f*' : 'f'} ${formatNumber(v)}`) }));
  if (result.bound) marks.push({ type: 'line', x: Array.from(result.bound, (_, k) => k), y: Array.from(result.bound), color: 'muted', dash: 2, label: 'bound L‖x₀ − x*‖² / 2k', sym: 'bound' });
  marks.push({ type: 'rule', x: Math.min(state.step, result.steps), draggable: true, name: 'step', color: 'fg' });
  return { id: 'loss', title: known ? 'Distance to the lowest value' : 'Value', width: 0.85, narrow: 0.7, x: { domain: [0, result.steps], label: 'step', short: 'step' }, y: { domain: [lo, hi], log: true, label: known ? 'f − f*' : 'f', short: 'f' }, marks };
}

/** What the optimizers remember, one variable: the lists that the step API shows (m, v, velocity …). */
function statePlot(result, state) {
  const marks = [];
  result.runs.forEach((run) => {
    Object.entries(run.state ?? {}).forEach(([name, values], j) => {
      const dims = values.length / run.x.length;
      const y = Array.from({ length: run.x.length }, (_, k) => values[k * dims + Math.min(state.variable, dims - 1)]);
      marks.push({ type: 'line', x: y.map((_, k) => k), y, color: color(state, run.name), dash: j, label: `${run.name} ${name}`, key: y.map((_, k) => k), sym: name,
        title: y.map((v, k) => `${run.name} ${name}, step ${k}: ${formatNumber(v)}`) });
    });
  });
  const shown = marks.flatMap((m) => m.y).filter((v) => Number.isFinite(v) && Math.abs(v) < 1e12);
  const [lo, hi] = [Math.min(0, ...shown), Math.max(0, ...shown, 1e-9)];
  marks.push({ type: 'rule', x: Math.min(state.step, result.steps), color: 'fg' });
  return { id: 'state', row: 1, height: 0.3, narrow: 0.7, title: `What they remember for x${'₁₂'[state.variable] ?? '₁'}`, x: { domain: [0, result.steps], label: 'step' }, y: { domain: [lo, hi * 1.05] }, marks };
}

function summarize(result, state) {
  const k = Math.min(state.step, result.steps);
  const at = result.runs.map((run) => ({ name: run.name, f: run.f[k], run })).sort((a, b) => (Number.isFinite(a.f) ? a.f : Infinity) - (Number.isFinite(b.f) ? b.f : Infinity));
  const good = at.filter((r) => Number.isFinite(r.f) && !(r.run.diverged >= 0 && r.run.diverged <= k));
  const lost = at.filter((r) => !good.includes(r));
  const texts = [];
  if (good.length === 1 && at.length === 1) texts.push(`After ${k} steps ${good[0].name} is at ${formatNumber(good[0].run.x[k], 3)}, ${formatNumber(good[0].run.y[k], 3)} with f = ${formatNumber(good[0].f)}.`);
  else if (good.length) texts.push(`After ${k} steps ${good[0].name} is lowest with f = ${formatNumber(good[0].f)}${good.length > 1 ? `; ${good.slice(1).map((r) => `${r.name} ${formatNumber(r.f)}`).join(', ')}` : ''}.`);
  for (const r of lost) texts.push(`${title(r.name)} flew off at step ${r.run.diverged >= 0 ? r.run.diverged : k}: each step overshoots the valley by more than the last. A smaller learning rate holds it.`);
  return texts.join(' ');
}

function scene(result, state, attrs) {
  const k = Math.min(state.step, result.steps);
  const plots = [mapPlot(result, state)];
  if (attrs.show.includes('loss')) plots.push(lossPlot(result, state));
  if (attrs.show.includes('state') && result.runs.some((r) => Object.keys(r.state ?? {}).length)) plots.push(statePlot(result, state));
  const columns = ['step', ...result.runs.flatMap((r) => [`${r.name} f`, `${r.name} x₁`, `${r.name} x₂`])];
  const rows = Array.from({ length: k + 1 }, (_, i) => [i, ...result.runs.flatMap((r) => [r.f[i], r.x[i], r.y[i]])]);
  return { plots, summary: summarize(result, state), objective: result.runs.length === 1 ? result.runs[0].f[k] : undefined, table: { columns, rows },
    readouts: result.runs.slice(0, 6).map((r) => ({ label: `${r.name}: f`, value: r.f[k] })) };
}

export default {
  kind: 'descent',
  lists: ['objective', 'optimizer'],
  attrs: {
    surface: { type: 'text', default: 'rosenbrock' },
    optimizers: { type: 'list', default: 'gd' },
    settings: { type: 'text', default: '' },
    start: { type: 'text' },
    steps: { type: 'integer', default: 100 },
    step: { type: 'integer' },
    noise: { type: 'number', default: 0 },
    bound: { type: 'bool', default: false },
    show: { type: 'list', default: 'loss', choices: ['loss', 'state'] },
  },
  cosmetic: ['step', 'variable'],
  linked: ['step', 'start', 'surface', 'steps', 'seed'],
  state(attrs, things) {
    const start = attrs.start ? attrs.start.split(',').map(Number) : null;
    const [surface, settings] = attrs.surface.split(':');
    return { surface, optimizers: attrs.optimizers, params: readSettings(`${attrs.settings} ${settings ?? ''}`, things, surface), start, steps: attrs.steps, step: attrs.step ?? attrs.steps, noise: attrs.noise,
      seed: attrs.seed ?? 1, variable: 0 };
  },
  controls,
  compute,
  scene,
  changed(state, name, attrs, before) {
    if (name === 'surface') return { ...state, start: null };
    if (name === 'optimizers' && state.optimizers.length === 0) return before;
    return state;
  },
  drag: (state, { plot, x, y }) => (plot === 'map' ? { ...state, start: [x, y] } : { ...state, step: Math.max(0, Math.round(x)) }),
  click: (state, { plot, x }) => (plot === 'loss' ? { ...state, step: Math.max(0, Math.round(x)) } : state),
};
