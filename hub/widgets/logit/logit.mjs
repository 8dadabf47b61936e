// Logistic regression: drag points of two classes; the plane of probabilities and its boundary, the sigmoid with each row
// on it, the loss over two weights with the way of the solver, the loss by step. One feature or two.

import { formatNumber } from '../../runtime/format.mjs';
import { gridPoints, padded, range } from '../../runtime/data.mjs';

const MAP = 40;
const LOSS = 44;
const MOST = 60;

const DEFAULTS = {
  1: [[1, 0], [1.6, 0], [2.3, 0], [2.9, 0], [3.4, 1], [4.1, 0], [4.6, 1], [5.2, 1], [5.9, 1], [6.6, 1], [3.1, 0], [7.2, 1]].map(([x, c]) => [x, 0, c]),
  2: [[1.2, 2, 0], [2, 1.1, 0], [1.6, 3.4, 0], [2.9, 2.2, 0], [3.4, 3.6, 0], [2.4, 4.6, 0], [4.4, 2.6, 1], [5.1, 4.1, 1], [3.9, 5, 1], [5.8, 2.9, 1], [6.3, 5, 1], [5.2, 5.9, 1], [3.1, 2.9, 1], [4.6, 3.4, 0]],
};

function pointsOf(state, attrs, env) {
  if (state.points) return state.points;
  if (!env.data) return DEFAULTS[attrs.features];
  const { table, pick } = env.data;
  const c = table.values(pick.class);
  const classes = [...new Set(c)].filter(Number.isFinite).sort((a, b) => a - b).slice(0, 2);
  const [x, y] = [table.values(pick.x), attrs.features === 2 ? table.values(pick.y) : null];
  return Array.from(x, (v, i) => [v, y ? y[i] : 0, classes.indexOf(c[i])]).filter((p) => p.every(Number.isFinite) && p[2] >= 0).slice(0, 800);
}

const columns = (points, two) => ({ x: points.map((p) => p[0]), ...(two ? { y: points.map((p) => p[1]) } : {}), c: { codes: points.map((p) => p[2]), levels: ['0', '1'] } });

/** The loss where all weights are 0, as a sum over the rows like the objective of the model. */
const startLoss = (ken, table) => table.rows * ken.probe('loss_points', { table, a: 'x', target: 'c', loss: 'logistic', u: [0], v: [0] }).z[0];

/** The solver step by step: weights, intercept and loss of each. */
function follow(ken, state, table, step) {
  const settings = { l2: state.l2, solver: state.solver, max_iter: MOST };
  const trace = ken.model('logistic', settings).trace(table, 'c', { task: 'classify' });
  const way = [];
  for (let k = 1; k <= MOST; k++) {
    trace.seek(k);
    const { at } = trace;
    if (at.iteration < k) break;
    way.push({ coef: Array.from(at.views.coef.data), intercept: at.views.intercept.data[0], loss: at.objective });
  }
  trace.end();
  const zeros = way[0].coef.map(() => 0); // where every solver starts: all probabilities are 1/2
  way.unshift({ coef: zeros, intercept: 0, loss: startLoss(ken, table) });
  if (step === 0) return { way, model: null };
  const model = ken.model('logistic', settings);
  const here = model.trace(table, 'c', { task: 'classify' });
  here.seek(Math.min(step, way.length - 1));
  here.end();
  return { way, model };
}

async function compute(ken, state, attrs, env) {
  const two = attrs.features === 2;
  const points = pointsOf(state, attrs, env);
  const x = padded(points.map((p) => p[0]), 0.12);
  const y = two ? padded(points.map((p) => p[1]), 0.12) : [-0.08, 1.08];
  const kinds = new Set(points.map((p) => p[2]));
  if (kinds.size < 2) return { points, x, y, two, one: true, steps: 0 };
  const table = ken.table(columns(points, two));
  const { way, model } = follow(ken, state, table, state.step);
  const steps = way.length - 1;
  const step = Math.min(state.step, steps);
  const proba = (t) => {
    if (!model) return new Float64Array(t.rows).fill(0.5);
    const p = model.predict(t, 'proba');
    return Float64Array.from({ length: p.data.length / p.width }, (_, i) => p.data[i * p.width + 1]);
  };
  await env.slice();
  const margins = (t) => (model ? model.predict(t, 'margin').data : new Float64Array(t.rows));
  const margin = Array.from(margins(table));
  const mine = Array.from(proba(table));
  const grid = two ? gridPoints(x, y, MAP, MAP) : null;
  const z = two ? proba(ken.table({ x: grid.x, y: grid.y })) : null;
  const line = two ? null : range(x, 160);
  const curve = two ? null : { x: line, proba: proba(ken.table({ x: line })), margin: margins(ken.table({ x: line })) };
  return { points, x, y, two, way, steps, step, margin, mine, z, curve, loss: lossMap(ken, points, way, two, state) };
}

