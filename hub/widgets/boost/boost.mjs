// Gradient boosting on one feature: the sum so far, what is left, the next small tree that is fitted to what is left, the
// gain of each of its splits, and the loss on rows it trains on and rows it does not.

import { formatNumber } from '../../runtime/format.mjs';
import { padded, range } from '../../runtime/data.mjs';

const CURVE = 180;
const round = (v) => Math.round(v * 100) / 100;
const held = (i) => i % 4 === 3; // every fourth row is for validation

function rowsOf(ken, state, env) {
  if (state.points) return state.points;
  if (env.data) {
    const [x, y] = [env.data.table.values(env.data.pick.x), env.data.table.values(env.data.pick.y)];
    return Array.from(x, (v, i) => [v, y[i]]).filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b)).slice(0, 2000).sort((a, b) => a[0] - b[0]);
  }
  const s = ken.probe('sample', { shape: state.shape, n: state.n, noise: state.noise, seed: state.seed });
  return Array.from(s.x, (x, i) => [round(x), round(s.y[i])]);
}

const columns = (points) => ({ x: points.map((p) => p[0]), y: points.map((p) => p[1]) });

async function compute(ken, state, attrs, env) {
  const points = rowsOf(ken, state, env);
  const train = points.filter((_, i) => !held(i));
  const check = points.filter((_, i) => held(i));
  const domain = padded(points.map((p) => p[0]), 0.03);
  ken.seed(state.seed);
  const model = ken.model('boosting', { trees: state.trees, learning_rate: state.learning_rate, max_depth: state.max_depth, max_leaves: 2 ** state.max_depth, l1: state.l1, l2: state.l2, min_gain: state.min_gain, min_leaf_rows: state.min_leaf_rows,
    row_fraction: state.row_fraction, column_fraction: 1, linear_leaves: 'off', early_stopping: 'off' });
  const table = ken.table(columns(train));
  model.fit(table, 'y', { task: 'regress' });
  await env.slice();
  const xs = range(domain, CURVE);
  const curve = ken.probe('staged', { model, table: ken.table({ x: xs }) });
  const onTrain = ken.probe('staged', { model, table, target: 'y' });
  const onCheck = check.length ? ken.probe('staged', { model, table: ken.table(columns(check)), target: 'y' }) : null;
  const steps = curve.trees;
  const step = Math.min(state.step, steps);
  const n = train.length;
  const margin = onTrain.margin.subarray(step * n, (step + 1) * n);
  const gradient = train.map((p, i) => margin[i] - p[1]);
  const gain = ken.probe('gain_curve', { table: ken.table({ x: train.map((p) => p[0]), g: gradient }), column: 'x', gradient: 'g', l2: Math.max(0, state.l2) });
  return { points, train, check, domain, xs, margin: curve.margin, steps, step, left: train.map((p, i) => p[1] - margin[i]), gain, trainLoss: onTrain.loss, checkLoss: onCheck?.loss ?? null };
}

const stage = (r, k) => Array.from(r.margin.subarray(k * CURVE, (k + 1) * CURVE));

function fitPlot(r) {
  const now = stage(r, r.step);
  const marks = [
    { type: 'segments', x0: r.train.map((p) => p[0]), x1: r.train.map((p) => p[0]), y0: r.train.map((p, i) => p[1] - r.left[i]), y1: r.train.map((p) => p[1]), color: 'c2', width: 1.5, opacity: 0.7, sym: 'residual', key: r.train.map((_, i) => i) },
    { type: 'points', x: r.train.map((p) => p[0]), y: r.train.map((p) => p[1]), color: 'fg', size: 3.6, key: r.train.map((_, i) => i), draggable: r.train.length <= 150, name: 'row', removable: true, legend: [{ text: 'training row', color: 'fg' }], title: r.train.map((p, i) => `x ${formatNumber(p[0])}, y ${formatNumber(p[1])}\nleft over ${formatNumber(r.left[i])}`) },
    { type: 'points', x: r.check.map((p) => p[0]), y: r.check.map((p) => p[1]), color: 'fg', hollow: true, size: 3.6, legend: [{ text: 'validation row', color: 'fg', hollow: true }] },
    { type: 'line', x: r.xs, y: now, color: 'c1', width: 2.5, label: `sum of ${r.step} ${r.step === 1 ? 'tree' : 'trees'}`, hover: false, sym: 'model' },
  ];
  return { id: 'fit', title: 'The sum so far', height: 0.4, narrow: 0.75, x: { domain: r.domain, label: 'x' }, y: { domain: padded(r.points.map((p) => p[1]), 0.1), label: 'y' }, marks };
}

