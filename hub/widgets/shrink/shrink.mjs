// Ridge, lasso and elastic net: the path of all coefficients over the strength of the penalty, and the plane of two of
// them with the loss (given the others), the ball or diamond, and the point where they touch.

import { formatNumber } from '../../runtime/format.mjs';
import { completeRows, metric, numericNames, pretty } from '../../runtime/data.mjs';

const MAP = 48;
const WIDE = 1.6; // the plane is drawn a little wider than high
const STEPS = 200;

const SHAPES = { ridge: 'ball', lasso: 'diamond', elastic_net: 'rounded diamond' };

/** All numbers at the same spread, so that a penalty means the same for each. */
function standardized(ken, state, attrs, env) {
  const source = env.data?.table ?? ken.dataset(attrs.data);
  const target = env.data?.pick.y ?? attrs.target ?? (source.columns.some((c) => c.name === 'price') ? 'price' : numericNames(source).at(-1));
  const all = numericNames(source).filter((n) => n !== target);
  const names = (attrs.features?.length && !env.data ? attrs.features : all).slice(0, 10);
  if (names.length < 2) throw new Error('a penalty needs at least two columns of numbers beside the target');
  const columns = completeRows(source, [...names, target]);
  const features = ken.table(Object.fromEntries(columns.slice(0, -1).map((c) => [c.name, c.values])));
  const scale = ken.model('scale', {});
  scale.fit(features, undefined, {});
  const scaled = scale.transform(features);
  const y = scaleTarget(ken, columns.at(-1).values);
  const table = ken.table({ ...Object.fromEntries(names.map((n, j) => [n, scaled.values(j)])), y });
  return { table, names, target, y, scaled };
}

function scaleTarget(ken, values) {
  const t = ken.table({ y: values });
  const model = ken.model('scale', {});
  model.fit(t, undefined, {});
  return model.transform(t).values(0);
}

const settingsOf = (state, alpha = state.alpha) => (state.model === 'elastic_net' ? { alpha, l1_ratio: state.l1_ratio } : { alpha });

/** Coordinate descent, one coordinate a step: where the coefficients went. */
async function descend(ken, state, table, d, env) {
  if (state.model === 'ridge') return null;
  const model = ken.model(state.model, { ...settingsOf(state), step_unit: 'coordinate', selection: 'cyclic' });
  const trace = model.trace(table, 'y', { task: 'regress' });
  const coef = [];
  const objective = [];
  for (let k = 0; k <= Math.min(STEPS, 12 * d); k++) {
    trace.seek(k);
    const { at } = trace;
    if (k > 0 && at.iteration < k) break;
    coef.push(Array.from(at.views.coef?.data ?? []));
    objective.push(at.objective);
    if (k % 20 === 19) await env.slice();
  }
  trace.end();
  return coef.length > 1 && coef[1].length === d ? { coef: coef.map((c) => (c.length === d ? c : new Array(d).fill(0))), objective } : null;
}

async function compute(ken, state, attrs, env) {
  const { table, names, target, y, scaled } = standardized(ken, state, attrs, env);
  const model = ken.model(state.model, settingsOf(state)).fit(table, 'y', { task: 'regress' });
  const coef = Array.from(model.attr('coef').data);
  const path = ken.probe('reg_path', { table, target: 'y', model: state.model, settings: state.model === 'elastic_net' ? { l1_ratio: state.l1_ratio } : {}, n_alphas: 60 });
  await env.slice();
  const a = Math.max(0, names.indexOf(state.a ?? names[0]));
  const b = state.b && names.includes(state.b) && names.indexOf(state.b) !== a ? names.indexOf(state.b) : a === 0 ? 1 : 0;
  const predicted = model.predict(table).data;
  const rest = predicted.map((v, i) => v - coef[a] * scaled.values(a)[i] - coef[b] * scaled.values(b)[i]);
  const free = ken.model('linear', {}).fit(ken.table({ a: scaled.values(a), b: scaled.values(b), y: y.map((v, i) => v - rest[i]) }), 'y', { task: 'regress' });
  const [u, v] = Array.from(free.attr('coef').data);
  const reach = 1.35 * Math.max(Math.abs(u), Math.abs(v), Math.abs(coef[a]), Math.abs(coef[b]), 0.05);
  const given = ken.table({ a: scaled.values(a), b: scaled.values(b), rest, y });
  const at = (us, vs) => ken.probe('loss_points', { table: given, a: 'a', b: 'b', rest: 'rest', target: 'y', u: us, v: vs }).z;
  const map = ken.probe('loss_map', { table: given, a: 'a', b: 'b', rest: 'rest', target: 'y', x: [-WIDE * reach, WIDE * reach], y: [-WIDE * reach, WIDE * reach], nx: MAP, ny: MAP });
  const [touch, least] = at([coef[a], u], [coef[b], v]);
  const alphas = Array.from(path.alpha);
  const trace = await descend(ken, state, table, names.length, env);
  return { names, target, coef, a, b, free: [u, v], reach, z: map.z, touch, least, alphas, path: path.coef.map((row) => Array.from(row)), trace, r2: metric(ken, 'regress', y, predicted, 'r2'), steps: trace ? trace.coef.length - 1 : 0 };
}

