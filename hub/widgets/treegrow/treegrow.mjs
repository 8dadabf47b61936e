// One split under a glass, then the whole tree: slide a threshold and see the impurity fall, add splits one by one,
// prune, and drop a row through.

import { formatNumber } from '../../runtime/format.mjs';
import { asColumn, classNames, completeRows, keepOut, metric, numericNames, padded, pretty } from '../../runtime/data.mjs';

const SIDES = { L: 'left', R: 'right' };

function columnsOf(table, state, pick) {
  const numeric = numericNames(table);
  const target = pick?.class ?? state.target ?? classNames(table)[0];
  const x = pick?.x ?? state.x ?? numeric[0];
  const y = pick?.y ?? state.y ?? numeric.find((n) => n !== x);
  return completeRows(table, [x, y, target]);
}

/** The node at 'LRL' and the rows that come there. */
function descend(root, place, rows, value) {
  let node = root;
  let here = rows;
  for (const side of place) {
    if (!node.left) break;
    const goes = (i) => value(node.feature, i) <= node.threshold;
    here = here.filter((i) => goes(i) === (side === 'L'));
    node = node[SIDES[side]];
  }
  return { node, rows: here };
}

/** Every node with its place, its box in the plane and its rows. */
function walk(node, place, box, visit) {
  visit(node, place, box);
  if (!node.left) return;
  const [lo, hi] = node.feature === 0 ? ['x0', 'x1'] : ['y0', 'y1'];
  walk(node.left, `${place}L`, { ...box, [hi]: Math.min(box[hi], node.threshold) }, visit);
  walk(node.right, `${place}R`, { ...box, [lo]: Math.max(box[lo], node.threshold) }, visit);
}

/** Features as numbers, and the share of every class: of two classes a model keeps that of the second alone. */
const numbered = (node, names) => ({ ...node, feature: typeof node.feature === 'string' ? names.indexOf(node.feature) : node.feature, value: node.value.length === 1 ? [1 - node.value[0], node.value[0]] : node.value,
  left: node.left && numbered(node.left, names), right: node.right && numbered(node.right, names) });

const countSplits = (node) => (node.left ? 1 + countSplits(node.left) + countSplits(node.right) : 0);

async function compute(ken, state, attrs, env) {
  const columns = columnsOf(env.data?.table ?? ken.dataset(attrs.data), state, env.data?.pick);
  const [xs, ys, codes] = columns.map((c) => c.values);
  const names = columns.map((c) => c.name);
  const levels = columns[2].levels ?? [];
  const table = ken.table(Object.fromEntries(columns.map((c) => [c.name, asColumn(c)])));
  ken.seed(state.seed);
  const roles = keepOut(ken.split(table, 'holdout', { fraction: 0.3 }, names[2]));
  const grow = (settings) => ken.model('tree', { criterion: state.criterion, min_leaf_rows: state.min_leaf_rows, ...settings }).fit(table, names[2], { task: 'classify', rows: roles });
  const full = grow({ max_leaves: state.most + 1 });
  const steps = countSplits(full.tree(0).root);
  const splits = Math.min(state.splits, steps);
  const model = splits === 0 ? null : grow({ max_leaves: splits + 1, ccp_alpha: state.ccp_alpha });
  const unpruned = splits === 0 || state.ccp_alpha === 0 ? model : grow({ max_leaves: splits + 1 });
  const classes = full.classes().map((c) => levels.indexOf(c));
  const rows = Array.from(xs, (_, i) => i);
  const train = rows.filter((i) => roles[i] === 0);
  const test = rows.filter((i) => roles[i] === 2);
  const counts = levels.map((_, c) => train.filter((i) => codes[i] === c).length);
  const leaf = { value: classes.map((c) => counts[c] / train.length), cover: train.length, index: 0 };
  const root = model ? numbered(model.tree(0).root, names) : leaf;
  const whole = unpruned ? numbered(unpruned.tree(0).root, names) : leaf;
  const value = (feature, i) => (feature === 0 ? xs[i] : ys[i]);
  const place = state.place;
  const { rows: here, node } = descend(root, place, train, value);
  const curves = here.length > 1 ? [0, 1].map((j) => ken.probe('split_curve', { table, column: names[j], target: names[2], rows: here })) : null;
  const accuracy = (list) => {
    if (!list.length) return NaN;
    const truth = list.map((i) => classes.indexOf(codes[i]));
    const top = leaf.value.indexOf(Math.max(...leaf.value));
    const predicted = model ? model.predict(table).data : null;
    return metric(ken, 'classify', truth, list.map((i) => (predicted ? predicted[i] : top)), 'accuracy');
  };
  return { xs, ys, codes, names, levels, classes, train, test, root, whole, steps, here, curves, leafHere: !node.left, box: { x: padded(xs), y: padded(ys) }, trainAccuracy: accuracy(train), testAccuracy: accuracy(test) };
}