/** Loss over (weight, intercept), or over both weights with the intercept of the last step. */
function lossMap(ken, points, way, two, state) {
  const last = way.at(-1);
  const of = (w) => (two ? [w.coef[0], w.coef[1]] : [w.coef[0], w.intercept]);
  const path = way.map(of);
  const center = path.at(-1);
  const reach = [0, 1].map((j) => 1.35 * Math.max(0.5, ...path.map((p) => Math.abs(p[j] - center[j])), Math.abs(center[j])));
  const window = { x: [center[0] - reach[0], center[0] + reach[0]], y: [center[1] - reach[1], center[1] + reach[1]] };
  const table = ken.table({ x: points.map((p) => p[0]), y: points.map((p) => p[1]), rest: points.map(() => (two ? last.intercept : 0)), c: points.map((p) => p[2]) });
  const half = state.l2 / 2 / points.length;
  const { z } = ken.probe('loss_map', { table, a: 'x', ...(two ? { b: 'y', rest: 'rest' } : {}), target: 'c', loss: 'logistic', l2: half, x: window.x, y: window.y, nx: LOSS, ny: LOSS });
  return { z, window, path };
}

const COLORS = ['c1', 'c2'];
const pointTitles = (r) => r.points.map((p, i) => `class ${p[2]}\nprobability of 1: ${formatNumber(r.mine?.[i], 3)}\nlog odds ${formatNumber(r.margin?.[i], 3)}`);

const pointMark = (r, more) => ({ type: 'points', x: r.points.map((p) => p[0]), y: r.points.map((p) => (r.two ? p[1] : p[2])), color: r.points.map((p) => COLORS[p[2]]), shape: r.points.map((p) => p[2]), draggable: r.points.length <= 150, removable: true, name: 'point', key: r.points.map((_, i) => i),
  title: pointTitles(r), legend: [{ text: 'class 0', color: 'c1', shape: 0 }, { text: 'class 1', color: 'c2', shape: 1 }], size: 6, ...more });

function planePlot(r) {
  if (!r.two) {
    return { id: 'data', title: 'Probability of class 1', width: 1.1, x: { domain: r.x, label: 'x' }, y: { domain: r.y, label: 'probability', ticks: [0, 0.25, 0.5, 0.75, 1] }, marks: [
      { type: 'rule', y: 0.5, width: 1 }, { type: 'line', x: r.curve.x, y: r.curve.proba, color: 'c3', width: 2.8, label: 'sigmoid of w x + b', sym: 'sigmoid' },
      { type: 'segments', x0: r.points.map((p) => p[0]), x1: r.points.map((p) => p[0]), y0: r.points.map((p) => p[2]), y1: r.mine, color: r.points.map((p) => COLORS[p[2]]), width: 1, opacity: 0.6, sym: 'loss' }, pointMark(r, { drag: 'xy' })] };
  }
  return { id: 'data', title: 'Probability of class 1', x: { domain: r.x, label: 'x₁' }, y: { domain: r.y, label: 'x₂' }, marks: [
    { type: 'heat', scale: 'diverging', z: r.z, mid: 0.5, domain: [0, 1], nx: MAP, ny: MAP, x: r.x, y: r.y, label: 'probability' },
    { type: 'contours', z: r.z, nx: MAP, ny: MAP, x: r.x, y: r.y, levels: [0.5], color: 'fg', width: 2, fill: false, label: 'boundary: 1/2' }, pointMark(r)] };
}