/** The region of equal penalty through the solution: |u| + |v| = t, u² + v² = t², or the mixture. */
function border(state, u, v) {
  const ratio = state.model === 'lasso' ? 1 : state.model === 'ridge' ? 0 : state.l1_ratio;
  const size = (p, q) => ratio * (Math.abs(p) + Math.abs(q)) + ((1 - ratio) / 2) * (p * p + q * q);
  const level = size(u, v);
  const ring = { x: [], y: [] };
  for (let i = 0; i <= 120; i++) {
    const [c, s] = [Math.cos((i * Math.PI) / 60), Math.sin((i * Math.PI) / 60)];
    const [l, q] = [ratio * (Math.abs(c) + Math.abs(s)), (1 - ratio) / 2];
    const radius = q > 0 ? (Math.sqrt(l * l + 4 * q * level) - l) / (2 * q) : l > 0 ? level / l : 0;
    ring.x.push(radius * c);
    ring.y.push(radius * s);
  }
  return ring;
}

function planePlot(r, state) {
  const [u, v] = [r.coef[r.a], r.coef[r.b]];
  const ring = border(state, u, v);
  const marks = [{ type: 'contours', z: r.z, nx: MAP, ny: MAP, x: [-WIDE * r.reach, WIDE * r.reach], y: [-WIDE * r.reach, WIDE * r.reach], levels: levels(r), sym: 'loss' },
    { type: 'line', x: ring.x, y: ring.y, color: 'c2', width: 2.5, label: `equal penalty (${SHAPES[state.model]})`, hover: false, sym: 'penalty' },
    { type: 'rule', x: 0, dash: 0, width: 1 }, { type: 'rule', y: 0, dash: 0, width: 1 }];
  if (r.trace) {
    const k = Math.min(state.step, r.trace.coef.length - 1);
    const some = r.trace.coef.slice(0, k + 1);
    marks.push({ type: 'line', x: some.map((c) => c[r.a]), y: some.map((c) => c[r.b]), color: 'c3', width: 2, label: 'coordinate descent', key: some.map((_, i) => `s${i}`), title: some.map((c, i) => `step ${i}: ${formatNumber(c[r.a], 3)}, ${formatNumber(c[r.b], 3)}`) },
      { type: 'points', x: [some.at(-1)[r.a]], y: [some.at(-1)[r.b]], color: 'c3', shape: 1, size: 5 });
  }
  marks.push({ type: 'points', x: [r.free[0]], y: [r.free[1]], color: 'c1', shape: 5, size: 7, label: 'least squares', title: [`without penalty: ${formatNumber(r.free[0], 3)}, ${formatNumber(r.free[1], 3)}`] },
    { type: 'points', x: [u], y: [v], color: 'c2', size: 7, label: 'touch point', title: [`${formatNumber(u, 3)}, ${formatNumber(v, 3)}`], key: ['solution'] });
  return { id: 'plane', title: 'Two coefficients, given the others', equal: true, height: 0.5, narrow: 0.95, x: { domain: [-r.reach, r.reach], label: pretty(r.names[r.a]) }, y: { domain: [-r.reach, r.reach], label: pretty(r.names[r.b]) }, marks };
}

/** Ellipses around the least loss; one of them goes through the touch point. */
function levels(r) {
  const gap = Math.max(r.touch - r.least, 1e-12);
  const far = Math.max(...r.z) - r.least;
  const out = [gap * 0.25, gap];
  for (let step = gap * 2.2; step < far && out.length < 12; step *= 1.9) out.push(step);
  for (let step = 0.02 * far; out.length < 8; step *= 1.8) out.push(step);
  return [...new Set(out)].sort((a, b) => a - b).map((g) => r.least + g);
}