/** Threshold in hand: the reader's, else the best of the curve. */
function threshold(r, state) {
  if (!r.curves) return NaN;
  const curve = r.curves[state.feature][state.criterion];
  if (state.threshold !== null) return state.threshold;
  return curve.best >= 0 ? curve.threshold[curve.best] : NaN;
}

/** The curve at a threshold: its last place at or below it. */
function curveAt(curve, t) {
  let at = -1;
  for (let i = 0; i < curve.threshold.length && curve.threshold[i] <= t + 1e-12; i++) at = i;
  return at;
}

const majority = (r, node) => r.classes[node.value.indexOf(Math.max(...node.value))];

function dataPlot(r, state) {
  const rects = { x0: [], x1: [], y0: [], y1: [], color: [], key: [], opacity: [], title: [] };
  walk(r.root, '', { x0: r.box.x[0], x1: r.box.x[1], y0: r.box.y[0], y1: r.box.y[1] }, (node, place, box) => {
    if (node.left) return;
    for (const side of ['x0', 'x1', 'y0', 'y1']) rects[side].push(box[side]);
    rects.color.push(majority(r, node));
    rects.key.push(`n${place}`);
    rects.opacity.push(0.16);
    rects.title.push('');
  });
  const inHand = new Set(r.here);
  const points = (rows, hollow) => ({ type: 'points', x: rows.map((i) => r.xs[i]), y: rows.map((i) => r.ys[i]), color: rows.map((i) => r.codes[i]), shape: rows.map((i) => r.codes[i]), hollow, size: 4, opacity: rows.map((i) => (hollow || inHand.has(i) ? 1 : 0.3)),
    title: rows.map((i) => `${r.levels[r.codes[i]]}${hollow ? ' (test)' : ''}\n${pretty(r.names[0])} ${formatNumber(r.xs[i])}, ${pretty(r.names[1])} ${formatNumber(r.ys[i])}`), legend: hollow ? [{ text: 'test row', color: 'muted', hollow: true }] : r.levels.map((text, c) => ({ text, color: c, shape: c })) });
  const t = threshold(r, state);
  const rule = Number.isFinite(t) ? [{ type: 'rule', [state.feature === 0 ? 'x' : 'y']: t, color: 'accent', width: 2.5, draggable: true, name: 'threshold', sym: 'threshold' }] : [];
  return { id: 'data', title: 'Rows and regions', x: { domain: r.box.x, label: pretty(r.names[0]) }, y: { domain: r.box.y, label: pretty(r.names[1]) }, height: 0.44, narrow: 0.9, marks: [
    { type: 'rects', ...rects, outline: true }, points(r.train, false), ...(state.test ? [points(r.test, true)] : []), ...rule,
    { type: 'points', x: [query(r, state)[0]], y: [query(r, state)[1]], color: 'fg', shape: 6, size: 9, draggable: true, name: 'row to drop', label: 'row to drop (drag)' }] };
}

