// The same rows, the same number of leaves, two orders of growing: always the leaf that gains most, or level by level. And
// bins: the few thresholds that a tree on histograms may choose among.

import { formatNumber } from '../../runtime/format.mjs';
import { padded, range } from '../../runtime/data.mjs';

const CURVE = 240;
const GROWTHS = [{ id: 'leafwise', title: 'Leaf-wise', color: 'c1', dash: 0, shape: 2 }, { id: 'depthwise', title: 'Depth-wise', color: 'c2', dash: 1, shape: 4 }];
const round = (v) => Math.round(v * 100) / 100;
const held = (i) => i % 4 === 3; // every fourth row is for validation

function rowsOf(ken, state, env) {
  if (env.data) {
    const [x, y] = [env.data.table.values(env.data.pick.x), env.data.table.values(env.data.pick.y)];
    return Array.from(x, (v, i) => [v, y[i]]).filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b)).slice(0, 2000).sort((a, b) => a[0] - b[0]);
  }
  const s = ken.probe('sample', { shape: state.shape, n: state.n, noise: state.noise, seed: state.seed });
  return Array.from(s.x, (x, i) => [round(x), round(s.y[i])]);
}

const columns = (points) => ({ x: points.map((p) => p[0]), y: points.map((p) => p[1]) });

function grow(ken, state, growth, leaves, table) {
  return ken.model('boosting', { growth, max_leaves: leaves, max_depth: 0, trees: state.trees, learning_rate: state.trees === 1 ? 1 : state.learning_rate, max_bins: state.max_bins, min_leaf_rows: state.min_leaf_rows, l2: 0,
    row_fraction: 1, column_fraction: 1, linear_leaves: 'off', early_stopping: 'off' }).fit(table, 'y', { task: 'regress' });
}

async function compute(ken, state, attrs, env) {
  const points = rowsOf(ken, state, env);
  const train = points.filter((_, i) => !held(i));
  const check = points.filter((_, i) => held(i));
  const domain = padded(points.map((p) => p[0]), 0.03);
  const [table, checkTable] = [ken.table(columns(train)), check.length ? ken.table(columns(check)) : null];
  const xs = range(domain, CURVE);
  const line = ken.table({ x: xs });
  const leaves = Math.min(state.leaves, state.most);
  const runs = {};
  for (const { id } of GROWTHS) {
    const losses = [];
    for (let k = 2; k <= state.most; k++) {
      const model = grow(ken, state, id, k, table);
      losses.push({ leaves: k, train: ken.probe('staged', { model, table, target: 'y' }).loss.at(-1), check: checkTable ? ken.probe('staged', { model, table: checkTable, target: 'y' }).loss.at(-1) : NaN });
      if (k === leaves) runs[id] = { y: model.predict(line).data, root: model.tree(Math.min(state.tree, state.trees) - 1).root };
      model.free();
      await env.slice();
      if (env.cancelled()) return null;
    }
    runs[id].losses = losses;
  }
  const bins = ken.probe('bins', { table, column: 'x', max_bins: state.max_bins });
  return { points, train, check, domain, xs, runs, bins, leaves, most: state.most };
}

/** Inner nodes and leaves with their depth, as the tree is walked. */
function walk(node, place = '', out = []) {
  out.push({ node, place, depth: place.length });
  if (node.left) {
    walk(node.left, `${place}L`, out);
    walk(node.right, `${place}R`, out);
  }
  return out;
}

const leavesOf = (root) => walk(root).filter((q) => !q.node.left);
const depthOf = (root) => Math.max(...leavesOf(root).map((q) => q.depth));
const cuts = (root) => walk(root).filter((q) => q.node.left);