function pathPlot(r, state) {
  const all = r.path.flat();
  const marks = r.names.map((name, j) => ({ type: 'line', x: r.alphas, y: r.path.map((row) => row[j]), color: j, dash: j, width: j === r.a || j === r.b ? 3 : 1.6, opacity: j === r.a || j === r.b ? 1 : 0.65, label: pretty(name), title: r.alphas.map((a, i) => `${pretty(name)}\nalpha ${formatNumber(a, 2)}: ${formatNumber(r.path[i][j], 3)}`), key: r.alphas.map(() => `f${j}`) }));
  marks.push({ type: 'rule', y: 0, dash: 0, width: 1 }, { type: 'rule', x: state.alpha, color: 'c2', width: 2.5, draggable: true, name: 'alpha', sym: 'lambda' });
  return { id: 'path', title: 'All coefficients', height: 0.5, narrow: 0.9, x: { domain: [Math.min(...r.alphas), Math.max(...r.alphas)], log: true, label: 'alpha (strength of the penalty)', short: 'alpha' }, y: { domain: [Math.min(...all, 0) * 1.08, Math.max(...all, 0) * 1.08 || 1], label: 'coefficient' }, marks };
}

function scene(r, state) {
  const zero = r.names.filter((_, j) => r.coef[j] === 0);
  const name = { ridge: 'Ridge', lasso: 'Lasso', elastic_net: 'Elastic net' }[state.model];
  const most = r.coef.map((_, j) => j).reduce((a, b) => (Math.abs(r.coef[b]) > Math.abs(r.coef[a]) ? b : a), 0);
  const zeros = zero.length ? `${zero.length} of ${r.names.length} coefficients are exactly 0` : state.model === 'ridge' ? 'it shrinks all coefficients and makes none of them 0' : 'no coefficient is 0 yet';
  const summary = `${name} with alpha ${formatNumber(state.alpha, 3)}: ${zeros}; the largest is ${pretty(r.names[most])} with ${formatNumber(r.coef[most], 3)}. Without penalty the two in the plane would be ${formatNumber(r.free[0], 3)} and ${formatNumber(r.free[1], 3)}, here they are ${formatNumber(r.coef[r.a], 3)} and ${formatNumber(r.coef[r.b], 3)}.`;
  return { plots: [planePlot(r, state), pathPlot(r, state)], summary, objective: r.trace?.objective[Math.min(state.step, r.trace.objective.length - 1)],
    readouts: [{ label: 'R² on these rows', value: r.r2 }, { label: 'exactly 0', value: `${zero.length} of ${r.names.length}` }], table: { columns: ['feature', 'coefficient'], rows: r.names.map((n, j) => [pretty(n), r.coef[j]]) } };
}

export default {
  kind: 'shrink',
  needs: ['ridge', 'lasso', 'elastic_net', 'linear', 'scale', 'r2'],
  attrs: { data: { type: 'text', default: 'gen:houses:rows=200' }, target: { type: 'text' }, features: { type: 'list' }, model: { type: 'text', default: 'lasso', choices: ['ridge', 'lasso', 'elastic_net'] }, alpha: { type: 'number' }, a: { type: 'text' }, b: { type: 'text' } },
  cosmetic: ['step'],
  linked: ['a', 'b'],
  own: [{ name: 'y', type: 'number', label: 'Target' }],
  state: (attrs) => ({ model: attrs.model, alpha: attrs.alpha ?? (attrs.model === 'ridge' ? 50 : 0.1), l1_ratio: 0.5, a: attrs.a ?? null, b: attrs.b ?? null, step: STEPS }),
  controls: (attrs, things, state) => [
    { name: 'model', type: 'choice', label: 'Penalty', choices: [{ value: 'ridge', label: 'ridge' }, { value: 'lasso', label: 'lasso' }, { value: 'elastic_net', label: 'elastic net' }] },
    { name: 'alpha', from: `${state.model}.alpha`, min: state.model === 'ridge' ? 0.1 : 0.001, max: state.model === 'ridge' ? 1e5 : 1, zero: state.model === 'ridge' },
    ...(state.model === 'elastic_net' ? [{ name: 'l1_ratio', from: 'elastic_net.l1_ratio', min: 0, max: 1, step: 0.05, scale: 'linear' }] : []),
    ...(attrs.features?.length > 2 ? ['a', 'b'].map((n) => ({ name: n, type: 'choice', label: n === 'a' ? 'Across' : 'Up', choices: attrs.features.map((f) => ({ value: f, label: pretty(f) })), more: true })) : []),
    ...(state.model === 'ridge' ? [] : [{ name: 'step', type: 'scrub', label: 'Coordinate steps', min: 0, max: 'result.steps' }]),
  ],
  compute,
  scene,
  changed: (state, name, attrs, before) => (name === 'model' && (state.model === 'ridge') !== (before.model === 'ridge') ? { ...state, alpha: state.model === 'ridge' ? 50 : 0.1 } : state),
  drag: (state, { plot, x }) => (plot === 'path' ? { ...state, alpha: Math.max(1e-6, x) } : state),
  click: (state, { plot, x }) => (plot === 'path' ? { ...state, alpha: Math.max(1e-6, x) } : state),
  adopt: (state) => ({ ...state, a: null, b: null }),
};