const query = (r, state) => state.query ?? [(r.box.x[0] * 2 + r.box.x[1]) / 3, (r.box.y[0] + r.box.y[1] * 2) / 3];

function curvePlot(r, state) {
  const domain = r.box[state.feature === 0 ? 'x' : 'y'];
  const marks = [];
  if (r.curves) {
    const curve = r.curves[state.feature];
    const shown = ['gini', 'entropy'];
    shown.forEach((name, j) => marks.push({ type: 'line', x: curve[name].threshold, y: curve[name].gain, step: false, color: name === state.criterion ? 'c1' : 'muted', dash: j, width: name === state.criterion ? 2.5 : 1.5, label: `${name}: fall of impurity`, sym: 'gain' }));
    marks.push({ type: 'rule', x: threshold(r, state), color: 'accent', width: 2.5, draggable: true, name: 'threshold' });
  }
  const top = r.curves ? Math.max(...['gini', 'entropy'].flatMap((n) => Array.from(r.curves[state.feature][n].gain)), 0.01) : 1;
  return { id: 'curve', title: `Split of ${r.here.length} rows by ${pretty(r.names[state.feature])}`, height: 0.44, narrow: 0.7, x: { domain, label: `threshold on ${pretty(r.names[state.feature])}`, short: 'threshold' }, y: { domain: [0, top * 1.08], label: 'gain', short: 'gain' }, marks };
}

function treePlot(r, state) {
  const q = query(r, state);
  let on = '';
  for (let node = r.root; node.left; ) {
    const side = q[node.feature] <= node.threshold ? 'L' : 'R';
    on += side;
    node = node[SIDES[side]];
  }
  const total = r.train.length;
  const kept = (place) => descendNode(r.root, place);
  const build = (node, place) => ({
    text: node.left ? pretty(r.names[node.feature]) : r.levels[majority(r, node)],
    sub: node.left ? `≤ ${formatNumber(node.threshold, 4)}` : `${formatNumber(node.cover)} rows`, color: node.left ? 'muted' : majority(r, node), shares: r.levels.map((_, c) => node.value[r.classes.indexOf(c)] ?? 0), weight: node.cover / total,
    key: `n${place}`, on: on.startsWith(place), off: !kept(place), title: `${node.left ? `asks: ${pretty(r.names[node.feature])} ≤ ${formatNumber(node.threshold)}` : `says ${r.levels[majority(r, node)]}`}\n${formatNumber(node.cover)} rows: ${r.levels.map((l, c) => `${Math.round((node.value[r.classes.indexOf(c)] ?? 0) * node.cover)} ${l}`).join(', ')}`,
    left: node.left && build(node.left, `${place}L`), right: node.right && build(node.right, `${place}R`),
  });
  return { id: 'tree', row: 1, height: 0.5, narrow: 1.1, axes: false, title: 'The tree', marks: [{ type: 'tree', root: build(r.whole, '') }] };
}

function descendNode(root, place) {
  let node = root;
  for (const side of place) {
    if (!node.left) return null;
    node = node[SIDES[side]];
  }
  return node;
}

function scene(r, state) {
  const t = threshold(r, state);
  const curve = r.curves?.[state.feature][state.criterion];
  const at = curve ? curveAt(curve, t) : -1;
  const split = at >= 0 ? `Splitting the ${r.here.length} rows in hand at ${pretty(r.names[state.feature])} ≤ ${formatNumber(t)} sends ${formatNumber(100 * curve.share[at], 3)} % left and lowers the ${state.criterion} from ${formatNumber(curve.impurity, 3)} by ${formatNumber(curve.gain[at], 3)}${at === curve.best ? ', the most that this feature gives' : `; the best threshold gives ${formatNumber(curve.gain[curve.best], 3)}`}. ` : r.here.length ? 'These rows are all of one kind: there is nothing to split. ' : '';
  const leaves = countSplits(r.root) + 1;
  const summary = `${split}The tree has ${leaves} ${leaves === 1 ? 'leaf' : 'leaves'}: ${formatNumber(100 * r.trainAccuracy, 3)} % of the training rows right, ${formatNumber(100 * r.testAccuracy, 3)} % of the test rows.`;
  const rows = curve ? Array.from(curve.threshold, (v, i) => [v, curve.gain[i], curve.left[i], curve.right[i], curve.share[i]]) : [];
  return { plots: [dataPlot(r, state), curvePlot(r, state), treePlot(r, state)], summary, objective: r.testAccuracy, table: { columns: ['threshold', 'gain', 'left impurity', 'right impurity', 'share left'], main: 'gain', rows },
    readouts: [{ label: 'gain here', value: at >= 0 ? curve.gain[at] : '–', sym: 'gain' }, { label: 'leaves', value: leaves }, { label: 'training rows right', value: `${formatNumber(100 * r.trainAccuracy, 3)} %` }, { label: 'test rows right', value: `${formatNumber(100 * r.testAccuracy, 3)} %` }] };
}

