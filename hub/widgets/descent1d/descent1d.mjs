// Gradient descent on a function of one variable: the tangent at the point in hand, the next step, and what happens when
// the learning rate is too large.

import { formatNumber } from '../../runtime/format.mjs';
import { thingList } from '../../runtime/controls.mjs';

const SPAN = { bowl: [-4, 4], double_well: [-2, 2] };

function spelled(state) {
  const settings = Object.entries(state.params[state.surface] ?? {}).map(([k, v]) => `${k}=${v}`).join(' ');
  return settings ? `${state.surface}:${settings}` : state.surface;
}

async function compute(ken, state) {
  const [from, to] = SPAN[state.surface] ?? [-3, 3];
  const curve = ken.probe('curve', { surface: spelled(state), from, to, n: 240 });
  const run = ken.probe('walk', { surface: spelled(state), start: state.start, steps: state.steps, optimizer: `${state.optimizer}:learning_rate=${state.rate}` });
  return { ...curve, run, from, to, steps: run.x.length - 1 };
}

function scene(r, state) {
  const { run } = r;
  const k = Math.min(state.step, r.steps);
  const [lo, hi] = [Math.min(...r.f), Math.max(...r.f)];
  const y = [lo - 0.08 * (hi - lo), hi];
  const at = (i) => [run.x[i], run.f[i]];
  const [x0, f0] = at(k);
  const slope = run.slope[k];
  const reach = (r.to - r.from) * 0.16;
  const xs = Array.from({ length: k + 1 }, (_, i) => run.x[i]);
  const fs = xs.map((_, i) => run.f[i]);
  const steps = xs.map((_, i) => i);
  const inside = Number.isFinite(x0) && Number.isFinite(slope);
  const curve = { id: 'curve', title: 'The function', width: 1.2, x: { domain: [r.from, r.to], label: 'x' }, y: { domain: y, label: 'f(x)', short: 'f' }, marks: [
    { type: 'line', x: r.x, y: r.f, color: 'fg', width: 2, hover: false, label: 'f' },
    ...(inside ? [{ type: 'line', x: [x0 - reach, x0 + reach], y: [f0 - slope * reach, f0 + slope * reach], color: 'c3', width: 2.5, label: `tangent, slope ${formatNumber(slope, 3)}`, hover: false, sym: 'gradient' }] : []),
    { type: 'line', x: xs, y: fs, color: 'c2', width: 1.5, hover: false, opacity: 0.7 },
    { type: 'points', x: xs, y: fs, color: 'c2', size: xs.map((_, i) => (i === k ? 7 : 3.5)), key: steps, title: steps.map((i) => `step ${i}: x ${formatNumber(xs[i])}, f ${formatNumber(fs[i])}`), legend: [{ text: 'steps', color: 'c2' }] },
    { type: 'points', x: [run.x[0]], y: [run.f[0]], color: 'c1', shape: 3, size: 8, draggable: true, drag: 'x', name: 'start', label: 'start (drag)' }] };
  const shown = Array.from(run.f).filter((v) => Number.isFinite(v) && Math.abs(v) < 1e12);
  const lossAxis = [Math.min(...shown), Math.max(...shown)];
  const room = (lossAxis[1] - lossAxis[0] || 1) * 0.06;
  const loss = { id: 'loss', title: 'Value by step', width: 0.8, x: { domain: [0, Math.max(1, r.steps)], label: 'step' }, y: { domain: [lossAxis[0] - room, lossAxis[1] + room], label: 'f', short: 'f' }, marks: [
    { type: 'line', x: Array.from(run.f, (_, i) => i), y: Array.from(run.f), color: 'c2', width: 2, key: Array.from(run.f, (_, i) => i) }, { type: 'rule', x: k, color: 'c1', draggable: true, name: 'step' }] };
  const next = inside && k < r.steps ? ` The slope there is ${formatNumber(slope, 3)}, so the next step is ${formatNumber(run.x[k + 1] - x0, 3)}.` : '';
  const diverged = run.diverged >= 0 || Math.abs(run.x.at(-1)) > 50 * (r.to - r.from);
  const why = diverged ? ` With rate ${formatNumber(state.rate)} each step jumps over the valley and lands higher than before: it diverges. A smaller rate holds it.` : '';
  return { plots: [curve, loss], summary: `Step ${k}: x = ${formatNumber(x0)}, f = ${formatNumber(f0)}.${next}${why}`, objective: f0, readouts: [{ label: 'x', value: x0 }, { label: 'f(x)', value: f0 }, { label: 'slope', value: slope, sym: 'gradient' }],
    table: { columns: ['step', 'x', 'f', 'slope'], main: 'f', rows: Array.from(run.x, (v, i) => [i, v, run.f[i], run.slope[i]]) } };
}

const label = (things, name) => (thingList(things).find((t) => t.name === name)?.title ?? name).split(/[:,]/)[0];

export default {
  kind: 'descent1d',
  attrs: { surface: { type: 'text', default: 'bowl', choices: ['bowl', 'double_well'] }, optimizer: { type: 'text', default: 'gd', choices: ['gd', 'momentum', 'nesterov', 'adam'] }, rate: { type: 'number', default: 0.2 }, start: { type: 'number' }, steps: { type: 'integer', default: 20 }, step: { type: 'integer', default: 0 } },
  cosmetic: ['step'],
  linked: ['step', 'start'],
  state: (attrs) => ({ surface: attrs.surface, optimizer: attrs.optimizer, rate: attrs.rate, start: attrs.start ?? (attrs.surface === 'double_well' ? 1.7 : 3), steps: attrs.steps, step: attrs.step, params: {} }),
  controls: (attrs, things, state) => [
    { name: 'rate', type: 'range', min: 0.001, max: 3, most: 100, scale: 'log', label: 'Learning rate', doc: 'length of the step per unit of slope' },
    { name: 'optimizer', type: 'choice', label: 'Method', choices: ['gd', 'momentum', 'nesterov', 'adam'].map((value) => ({ value, label: label(things, value) })) },
    { name: 'surface', type: 'choice', label: 'Function', choices: ['bowl', 'double_well'].map((value) => ({ value, label: label(things, value) })) },
    ...(state.surface === 'double_well' ? [{ name: 'params.double_well.tilt', from: 'double_well.tilt' }] : []),
    { name: 'steps', type: 'range', min: 5, max: 100, step: 5, integer: true, label: 'Steps in all', more: true },
    { name: 'step', type: 'scrub', label: 'Step', min: 0, max: 'result.steps' },
  ],
  compute,
  scene,
  changed: (state, name) => (name === 'surface' ? { ...state, start: state.surface === 'double_well' ? 1.7 : 3 } : state),
  drag: (state, { plot, x }) => (plot === 'curve' ? { ...state, start: x } : { ...state, step: Math.max(0, Math.round(x)) }),
  click: (state, { plot, x }) => (plot === 'loss' ? { ...state, step: Math.max(0, Math.round(x)) } : state),
};