function sigmoidPlot(r) {
  const reach = Math.max(4, ...r.margin.map((m) => Math.abs(m))) * 1.05;
  const order = r.margin.map((_, i) => i).sort((a, b) => r.margin[a] - r.margin[b]);
  const marks = r.two
    ? [{ type: 'line', x: order.map((i) => r.margin[i]), y: order.map((i) => r.mine[i]), color: 'c3', width: 2, label: 'sigmoid', hover: false, sym: 'sigmoid' }, { type: 'rule', x: 0, width: 1 },
      { type: 'points', x: r.margin, y: r.mine, color: r.points.map((p) => COLORS[p[2]]), shape: r.points.map((p) => p[2]), size: 5, key: r.points.map((_, i) => i), title: pointTitles(r) }]
    : [{ type: 'rule', y: 0, width: 1 }, { type: 'line', x: r.curve.x, y: r.curve.margin, color: 'c3', width: 2.5, label: 'w x + b', sym: 'log_odds' },
      { type: 'points', x: r.points.map((p) => p[0]), y: r.margin, color: r.points.map((p) => COLORS[p[2]]), shape: r.points.map((p) => p[2]), size: 5, key: r.points.map((_, i) => i), title: pointTitles(r) }];
  return r.two ? { id: 'sigmoid', title: 'Log odds to probability', x: { domain: [-reach, reach], label: 'log odds w·x + b' }, y: { domain: [-0.04, 1.04], label: 'probability', ticks: [0, 0.25, 0.5, 0.75, 1] }, marks }
    : { id: 'sigmoid', title: 'Log odds: a line', width: 0.9, x: { domain: r.x, label: 'x' }, y: { domain: [-reach, reach], label: 'log odds' }, marks };
}

function weightsPlot(r) {
  const { z, window, path } = r.loss;
  const some = path.slice(0, r.step + 1);
  return { id: 'weights', row: 1, height: 0.4, title: r.two ? 'Loss over both weights' : 'Loss over weight and intercept', x: { domain: window.x, label: r.two ? 'w₁' : 'w' }, y: { domain: window.y, label: r.two ? 'w₂' : 'b' }, marks: [
    { type: 'contours', z, nx: LOSS, ny: LOSS, x: window.x, y: window.y, levels: 12, log: false, sym: 'loss' },
    { type: 'line', x: path.map((p) => p[0]), y: path.map((p) => p[1]), color: 'c3', width: 1, opacity: 0.4, hover: false },
    { type: 'line', x: some.map((p) => p[0]), y: some.map((p) => p[1]), color: 'c3', width: 2.5, hover: false, label: 'the solver' },
    { type: 'points', x: some.map((p) => p[0]), y: some.map((p) => p[1]), color: 'c3', size: some.map((_, i) => (i === r.step ? 7 : 3)), key: some.map((_, i) => `s${i}`), title: some.map((p, i) => `step ${i}: ${formatNumber(p[0], 3)}, ${formatNumber(p[1], 3)}\nloss ${formatNumber(r.way[i].loss)}`) }] };
}

function lossPlot(r) {
  const steps = r.way.map((_, k) => k);
  const losses = r.way.map((w) => w.loss);
  const [lo, hi] = [Math.min(...losses), Math.max(...losses)];
  return { id: 'loss', row: 1, height: 0.4, title: 'Loss by step', x: { domain: [0, Math.max(1, r.steps)], label: 'step' }, y: { domain: [lo - 0.05 * (hi - lo || 1), hi + 0.05 * (hi - lo || 1)], label: 'loss' }, marks: [
    { type: 'line', x: steps, y: losses, color: 'c1', width: 2, sym: 'loss', key: steps.map((k) => `s${k}`) }, { type: 'points', x: steps, y: losses, color: 'c1', size: 3.5, key: steps.map((k) => `s${k}`) }, { type: 'rule', x: r.step, color: 'c3', draggable: true, name: 'step' }] };
}