function dataPlot(r) {
  const y = padded(r.points.map((p) => p[1]), 0.1);
  const points = (rows, more) => ({ type: 'points', x: rows.map((p) => p[0]), y: rows.map((p) => p[1]), color: 'fg', size: 3.2, ...more });
  return { id: 'data', title: `Both with ${r.leaves} leaves`, width: 1.15, height: 0.42, narrow: 0.8, x: { domain: r.domain, label: 'x' }, y: { domain: y, label: 'y' }, marks: [
    points(r.train, { legend: [{ text: 'training row', color: 'fg' }], opacity: 0.75 }), points(r.check, { hollow: true, legend: [{ text: 'validation row', color: 'fg', hollow: true }] }),
    ...GROWTHS.map(({ id, title, color, dash }) => ({ type: 'line', x: r.xs, y: Array.from(r.runs[id].y), color, dash, width: 2.5, hover: false, label: title.toLowerCase() }))] };
}

function lossPlot(r) {
  const all = GROWTHS.flatMap(({ id }) => r.runs[id].losses.flatMap((l) => [l.train, l.check])).filter((v) => v > 0);
  const marks = GROWTHS.flatMap(({ id, title, color }) => ['train', 'check'].map((which, j) => ({ type: 'line', x: r.runs[id].losses.map((l) => l.leaves), y: r.runs[id].losses.map((l) => l[which]), color, dash: j, width: j ? 1.8 : 2.3, key: r.runs[id].losses.map((l) => `k${l.leaves}`),
    title: r.runs[id].losses.map((l) => `${title}, ${l.leaves} leaves\n${which === 'train' ? 'training' : 'validation'} loss ${formatNumber(l[which])}`), legend: [] })));
  const ends = GROWTHS.map(({ id, color, shape }) => ({ type: 'points', x: [r.leaves, r.leaves], y: [r.runs[id].losses[r.leaves - 2].train, r.runs[id].losses[r.leaves - 2].check], color, shape, size: 5.5, hollow: [false, true] }));
  return { id: 'loss', title: 'Mean square by number of leaves', width: 0.85, height: 0.42, narrow: 0.75, x: { domain: [2, r.most], label: 'leaves' }, y: { domain: all.length ? [Math.min(...all) * 0.85, Math.max(...all) * 1.15] : [0.1, 1], log: true, label: 'loss' }, marks: [
    { ...marks[0], legend: [{ text: 'training', color: 'muted', dash: 0 }, { text: 'validation', color: 'muted', dash: 1 }] }, ...marks.slice(1), ...ends, { type: 'rule', x: r.leaves, color: 'fg', draggable: true, grid: 1, name: 'leaves' }] };
}

/** Rows in each bin; above them, where each tree cut. */
function binsPlot(r) {
  const edges = [r.domain[0], ...r.bins.edge, r.domain[1]];
  const counts = edges.slice(1).map((to, b) => r.train.filter(([x]) => x <= to && (b === 0 || x > edges[b])).length);
  const top = Math.max(...counts, 1);
  const cut = ({ id, title, color, shape }, at) => {
    const list = cuts(r.runs[id].root);
    return { type: 'points', x: list.map((q) => q.node.threshold), y: list.map(() => top * at), color, shape, size: 5, key: list.map((q) => `${id}${q.place}`), title: list.map((q) => `${title} cuts at ${formatNumber(q.node.threshold)}\ngain ${formatNumber(q.node.gain, 3)}`), legend: [{ text: `cuts, ${title.toLowerCase()}`, color, shape }] };
  };
  return { id: 'bins', row: 1, title: `${r.bins.n_bins} bins: ${r.bins.edge.length} possible ${r.bins.edge.length === 1 ? 'threshold' : 'thresholds'}`, width: 1.15, height: 0.3, narrow: 0.6, x: { domain: r.domain, label: 'x' }, y: { domain: [0, top * 1.6], label: 'rows', ticks: [0, top] }, marks: [
    { type: 'rects', x0: edges.slice(0, -1), x1: edges.slice(1), y0: counts.map(() => 0), y1: counts, color: 'muted', opacity: 0.25, outline: true, title: counts.map((n, b) => `${n} rows with x ${b === 0 ? '' : `above ${formatNumber(edges[b])} and `}up to ${formatNumber(edges[b + 1])}`) },
    ...GROWTHS.map((g, i) => cut(g, 1.45 - 0.25 * i))] };
}