function leftPlot(r, state) {
  const all = [...r.left, ...r.points.map((p) => p[1])];
  const spread = Math.max(...all.map(Math.abs)) || 1;
  const next = r.step < r.steps ? stage(r, r.step + 1).map((v, i) => (v - r.margin[r.step * CURVE + i])) : null;
  const marks = [{ type: 'rule', y: 0, color: 'muted', dash: 0, width: 1 },
    { type: 'points', x: r.train.map((p) => p[0]), y: r.left, color: 'c2', shape: 3, size: 4, label: 'left over', key: r.train.map((_, i) => i), sym: 'residual', title: r.left.map((v, i) => `x ${formatNumber(r.train[i][0])}\nleft over ${formatNumber(v)}`) }];
  if (next) {
    marks.push({ type: 'line', x: r.xs, y: next.map((v) => v / state.learning_rate), color: 'c3', dash: 2, width: 1.6, label: 'next tree, whole', hover: false });
    marks.push({ type: 'line', x: r.xs, y: next, color: 'c3', width: 2.6, label: `× rate ${formatNumber(state.learning_rate)}: what is added`, hover: false, sym: 'learning_rate' });
  }
  const reach = Math.min(spread, Math.max(...r.left.map(Math.abs), ...(next ?? [0]).map((v) => Math.abs(v / state.learning_rate)), spread / 8)) * 1.1;
  return { id: 'left', title: 'What is left', height: 0.4, narrow: 0.75, x: { domain: r.domain, label: 'x' }, y: { domain: [-reach, reach], label: 'y − sum', short: 'left over' }, marks };
}

function gainPlot(r, state) {
  const best = r.gain.gain.reduce((a, v, i, list) => (v > list[a] ? i : a), 0);
  const top = Math.max(...r.gain.gain, state.min_gain, 1e-9);
  const { left_G: GL, left_H: HL, G, H } = r.gain;
  return { id: 'gain', row: 1, title: 'Gain of the next tree’s first split', height: 0.36, narrow: 0.7, x: { domain: r.domain, label: 'threshold' }, y: { domain: [0, top * 1.1], label: 'gain' }, marks: [
    { type: 'line', x: r.gain.threshold, y: r.gain.gain, color: 'c1', width: 2.2, label: 'GL²/(HL+λ) + GR²/(HR+λ) − G²/(H+λ)', sym: 'gain', title: Array.from(r.gain.gain, (v, i) => `x ≤ ${formatNumber(r.gain.threshold[i])}: gain ${formatNumber(v)}\nGL ${formatNumber(GL[i], 3)}, HL ${formatNumber(HL[i], 3)}\nGR ${formatNumber(G - GL[i], 3)}, HR ${formatNumber(H - HL[i], 3)}`) },
    ...(state.min_gain > 0 ? [{ type: 'rule', y: state.min_gain, color: 'c2', text: 'least gain γ', draggable: true, name: 'least gain', sym: 'gamma' }] : []),
    ...(r.gain.gain.length ? [{ type: 'points', x: [r.gain.threshold[best]], y: [r.gain.gain[best]], color: 'c1', size: 6, shape: 3 }] : [])] };
}

function lossPlot(r) {
  const steps = Array.from(r.trainLoss, (_, k) => k);
  const all = [...r.trainLoss, ...(r.checkLoss ?? [])].filter((v) => v > 0);
  const best = r.checkLoss ? r.checkLoss.reduce((a, v, i, list) => (v < list[a] ? i : a), 0) : -1;
  const series = (y, more) => ({ type: 'line', x: steps, y: Array.from(y), width: 2.2, key: steps.map((k) => `t${k}`), ...more });
  return { id: 'loss', row: 1, title: 'Mean square by number of trees', height: 0.36, narrow: 0.7, x: { domain: [0, r.steps], label: 'trees' }, y: { domain: [Math.min(...all) * 0.9, Math.max(...all) * 1.1], log: true, label: 'loss', short: 'loss' }, marks: [
    series(r.trainLoss, { color: 'fg', label: 'training' }), ...(r.checkLoss ? [series(r.checkLoss, { color: 'c2', dash: 1, label: 'validation' }), { type: 'points', x: [best], y: [r.checkLoss[best]], color: 'c2', shape: 6, size: 7, title: [`lowest: ${formatNumber(r.checkLoss[best])} with ${best} trees`] }] : []),
    { type: 'rule', x: r.step, color: 'c1', draggable: true, name: 'trees' }] };
}

