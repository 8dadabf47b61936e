// Gradient descent on a function of one variable: the slope where it stands, the step that it takes, and how the value
// falls by step. Computed by the probes `surface` and `descent` with one variable; scrubbing only draws.

import { thingList } from '../../runtime/controls.mjs';
import { formatNumber, significant } from '../../runtime/format.mjs';
import { padded } from '../../runtime/data.mjs';

const CURVE = 320;
const RATES = { double_well: 0.08, rastrigin: 0.003, ackley: 0.05, bowl: 0.3 }; // settle, and not at once
const OPTIMIZERS = ['gd', 'momentum', 'nesterov', 'adam'];
const FLOOR = 1e-12; // the end of the logarithmic axis

const names = (things, state) => thingList(things).filter((t) => t.kind === 'objective' && RATES[t.name] !== undefined).map((t) => t.name).concat(RATES[state.surface] === undefined ? state.surface : []);
const titled = (name) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' ');
const spelled = (state) => `${state.surface}:${Object.entries(state.params[state.surface] ?? {}).map(([k, v]) => `${k}=${v}`).join(' ')}`;

async function compute(ken, state) {
  const surface = spelled(state);
  const curve = ken.probe('surface', { surface, dims: 1, nx: CURVE });
  const start = state.start ?? curve.start[0];
  const { runs: [run] } = ken.probe('descent', { surface, dims: 1, start: [start], steps: state.steps, runs: [{ optimizer: state.optimizer, settings: { learning_rate: state.rate } }] });
  return { ...curve, start, run, steps: state.steps };
}

const last = (r) => (r.run.diverged >= 0 ? r.run.diverged : r.steps);
const least = (r) => r.minima.filter((m) => m.global).reduce((a, m) => Math.min(a, m.value), Infinity);
const nearest = (r, x) => r.minima.reduce((a, m) => (!a || Math.abs(m.x - x) < Math.abs(a.x - x) ? m : a), null);

/** The minimum whose valley the run is in: where it ends, or where it started if it flew off. */
const goal = (r) => nearest(r, r.run.diverged >= 0 || !Number.isFinite(r.run.x[last(r)]) ? r.start : r.run.x[last(r)]);

/** Steps above this rate are thrown out of the valley: 2 / f'' at its floor; exact where the curvature is the same all over. */
const limit = (r, state) => state.optimizer !== 'gd' ? NaN : (r.L !== null ? 2 / r.L : goal(r)?.curvature > 0 ? 2 / goal(r).curvature : NaN);

/** How the run went: 'diverged', 'settled', 'jumping', 'growing', 'zigzag' or 'creeping'. */
export function verdict(r) {
  const { x, slope, diverged } = r.run;
  if (diverged >= 0) return 'diverged';
  const end = last(r);
  const from = Math.max(0, end - 12);
  if (Math.abs(slope[end]) < 1e-3 * Math.max(...r.slope.map(Math.abs))) return 'settled';
  const turns = Array.from({ length: Math.max(0, end - from - 1) }, (_, i) => Math.sign(x[from + i + 1] - x[from + i]) !== Math.sign(x[from + i + 2] - x[from + i + 1])).filter(Boolean).length;
  if (turns < 4) return 'creeping';
  const change = Math.abs(slope[end] / slope[from]);
  return change < 0.7 ? 'zigzag' : change > 1.4 ? 'growing' : 'jumping';
}

const place = (r, k) => ({ x: r.run.x[k], f: r.run.f[k], slope: r.run.slope[k] });