function depthPlot(r) {
  const deepest = Math.max(...GROWTHS.map(({ id }) => depthOf(r.runs[id].root)), 1);
  const bands = Array.from({ length: deepest }, (_, d) => String(d + 1));
  const count = (id) => bands.map((_, d) => leavesOf(r.runs[id].root).filter((q) => q.depth === d + 1).length);
  const top = Math.max(...GROWTHS.flatMap(({ id }) => count(id)), 1);
  return { id: 'depths', row: 1, title: 'How deep the leaves hang', width: 0.85, height: 0.3, narrow: 0.6, x: { bands, label: 'depth' }, y: { domain: [0, top * 1.1], label: 'leaves', ticks: [0, top] }, marks: GROWTHS.map(({ id, title, color, shape }, i) => ({ type: 'bars', x: bands, y: count(id), group: [i, 2], color, opacity: i ? 0.55 : 0.9, title: count(id).map((n, d) => `${title}: ${n} ${n === 1 ? 'leaf' : 'leaves'} at depth ${d + 1}`), legend: [{ text: title.toLowerCase(), color, shape }] })) };
}

function treePlot(r, { id, title, color }) {
  const total = r.train.length;
  const build = (node, place) => ({ text: node.left ? `≤ ${formatNumber(node.threshold, 3)}` : formatNumber(node.value[0], 3), sub: node.left ? `gain ${formatNumber(node.gain, 2)}` : `${formatNumber(node.cover)} rows`, color: node.left ? 'muted' : color, weight: node.cover / total, key: `${id}${place}`,
    title: node.left ? `x ≤ ${formatNumber(node.threshold)}?\ngain ${formatNumber(node.gain)}, ${formatNumber(node.cover)} rows` : `leaf: ${formatNumber(node.value[0])}\n${formatNumber(node.cover)} rows`, left: node.left && build(node.left, `${place}L`), right: node.right && build(node.right, `${place}R`) });
  const { root } = r.runs[id];
  return { id, row: 2, height: 0.44, narrow: 0.95, axes: false, title: `${title}: depth ${depthOf(root)}`, marks: [{ type: 'tree', root: build(root, '') }] };
}

const bestOf = (losses) => losses.reduce((a, b) => (b.check < a.check ? b : a));

function scene(r, state) {
  const [leaf, depth] = GROWTHS.map(({ id }) => ({ ...r.runs[id], now: r.runs[id].losses[r.leaves - 2], best: bestOf(r.runs[id].losses), depth: depthOf(r.runs[id].root) }));
  const gap = 1 - leaf.now.train / depth.now.train;
  const compare = Math.abs(gap) < 0.005 ? 'both fit the training rows alike' : gap > 0 ? `leaf-wise has ${formatNumber(100 * gap, 2)} % less training loss, for it spends its leaves where they gain most` : `depth-wise has ${formatNumber(100 * (1 - depth.now.train / leaf.now.train), 2)} % less training loss: the greedy order was not the best one`;
  const valid = r.check.length ? ` Validation loss: ${formatNumber(leaf.now.check, 3)} and ${formatNumber(depth.now.check, 3)}; lowest with ${leaf.best.leaves} and ${depth.best.leaves} leaves (${formatNumber(leaf.best.check, 3)}, ${formatNumber(depth.best.check, 3)}).` : '';
  const bins = r.bins.exact ? `Each value has a bin of its own: ${r.bins.edge.length} thresholds are possible.` : `Only ${r.bins.edge.length} thresholds are possible, the edges of ${r.bins.n_bins} bins.`;
  const summary = `With ${r.leaves} leaves${state.trees > 1 ? ` a tree and ${state.trees} trees` : ''}, ${compare} (${formatNumber(leaf.now.train, 3)} and ${formatNumber(depth.now.train, 3)}); the deepest leaf hangs at ${leaf.depth} and ${depth.depth}.${valid} ${bins}`;
  return { plots: [dataPlot(r), lossPlot(r), binsPlot(r), depthPlot(r), ...GROWTHS.map((g) => treePlot(r, g))], summary, objective: leaf.now.train,
    readouts: [{ label: 'training, leaf-wise', value: leaf.now.train }, { label: 'training, depth-wise', value: depth.now.train }, ...(r.check.length ? [{ label: 'validation, leaf-wise', value: leaf.now.check }, { label: 'validation, depth-wise', value: depth.now.check }] : []), { label: 'depths', value: `${leaf.depth} and ${depth.depth}` }, { label: 'possible thresholds', value: r.bins.edge.length }],
    table: { columns: ['leaves', 'training, leaf-wise', 'training, depth-wise', 'validation, leaf-wise', 'validation, depth-wise'], main: 'validation, leaf-wise', rows: leaf.losses.map((l, i) => [l.leaves, l.train, depth.losses[i].train, l.check, depth.losses[i].check]) } };
}