export default {
  kind: 'treegrow',
  needs: ['tree', 'holdout', 'accuracy'],
  attrs: { data: { type: 'text', default: 'penguins' }, x: { type: 'text' }, y: { type: 'text' }, target: { type: 'text' }, splits: { type: 'integer', default: 2 }, most: { type: 'integer', default: 20 } },
  cosmetic: ['threshold', 'feature', 'query', 'test'],
  own: [{ name: 'x', type: 'number', label: 'Horizontal' }, { name: 'y', type: 'number', label: 'Vertical' }, { name: 'class', type: 'class', label: 'Class' }],
  state: (attrs) => ({ x: attrs.x ?? null, y: attrs.y ?? null, target: attrs.target ?? null, splits: attrs.splits, most: attrs.most, criterion: 'gini', min_leaf_rows: 1, ccp_alpha: 0, feature: 0, threshold: null, place: '', query: null, test: false, seed: attrs.seed ?? 1 }),
  controls: (attrs) => [
    { name: 'feature', type: 'choice', label: 'Feature to split', choices: [{ value: 0, label: pretty(attrs.x ?? 'horizontal') }, { value: 1, label: pretty(attrs.y ?? 'vertical') }] },
    { name: 'criterion', from: 'tree.criterion', choices: ['gini', 'entropy'] },
    { name: 'ccp_alpha', from: 'tree.ccp_alpha', label: 'Pruning alpha', type: 'range', min: 0.0001, max: 0.2, scale: 'log', zero: true },
    { name: 'test', type: 'bool', label: 'Show test rows' },
    { name: 'min_leaf_rows', from: 'tree.min_leaf_rows', max: 40, more: true },
    { name: 'root', type: 'button', label: 'Back to the root', press: (state) => ({ ...state, place: '', threshold: null }), more: true },
    { name: 'splits', type: 'scrub', label: 'Splits', min: 0, max: 'result.steps' },
  ],
  compute,
  scene,
  changed: (state, name) => (name === 'feature' || name === 'criterion' ? { ...state, threshold: null } : name === 'splits' ? { ...state, place: state.place, threshold: null } : state),
  drag(state, { plot, mark, x, y }) {
    if (plot === 'curve') return { ...state, threshold: x };
    if (mark >= 2 && plot === 'data') return isThreshold(state, mark) ? { ...state, threshold: state.feature === 0 ? x : y } : { ...state, query: [x, y] };
    return state;
  },
  click(state, { plot, key, x, y }) {
    if (plot === 'tree' && typeof key === 'string') return { ...state, place: key.slice(1), threshold: null };
    if (plot === 'curve') return { ...state, threshold: x };
    return plot === 'data' ? { ...state, query: [x, y] } : state;
  },
  adopt: (state) => ({ ...state, place: '', threshold: null, query: null, splits: Math.min(state.splits, 3) }),
};

/** Marks of the plot of the rows: regions, rows, [test rows], threshold, dropped row. */
const isThreshold = (state, mark) => mark === (state.test ? 3 : 2);