function curvePlot(r, state) {
  const k = Math.min(state.step, last(r));
  const { x: at, f, slope } = place(r, k);
  const [lo, hi] = r.window;
  const y = padded(Array.from(r.z), 0.1);
  const seen = (i) => r.run.x[i] >= lo && r.run.x[i] <= hi && r.run.f[i] <= y[1];
  const inside = seen(k);
  const reach = 0.16 * (hi - lo);
  const steps = Array.from({ length: k + 1 }, (_, i) => i);
  const shown = steps.filter(seen);
  const next = k < last(r) ? r.run.x[k + 1] : NaN;
  const marks = [
    { type: 'area', x: Array.from(r.x), y0: y[0], y1: Array.from(r.z), color: 'muted', opacity: 0.07 },
    { type: 'line', x: Array.from(r.x), y: Array.from(r.z), color: 'fg', width: 2, hover: false, label: 'f(x)' },
    { type: 'points', x: r.minima.map((m) => m.x), y: r.minima.map((m) => m.value), shape: 5, size: 7, color: 'c3', label: 'minimum', sym: 'minimum', title: r.minima.map((m) => `${m.global ? 'lowest' : 'local'} minimum at ${formatNumber(m.x, 3)}\nf ${formatNumber(m.value)}, f″ ${formatNumber(m.curvature)}`) },
    { type: 'line', x: steps.map((i) => r.run.x[i]), y: steps.map((i) => r.run.f[i]), color: 'c1', width: 1.6, opacity: 0.75, hover: false },
    { type: 'points', x: shown.map((i) => r.run.x[i]), y: shown.map((i) => r.run.f[i]), color: 'c1', size: 3.4, key: shown, title: shown.map((i) => `step ${i}: x ${formatNumber(r.run.x[i])}\nf ${formatNumber(r.run.f[i])}, slope ${formatNumber(r.run.slope[i])}`) },
    ...(inside ? [{ type: 'line', x: [at - reach, at + reach], y: [f - slope * reach, f + slope * reach], color: 'c2', width: 2.5, hover: false, label: 'tangent', sym: 'gradient' }] : []),
    ...(inside && Number.isFinite(next) ? [{ type: 'vectors', x: [at], y: [f], dx: [next - at], dy: [0], color: 'c5', width: 2.5, label: 'next step', sym: 'learning_rate' },
      { type: 'segments', x0: [next], x1: [next], y0: [f], y1: [r.run.f[k + 1]], color: 'c5', dash: 2, width: 1.5 }] : []),
    ...(inside ? [{ type: 'points', x: [at], y: [f], color: 'c1', size: 7.5, key: [k], title: [`step ${k}: x ${formatNumber(at)}\nf ${formatNumber(f)}, slope ${formatNumber(slope)}`] }] : []),
    { type: 'points', x: [r.start], y: [r.run.f[0]], color: 'fg', shape: 3, size: 8, draggable: true, drag: 'x', name: 'start', label: 'start' },
  ];
  return { id: 'curve', title: 'The function', width: 1.2, height: 0.5, narrow: 0.95, x: { domain: [lo, hi], label: 'x' }, y: { domain: y, label: 'f(x)', short: 'f' }, marks };
}

const TITLES = { gap: 'Above the lowest value, by step', distance: 'Distance to the minimum, by step', slope: 'Size of the slope, by step' };
const MEASURES = { gap: 'f − lowest', distance: 'distance to the minimum', slope: 'size of the slope' };

/** What the second plot shows, step by step. */
function measured(r, state) {
  const end = goal(r);
  const floor = least(r);
  const of = { gap: (i) => r.run.f[i] - floor, distance: (i) => Math.abs(r.run.x[i] - end.x), slope: (i) => Math.abs(r.run.slope[i]) }[state.measure];
  return Array.from({ length: r.steps + 1 }, (_, i) => (Number.isFinite(r.run.f[i]) ? Math.max(of(i), FLOOR) : NaN));
}

function fallPlot(r, state) {
  const y = measured(r, state);
  const k = Math.min(state.step, last(r));
  const shown = y.filter((v) => Number.isFinite(v) && v < 1e12);
  const [low, high] = [Math.min(...shown, 1), Math.max(...shown, FLOOR * 10)];
  const steps = y.map((_, i) => i);
  return { id: 'fall', title: TITLES[state.measure], height: 0.5, narrow: 0.7, x: { domain: [0, r.steps], label: 'step' }, y: { domain: [low / 1.6, high * 1.6], log: true, label: MEASURES[state.measure], short: MEASURES[state.measure] }, marks: [
    { type: 'line', x: steps, y, color: 'c1', width: 1.2, opacity: 0.5, hover: false },
    { type: 'line', x: steps.slice(0, k + 1), y: y.slice(0, k + 1), color: 'c1', width: 2.4, hover: false },
    { type: 'points', x: steps, y, color: 'c1', size: steps.map((i) => (i === k ? 7 : 3)), opacity: steps.map((i) => (i <= k ? 1 : 0.4)), key: steps, title: steps.map((i) => `step ${i}\n${MEASURES[state.measure]} ${formatNumber(y[i])}`) },
    { type: 'rule', x: k, color: 'fg', draggable: true, name: 'step' }] };
}

function words(r, state, how) {
  const edge = limit(r, state);
  const sign = state.rate > edge ? 'above' : 'below';
  const there = r.L !== null ? `The curvature is ${formatNumber(r.L)} everywhere, so the limit is 2/L = ${formatNumber(edge, 3)}` : Number.isFinite(edge) ? `At the floor of this valley the curvature is ${formatNumber(goal(r).curvature, 3)}: only rates below 2/${formatNumber(goal(r).curvature, 3)} = ${formatNumber(edge, 3)} can rest there` : '';
  const fact = there ? ` ${there}; ${formatNumber(state.rate, 3)} is ${sign} it.` : '';
  const end = r.run.x[last(r)];
  const at = goal(r);
  const trapped = at && !at.global && how === 'settled' ? ` That is a local minimum: the lowest value, ${formatNumber(least(r), 3)}, lies in another valley.` : '';
  const story = {
    diverged: `The run flies off at step ${r.run.diverged}: each step overshoots by more than the last. A smaller rate holds it.`,
    settled: `The run settles at x = ${formatNumber(end, 3)}, f = ${formatNumber(r.run.f[last(r)], 3)}.${trapped}`,
    zigzag: 'The run hops from side to side of the valley, and each hop is shorter than the last: it will settle.',
    growing: 'The run hops from side to side, and each hop is longer than the last: it flies off. A smaller rate holds it.',
    jumping: 'The run jumps to and fro and does not come to rest: the steps are too long for this valley.',
    creeping: `After ${last(r)} steps the run is still on its way at x = ${formatNumber(end, 3)}: the steps are short. A larger rate, or more steps, brings it down.`,
  }[how];
  return `${story}${fact}`;
}