export default {
  kind: 'leafwise',
  attrs: { shape: { type: 'text', default: 'burst', choices: ['burst', 'wave', 'step', 'quadratic', 'line'] }, n: { type: 'integer', default: 120 }, noise: { type: 'number', default: 0.4 }, leaves: { type: 'integer', default: 6 }, most: { type: 'integer', default: 16 },
    trees: { type: 'integer', default: 1 }, learning_rate: { type: 'number', default: 0.3 }, max_bins: { type: 'integer', default: 255 } },
  needs: ['boosting'],
  own: [{ name: 'x', type: 'number', label: 'Feature' }, { name: 'y', type: 'number', label: 'Target' }],
  linked: ['leaves', 'seed'],
  state: (attrs) => ({ shape: attrs.shape, n: attrs.n, noise: attrs.noise, leaves: attrs.leaves, most: attrs.most, trees: attrs.trees, tree: 1, learning_rate: attrs.learning_rate, max_bins: attrs.max_bins, min_leaf_rows: 2, seed: attrs.seed ?? 1 }),
  controls: (attrs, things, state) => [
    { name: 'max_bins', from: 'boosting.max_bins', min: 2, max: 255, scale: 'log', integer: true, label: 'Bins at most' },
    { name: 'trees', type: 'range', min: 1, max: 30, step: 1, most: 200, integer: true, label: 'Trees', doc: 'one tree with rate 1, or several that each learn what the others left' },
    ...(state.trees > 1 ? [{ name: 'learning_rate', from: 'boosting.learning_rate', min: 0.05, max: 1, scale: 'log' }, { name: 'tree', type: 'range', min: 1, max: state.trees, step: 1, integer: true, label: 'Tree to draw' }] : []),
    { name: 'noise', type: 'range', min: 0, max: 2, step: 0.1, label: 'Noise', more: state.trees > 1 },
    { name: 'shape', type: 'choice', label: 'Truth', choices: ['burst', 'wave', 'step', 'quadratic', 'line'], more: true }, { name: 'n', type: 'range', min: 20, max: 400, step: 10, integer: true, label: 'Rows', more: true },
    { name: 'min_leaf_rows', from: 'boosting.min_leaf_rows', min: 1, max: 20, label: 'Rows a leaf at least', more: true },
    { name: 'seed', type: 'button', label: 'New rows', press: (state) => ({ ...state, seed: state.seed + 1 }), more: state.trees > 1 },
    { name: 'leaves', type: 'scrub', label: 'Leaves', min: 2, max: 'result.most' },
  ],
  compute,
  scene,
  changed: (state, name) => (name === 'trees' ? { ...state, tree: Math.min(state.tree, state.trees) } : state),
  drag: (state, { plot, x }, attrs, r) => (plot === 'loss' ? { ...state, leaves: Math.min(r.most, Math.max(2, Math.round(x))) } : state),
  click: (state, { plot, x }, attrs, r) => (plot === 'loss' ? { ...state, leaves: Math.min(r.most, Math.max(2, Math.round(x))) } : state),
};