function scene(r, state) {
  if (r.one) return { plots: [{ id: 'data', x: { domain: r.x, label: 'x' }, y: { domain: r.y }, marks: [pointMark(r)] }], summary: 'All points are of one class: there is nothing to separate. Double-click adds points; the class is chosen by the switch.', readouts: [], table: null };
  const now = r.way[r.step];
  const right = r.mine.filter((p, i) => (p > 0.5 ? 1 : 0) === r.points[i][2]).length;
  const apart = right === r.points.length && state.l2 < 1e-3 && Math.max(...now.coef.map(Math.abs)) > 8;
  const weights = r.two ? `w = (${formatNumber(now.coef[0], 3)}, ${formatNumber(now.coef[1], 3)})` : `w = ${formatNumber(now.coef[0], 3)}`;
  const odds = r.two ? '' : ` One more unit of x multiplies the odds by ${formatNumber(Math.exp(now.coef[0]), 3)}.`;
  const summary = `Step ${r.step} of ${r.steps}: ${weights}, b = ${formatNumber(now.intercept, 3)}, loss ${formatNumber(now.loss)}. ${right} of ${r.points.length} points are on their side.${odds}${apart ? ' The classes can be separated, so the weights grow without end: a penalty l2 above 0 holds them.' : ''}`;
  return { plots: [planePlot(r), sigmoidPlot(r), weightsPlot(r), lossPlot(r)], summary, objective: now.loss, readouts: [{ label: 'loss', value: now.loss, sym: 'loss' }, { label: 'on their side', value: `${right} of ${r.points.length}` }, ...(r.two ? [] : [{ label: 'odds ratio', value: Math.exp(now.coef[0]) }])],
    table: { columns: ['x₁', ...(r.two ? ['x₂'] : []), 'class', 'log odds', 'probability of 1'], main: 'probability of 1', rows: r.points.map((p, i) => [p[0], ...(r.two ? [p[1]] : []), p[2], r.margin[i], r.mine[i]]) } };
}

export default {
  kind: 'logit',
  needs: ['logistic'],
  attrs: { features: { type: 'integer', default: 2, choices: [1, 2] }, l2: { type: 'number', default: 0.1 }, solver: { type: 'text', default: 'newton', choices: ['newton', 'lbfgs'] }, step: { type: 'integer', default: MOST } },
  own: [{ name: 'x', type: 'number', label: 'x₁' }, { name: 'y', type: 'number', label: 'x₂' }, { name: 'class', type: 'class', label: 'Class' }],
  linked: ['step', 'points'],
  state: (attrs) => ({ points: null, l2: attrs.l2, solver: attrs.solver, step: attrs.step, paint: 1 }),
  cosmetic: ['paint'],
  controls: () => [
    { name: 'l2', from: 'logistic.l2', min: 0.0001, max: 100, scale: 'log', zero: true, label: 'Penalty l2' },
    { name: 'solver', from: 'logistic.solver', choices: ['newton', 'lbfgs'] },
    { name: 'paint', type: 'choice', label: 'New points are', choices: [{ value: 0, label: 'class 0' }, { value: 1, label: 'class 1' }], doc: 'double-click in the plot adds a point' },
    { name: 'step', type: 'scrub', label: 'Step', min: 0, max: 'result.steps' },
  ],
  compute,
  scene,
  drag(state, { plot, index, x, y }, attrs, r) {
    if (plot === 'loss') return { ...state, step: Math.max(0, Math.round(x)) };
    if (plot !== 'data') return state;
    return { ...state, points: r.points.map((p, i) => (i !== index ? p : r.two ? [x, y, p[2]] : [x, 0, y > 0.5 ? 1 : 0])) };
  },
  click: (state, { plot, x }) => (plot === 'loss' ? { ...state, step: Math.max(0, Math.round(x)) } : state),
  add: (state, { plot, x, y }, attrs, r) => (plot === 'data' ? { ...state, points: [...r.points, r.two ? [x, y, state.paint] : [x, 0, y > 0.5 ? 1 : 0]] } : state),
  remove: (state, { plot, index }, attrs, r) => (plot === 'data' && r.points.length > 2 ? { ...state, points: r.points.filter((_, i) => i !== index) } : state),
  adopt: (state) => ({ ...state, points: null }),
};