function scene(r, state) {
  const k = Math.min(state.step, last(r));
  const how = verdict(r);
  const { x, f, slope } = place(r, k);
  const where = Number.isFinite(f) ? `Step ${k}: x = ${formatNumber(x)}, f = ${formatNumber(f)}, slope ${formatNumber(slope, 3)}. ` : '';
  return { plots: [curvePlot(r, state), fallPlot(r, state)], summary: `${where}${words(r, state, how)}`, objective: Number.isFinite(f) ? f : undefined,
    readouts: [{ label: 'x', value: x }, { label: 'f(x)', value: f, sym: 'loss' }, { label: 'slope', value: slope, sym: 'gradient' }, { label: state.optimizer === 'gd' ? 'step: −rate × slope' : 'next step', value: k < last(r) ? r.run.x[k + 1] - x : null }, ...(Number.isFinite(limit(r, state)) ? [{ label: r.L !== null ? 'limit 2/L' : 'limit in this valley', value: limit(r, state) }] : [])],
    table: { columns: ['step', 'x', 'f', 'slope'], main: 'f', rows: Array.from({ length: k + 1 }, (_, i) => [i, r.run.x[i], r.run.f[i], r.run.slope[i]]) } };
}

export default {
  kind: 'descent1d',
  lists: ['objective', 'optimizer'],
  needs: ['gd', 'momentum', 'nesterov', 'adam', 'bowl', 'double_well'],
  attrs: { surface: { type: 'text', default: 'double_well' }, rate: { type: 'number' }, optimizer: { type: 'text', default: 'gd', choices: OPTIMIZERS }, start: { type: 'number' }, steps: { type: 'integer', default: 30 }, step: { type: 'integer' }, measure: { type: 'text', default: 'gap', choices: Object.keys(MEASURES) } },
  cosmetic: ['step', 'measure'],
  linked: ['step', 'start', 'surface'],
  state(attrs) {
    const [surface, settings] = attrs.surface.split(':');
    const params = Object.fromEntries((settings ?? '').split(/[\s,]+/).filter(Boolean).map((t) => t.split('=')).map(([k, v]) => [k, Number(v)]));
    return { surface, optimizer: attrs.optimizer, params: { [surface]: params }, rate: attrs.rate ?? RATES[surface] ?? 0.1, start: attrs.start ?? null, steps: attrs.steps, step: attrs.step ?? 0, measure: attrs.measure };
  },
  controls(attrs, things, state) {
    const choices = names(things, state).map((value) => ({ value, label: titled(value) }));
    const own = thingList(things).find((t) => t.name === state.surface)?.parameters ?? [];
    const methods = thingList(things).filter((t) => OPTIMIZERS.includes(t.name)).map((t) => ({ value: t.name, label: t.title.split(/[:,]/)[0] }));
    return [
      { name: 'rate', from: `${state.optimizer}.learning_rate`, min: 0.0005, max: 3, scale: 'log', label: 'Learning rate' },
      ...(choices.length > 1 ? [{ name: 'surface', type: 'choice', label: 'Function', choices }] : []),
      { name: 'measure', type: 'choice', label: 'Show by step', choices: [{ value: 'gap', label: 'value' }, { value: 'distance', label: 'distance' }, { value: 'slope', label: 'slope' }] },
      ...own.filter((p) => p.name !== 'condition').map((p) => ({ name: `params.${state.surface}.${p.name}`, from: `${state.surface}.${p.name}`, more: p.name !== 'tilt' })), // one variable has one curvature
      ...(methods.length > 1 ? [{ name: 'optimizer', type: 'choice', label: 'Method', choices: methods, more: true }] : []),
      { name: 'steps', type: 'range', label: 'Steps', min: 10, max: 200, step: 10, most: 2000, integer: true, more: true, doc: 'how long the run is' },
      { name: 'step', type: 'scrub', label: 'Step', min: 0, max: 'result.steps' },
    ];
  },
  compute,
  scene,
  changed: (state, name, attrs, before) => (name === 'surface' && state.surface !== before.surface ? { ...state, start: null, step: 0, rate: RATES[state.surface] ?? 0.1 } : state),
  drag: (state, { plot, x }) => (plot === 'curve' ? { ...state, start: significant(x, 4) } : { ...state, step: Math.max(0, Math.round(x)) }),
  click: (state, { plot, x }) => (plot === 'fall' ? { ...state, step: Math.max(0, Math.round(x)) } : state),
};