function scene(r, state) {
  const best = r.checkLoss ? r.checkLoss.reduce((a, v, i, list) => (v < list[a] ? i : a), 0) : -1;
  const top = Math.max(0, ...r.gain.gain);
  const advice = !r.checkLoss ? '' : r.step > best + 3 && r.checkLoss[r.step] > 1.05 * r.checkLoss[best] ? ` Validation rows were best after ${best} ${best === 1 ? 'tree' : 'trees'} (${formatNumber(r.checkLoss[best], 3)}): since then the trees learn noise.` : ` Validation rows are best after ${best} ${best === 1 ? 'tree' : 'trees'} (${formatNumber(r.checkLoss[best], 3)}).`;
  const stuck = top <= state.min_gain ? ' No split brings more than the least gain, so trees stay single leaves.' : '';
  const summary = `After ${r.step} ${r.step === 1 ? 'tree' : 'trees'} the mean square is ${formatNumber(r.trainLoss[r.step], 3)} on training rows${r.checkLoss ? ` and ${formatNumber(r.checkLoss[r.step], 3)} on validation rows` : ''}.${advice}${stuck}`;
  return { plots: [fitPlot(r), leftPlot(r, state), gainPlot(r, state), lossPlot(r)], summary, objective: r.trainLoss[r.step],
    readouts: [{ label: 'training loss', value: r.trainLoss[r.step], sym: 'loss' }, ...(r.checkLoss ? [{ label: 'validation loss', value: r.checkLoss[r.step] }, { label: 'best number of trees', value: best }] : []), { label: 'best gain next', value: top, sym: 'gain' }],
    table: { columns: ['trees', 'training loss', 'validation loss'], main: r.checkLoss ? 'validation loss' : 'training loss', rows: Array.from(r.trainLoss, (v, k) => [k, v, r.checkLoss ? r.checkLoss[k] : null]) } };
}

/** Numbers among all rows of those that train: marks count only these. */
const trainIndex = (points, index) => points.map((_, i) => i).filter((i) => !held(i))[index];

export default {
  kind: 'boost',
  needs: ['boosting'],
  attrs: { shape: { type: 'text', default: 'wave', choices: ['line', 'quadratic', 'step', 'wave'] }, n: { type: 'integer', default: 80 }, noise: { type: 'number', default: 0.6 }, trees: { type: 'integer', default: 60 }, step: { type: 'integer', default: 5 },
    learning_rate: { type: 'number', default: 0.3 }, max_depth: { type: 'integer', default: 2 }, l2: { type: 'number', default: 1 }, min_gain: { type: 'number', default: 0 } },
  own: [{ name: 'x', type: 'number', label: 'Feature' }, { name: 'y', type: 'number', label: 'Target' }],
  state: (attrs) => ({ shape: attrs.shape, n: attrs.n, noise: attrs.noise, trees: attrs.trees, step: attrs.step, learning_rate: attrs.learning_rate, max_depth: attrs.max_depth, l1: 0, l2: attrs.l2, min_gain: attrs.min_gain, min_leaf_rows: 2, row_fraction: 1, seed: attrs.seed ?? 1, points: null }),
  controls: () => [
    { name: 'learning_rate', from: 'boosting.learning_rate', min: 0.02, max: 1, scale: 'log' },
    { name: 'max_depth', from: 'boosting.max_depth', min: 1, max: 6 },
    { name: 'l2', from: 'boosting.l2', label: 'L2 λ', min: 0, max: 50, step: 0.5, scale: 'linear' },
    { name: 'min_gain', from: 'boosting.min_gain', label: 'Least gain γ', min: 0, max: 20, step: 0.1, scale: 'linear' },
    { name: 'min_leaf_rows', from: 'boosting.min_leaf_rows', min: 1, max: 20, more: true }, { name: 'row_fraction', from: 'boosting.row_fraction', min: 0.2, max: 1, step: 0.05, scale: 'linear', more: true }, { name: 'l1', from: 'boosting.l1', min: 0, max: 10, step: 0.1, scale: 'linear', more: true },
    { name: 'noise', type: 'range', min: 0, max: 2, step: 0.1, label: 'Noise', more: true }, { name: 'shape', type: 'choice', label: 'Truth', choices: ['wave', 'step', 'quadratic', 'line'], more: true },
    { name: 'trees', type: 'range', min: 10, max: 200, step: 10, most: 1000, integer: true, label: 'Trees in all', more: true },
    { name: 'seed', type: 'button', label: 'New rows', press: (state) => ({ ...state, seed: state.seed + 1, points: null }), more: true },
    { name: 'step', type: 'scrub', label: 'Trees', min: 0, max: 'result.steps' },
  ],
  compute,
  scene,
  changed: (state, name) => (['noise', 'shape'].includes(name) ? { ...state, points: null } : state),
  drag(state, { plot, index, x, y }, attrs, result) {
    if (plot === 'loss') return { ...state, step: Math.max(0, Math.round(x)) };
    if (plot === 'gain') return { ...state, min_gain: Math.max(0, y) };
    const at = trainIndex(result.points, index);
    return { ...state, points: result.points.map((p, i) => (i === at ? [x, y] : p)) };
  },
  click: (state, { plot, x }) => (plot === 'loss' ? { ...state, step: Math.max(0, Math.round(x)) } : state),
  add: (state, { plot, x, y }, attrs, result) => (plot === 'fit' ? { ...state, points: [...result.points, [x, y]] } : state),
  remove: (state, { plot, index }, attrs, result) => (plot === 'fit' ? { ...state, points: result.points.filter((_, i) => i !== trainIndex(result.points, index)) } : state),
  adopt: (state) => ({ ...state, points: null }),
};
