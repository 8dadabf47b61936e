// Move one row, or drop it, and grow the tree again: how much of it is another tree? Beside it, trees of bootstrap samples
// and the forest that averages them, which mostly notices less.

import { formatNumber, significant } from '../../runtime/format.mjs';
import { classNames, completeRows, gridPoints, numericNames, padded, pretty, someRows } from '../../runtime/data.mjs';

const MAP = 48;
const percent = (v) => `${formatNumber(100 * v, 2)} %`;

function rowsOf(ken, state, attrs, env) {
  const table = env.data?.table ?? ken.dataset(attrs.data);
  const numeric = numericNames(table);
  const target = env.data?.pick.class ?? attrs.target ?? classNames(table)[0];
  const x = env.data?.pick.x ?? attrs.x ?? numeric[0];
  const y = env.data?.pick.y ?? attrs.y ?? numeric.find((n) => n !== x);
  const [xs, ys, cs] = completeRows(table, [x, y, target]);
  const all = Array.from(xs.values, (v, i) => [v, ys.values[i], cs.values[i]]);
  const rows = someRows(all.length, state.rows).map((i) => all[i]);
  return { names: [x, y], levels: cs.levels ?? [], rows };
}

const asTable = (ken, r, rows, more) => ken.table({ ...more, [r.names[0]]: rows.map((p) => p[0]), [r.names[1]]: rows.map((p) => p[1]), class: { codes: rows.map((p) => p[2]), levels: r.levels } });

/** A fitted model with what it says on a table: our class numbers. */
function fit(ken, r, name, settings, rows, seed, weight) {
  ken.seed(seed);
  const model = ken.model(name, settings).fit(asTable(ken, r, rows, weight && { weight }), 'class', { task: 'classify', ...(weight && { weight: 'weight' }) });
  const classOf = model.classes().map((c) => r.levels.indexOf(c));
  return { model, classOf, says: (table) => Float64Array.from(model.predict(table).data, (c) => classOf[c]) };
}

/** Class of the leaf that each tree of a forest leads to: (trees) maps. The values of leaves are the library's. */
function eachTree({ model, classOf }, table) {
  const { width, data } = model.predict(table, 'leaf');
  const { shape: [, w], data: value } = model.attr('value');
  const offset = model.attr('tree_offset').data;
  const top = (node) => {
    if (w === 1) return classOf.length === 1 ? 0 : value[node] > 0.5 ? 1 : 0;
    let best = 0;
    for (let c = 1; c < w; c++) if (value[node * w + c] > value[node * w + best]) best = c;
    return best;
  };
  const feature = model.attr('feature').data;
  return Array.from({ length: width }, (_, t) => {
    const leaves = []; // nodes of the leaves, in the order in which predict numbers them
    for (let node = offset[t]; node < offset[t + 1]; node++) if (feature[node] < 0) leaves.push(node);
    return Float64Array.from({ length: table.rows }, (_, i) => classOf[top(leaves[data[i * width + t]])]);
  });
}

const differ = (a, b) => a.reduce((n, v, i) => n + (v !== b[i] ? 1 : 0), 0) / a.length;

async function compute(ken, state, attrs, env) {
  const r = rowsOf(ken, state, attrs, env);
  const moved = new Map(state.moves.filter(([i]) => i < r.rows.length).map(([i, x, y]) => [i, [x, y]]));
  const dropped = new Set(state.dropped.filter((i) => i < r.rows.length));
  const now = r.rows.map((p, i) => (moved.has(i) ? [...moved.get(i), p[2]] : p));
  const kept = now.filter((_, i) => !dropped.has(i));
  const window = { x: padded([...r.rows, ...now].map((p) => p[0]), 0.05), y: padded([...r.rows, ...now].map((p) => p[1]), 0.05) };
  const points = gridPoints(window.x, window.y, MAP, MAP);
  const grid = ken.table({ [r.names[0]]: points.x, [r.names[1]]: points.y });
  const settings = { max_depth: state.max_depth, min_leaf_rows: state.min_leaf_rows };
  const forestSettings = { ...settings, trees: state.trees, columns: 'all', oob: false };
  const tree = (rows) => {
    const f = fit(ken, r, 'tree', settings, rows, state.seed);
    return { map: f.says(grid), root: f.model.tree(0).root, classOf: f.classOf, rows: f.says(asTable(ken, r, r.rows)) };
  };
  const [before, after] = [tree(r.rows), tree(kept)];
  await env.slice();
  if (env.cancelled()) return null;
  // What is dropped weighs nothing in the forest: so both forests draw the same samples, and what differs is the row.
  const forest = fit(ken, r, 'forest', forestSettings, now, state.seed, now.map((_, i) => (dropped.has(i) ? 0 : 1)));
  const average = forest.says(grid);
  const each = eachTree(forest, grid);
  const calm = fit(ken, r, 'forest', forestSettings, r.rows, state.seed, r.rows.map(() => 1)).says(grid);
  await env.slice();
  const influence = state.influence ? await influences(ken, r, settings, before, grid, state, env) : null;
  return { ...r, now, dropped: [...dropped], moved: [...moved.keys()], window, before, after, average, each, influence, changed: differ(before.map, after.map), changedRows: differ(before.rows, after.rows), changedForest: differ(calm, average), apart: each.reduce((s, map) => s + differ(map, average), 0) / each.length, most: attrs.most };
}

/** Share of the plane that is told otherwise when a row is not there, row by row. */
async function influences(ken, r, settings, before, grid, state, env) {
  const out = [];
  for (let i = 0; i < r.rows.length; i++) {
    const f = fit(ken, r, 'tree', settings, r.rows.filter((_, j) => j !== i), state.seed);
    out.push(differ(before.map, f.says(grid)));
    f.model.free();
    if (i % 8 === 7) await env.slice();
    if (env.cancelled()) return null;
  }
  return out;
}

/** Where a map of classes changes, as one line with gaps along the edges of cells. */
function borders(r, z) {
  const [xs, ys] = [[], []];
  const [dx, dy] = [(r.window.x[1] - r.window.x[0]) / (MAP - 1), (r.window.y[1] - r.window.y[0]) / (MAP - 1)];
  const px = (i) => r.window.x[0] + dx * i;
  const py = (j) => r.window.y[0] + dy * j;
  const runs = (lines, along, at, put) => {
    for (let a = 0; a < lines; a++) {
      let open = -1;
      for (let b = 0; b <= along; b++) {
        const on = b < along && at(a, b);
        if (on && open < 0) open = b;
        if (!on && open >= 0) {
          put(a + 0.5, open - 0.5, b - 0.5);
          open = -1;
        }
      }
    }
  };
  runs(MAP - 1, MAP, (i, j) => z[j * MAP + i] !== z[j * MAP + i + 1], (i, from, to) => { xs.push(px(i), px(i), NaN); ys.push(py(from), py(to), NaN); });
  runs(MAP - 1, MAP, (j, i) => z[j * MAP + i] !== z[(j + 1) * MAP + i], (j, from, to) => { xs.push(px(from), px(to), NaN); ys.push(py(j), py(j), NaN); });
  return { x: xs, y: ys };
}

/** Slanting strokes over cells that are told otherwise than before. */
function strokes(r) {
  const [xs, ys] = [[], []];
  const [dx, dy] = [(r.window.x[1] - r.window.x[0]) / (MAP - 1), (r.window.y[1] - r.window.y[0]) / (MAP - 1)];
  for (let j = 0; j < MAP; j++) {
    for (let i = 0; i < MAP; i++) {
      if (r.before.map[j * MAP + i] === r.after.map[j * MAP + i] || (i + j) % 2) continue;
      xs.push(r.window.x[0] + dx * (i - 0.5), r.window.x[0] + dx * (i + 0.5), NaN);
      ys.push(r.window.y[0] + dy * (j - 0.5), r.window.y[0] + dy * (j + 0.5), NaN);
    }
  }
  return { x: xs, y: ys };
}

const axes = (r) => ({ x: { domain: r.window.x, label: pretty(r.names[0]) }, y: { domain: r.window.y, label: pretty(r.names[1]) } });
const edited = (r) => [...new Set([...r.moved, ...r.dropped])];

function rowTitle(r, i) {
  const p = r.now[i];
  return `row ${i + 1}, ${r.levels[p[2]]}${r.dropped.includes(i) ? ' (dropped)' : ''}\n${pretty(r.names[0])} ${formatNumber(p[0])}, ${pretty(r.names[1])} ${formatNumber(p[1])}${r.influence ? `\nwithout it ${percent(r.influence[i])} of the plane changes` : ''}`;
}

function mapPlot(r, state) {
  const top = r.influence ? Math.max(...r.influence, 1e-9) : 1;
  const odd = edited(r);
  const ring = r.now[state.picked ?? -1];
  const marks = [
    { type: 'heat', scale: 'class', z: r.after.map, nx: MAP, ny: MAP, x: r.window.x, y: r.window.y, readout: r.levels.map((l) => `here: ${l}`) },
    { type: 'line', ...strokes(r), color: 'fg', width: 1.2, opacity: 0.6, hover: false, label: 'told otherwise than before' },
    { type: 'segments', x0: r.moved.map((i) => r.rows[i][0]), y0: r.moved.map((i) => r.rows[i][1]), x1: r.moved.map((i) => r.now[i][0]), y1: r.moved.map((i) => r.now[i][1]), color: 'accent', dash: 1, width: 1.5 },
    { type: 'points', x: odd.map((i) => r.rows[i][0]), y: odd.map((i) => r.rows[i][1]), color: odd.map((i) => r.rows[i][2]), shape: odd.map((i) => r.rows[i][2]), hollow: true, size: 5, title: odd.map((i) => `row ${i + 1} was here`), legend: odd.length ? [{ text: 'was here', color: 'muted', hollow: true }] : [] },
    ...(ring === undefined ? [] : [{ type: 'points', x: [ring[0]], y: [ring[1]], color: 'accent', hollow: true, size: 11, title: [rowTitle(r, state.picked)], legend: [{ text: 'row in hand', color: 'accent', hollow: true }] }]), // below the rows: it must not hide one
    { type: 'points', x: r.now.map((p) => p[0]), y: r.now.map((p) => p[1]), color: r.now.map((p) => p[2]), shape: r.now.map((p) => p[2]), hollow: r.now.map((_, i) => r.dropped.includes(i)), opacity: r.now.map((_, i) => (r.dropped.includes(i) ? 0.35 : 1)), draggable: r.now.length <= 150, removable: true, key: r.now.map((_, i) => `row${i}`),
      size: r.now.map((_, i) => (i === state.picked ? 7.5 : r.influence ? 3 + 5 * Math.sqrt(r.influence[i] / top) : 4.2)), name: r.now.map((_, i) => `row ${i + 1}`), title: r.now.map((_, i) => rowTitle(r, i)), legend: r.levels.map((text, c) => ({ text, color: c, shape: c, hollow: false })) },
  ];
  return { id: 'map', title: 'One tree', height: 0.5, narrow: 0.95, ...axes(r), marks };
}

function forestPlot(r) {
  const n = r.each.length;
  return { id: 'forest', title: `${n} bootstrap ${n === 1 ? 'tree' : 'trees'} and their average`, height: 0.5, narrow: 0.95, ...axes(r), marks: [
    { type: 'heat', scale: 'class', z: r.average, nx: MAP, ny: MAP, x: r.window.x, y: r.window.y, readout: r.levels.map((l) => `forest: ${l}`) },
    ...r.each.map((z, t) => ({ type: 'line', ...borders(r, z), color: 'fg', width: 1, opacity: Math.max(0.12, Math.min(0.5, 3 / n)), hover: false, legend: t ? [] : [{ text: 'one tree each', color: 'muted' }] })),
    { type: 'line', ...borders(r, r.average), color: 'c7', width: 2.8, hover: false, label: 'the forest' },
    { type: 'points', x: r.now.map((p) => p[0]), y: r.now.map((p) => p[1]), color: r.now.map((p) => p[2]), shape: r.now.map((p) => p[2]), size: 2.6, opacity: r.now.map((_, i) => (r.dropped.includes(i) ? 0.2 : 0.7)), key: r.now.map((_, i) => `row${i}`), title: r.now.map((_, i) => rowTitle(r, i)) }] };
}

/** Whether two nodes at one place ask the same, or say the same. */
const same = (a, b, ca, cb) => Boolean(a && b) && (a.left ? Boolean(b.left) && a.feature === b.feature && Math.abs(a.threshold - b.threshold) <= 1e-9 * Math.max(1, Math.abs(a.threshold)) : !b.left && says(a, ca) === says(b, cb));

/** Our class number of a node: two classes have one value, the share of the second. */
function says(node, classOf) {
  const { value } = node;
  if (value.length === 1) return classOf.length === 1 ? classOf[0] : classOf[value[0] > 0.5 ? 1 : 0];
  return classOf[value.indexOf(Math.max(...value))];
}

function sharesOf(node, classOf, k) {
  const shares = Array(k).fill(0);
  if (node.value.length === 1) {
    shares[classOf[0]] = 1 - (classOf.length > 1 ? node.value[0] : 0);
    if (classOf.length > 1) [shares[classOf[1]]] = node.value;
  } else node.value.forEach((v, c) => { shares[classOf[c]] = v; });
  return shares;
}

function counted(node, other, ca, cb, out = { nodes: 0, differ: 0 }) {
  out.nodes++;
  if (!same(node, other, ca, cb)) out.differ++;
  if (node.left) {
    counted(node.left, other?.left, ca, cb, out);
    counted(node.right, other?.right, ca, cb, out);
  }
  return out;
}

function treePlot(r, id, title, mine, other) {
  const build = (node, twin, place) => {
    const changed = !same(node, twin, mine.classOf, other.classOf);
    const name = node.left ? pretty(node.feature) : r.levels[says(node, mine.classOf)];
    return { text: `${changed ? '≠ ' : ''}${name}`, sub: node.left ? `≤ ${formatNumber(node.threshold, 4)}` : `${formatNumber(node.cover)} rows`, color: node.left ? 'muted' : says(node, mine.classOf), shares: sharesOf(node, mine.classOf, r.levels.length), weight: node.cover / mine.root.cover, on: changed, key: `n${place}`,
      title: `${node.left ? `${name} ≤ ${formatNumber(node.threshold)}?` : `says ${name}`}\n${formatNumber(node.cover)} rows${changed ? '\nnot the same in the other tree' : ''}`, left: node.left && build(node.left, twin?.left, `${place}L`), right: node.right && build(node.right, twin?.right, `${place}R`) };
  };
  return { id, row: 1, height: 0.42, narrow: 0.9, axes: false, title, marks: [{ type: 'tree', root: build(mine.root, other.root, '') }] };
}

function scene(r, state) {
  const { nodes, differ: other } = counted(r.after.root, r.before.root, r.after.classOf, r.before.classOf);
  const odd = edited(r);
  const what = odd.length === 0 ? 'Nothing is changed yet: drag a row, or pick one and drop it.' : `${r.moved.length ? `${r.moved.length} ${r.moved.length === 1 ? 'row' : 'rows'} moved` : ''}${r.moved.length && r.dropped.length ? ', ' : ''}${r.dropped.length ? `${r.dropped.length} ${r.dropped.length === 1 ? 'row' : 'rows'} dropped` : ''} of ${r.rows.length}: ${other} of the tree’s ${nodes} nodes are others now, and ${percent(r.changed)} of the plane is told otherwise (${percent(r.changedRows)} of the rows). The forest of ${r.each.length} changes on ${percent(r.changedForest)}.`;
  const worst = r.influence ? r.influence.indexOf(Math.max(...r.influence)) : -1;
  const heavy = worst >= 0 ? ` Row ${worst + 1} weighs most: without it ${percent(r.influence[worst])} of the plane changes.` : '';
  const summary = `${what} Trees of bootstrap samples differ from their average on ${percent(r.apart)} of the plane.${heavy}`;
  return { plots: [mapPlot(r, state), forestPlot(r), treePlot(r, 'before', 'The tree before', r.before, r.after), treePlot(r, 'after', 'The tree now', r.after, r.before)], summary, objective: r.apart,
    readouts: [{ label: 'plane changed, tree', value: percent(r.changed) }, { label: 'plane changed, forest', value: percent(r.changedForest) }, { label: 'rows told otherwise', value: percent(r.changedRows) }, { label: 'other nodes', value: `${other} of ${nodes}` }, { label: 'a bootstrap tree differs on', value: percent(r.apart) }],
    table: { columns: ['row', pretty(r.names[0]), pretty(r.names[1]), 'class', 'tree before', 'tree now', ...(r.influence ? ['plane changed without it'] : [])], main: r.influence ? 'plane changed without it' : pretty(r.names[0]), rows: r.now.map((p, i) => [i + 1, p[0], p[1], r.levels[p[2]], r.levels[r.before.rows[i]], r.levels[r.after.rows[i]], ...(r.influence ? [r.influence[i]] : [])]) } };
}

const rowOf = (key) => (typeof key === 'string' && key.startsWith('row') ? Number(key.slice(3)) : null);
const calm = (state) => ({ ...state, moves: [], dropped: [], picked: null });

export default {
  kind: 'treenoise',
  attrs: { data: { type: 'text', default: 'penguins' }, x: { type: 'text' }, y: { type: 'text' }, target: { type: 'text' }, rows: { type: 'integer', default: 90 }, max_depth: { type: 'integer', default: 4 }, trees: { type: 'integer', default: 20 }, most: { type: 'integer', default: 60 },
    drop: { type: 'list' } }, // drop: numbers of rows, from 1
  needs: ['tree', 'forest'],
  own: [{ name: 'x', type: 'number', label: 'Horizontal' }, { name: 'y', type: 'number', label: 'Vertical' }, { name: 'class', type: 'class', label: 'Class' }],
  cosmetic: ['picked'],
  linked: ['moves', 'dropped'],
  state: (attrs) => ({ rows: attrs.rows, max_depth: attrs.max_depth, min_leaf_rows: 1, trees: attrs.trees, moves: [], dropped: (attrs.drop ?? []).map((i) => Number(i) - 1), picked: null, influence: false, seed: attrs.seed ?? 1 }),
  controls: (attrs, things, state) => [
    { name: 'max_depth', from: 'tree.max_depth', min: 1, max: 8 },
    { name: 'drop', type: 'button', label: state.picked !== null && state.dropped.includes(state.picked) ? 'Put the row back' : 'Drop the row in hand', doc: 'click a row to take it in hand; without one, a click here takes the first',
      press: (s) => { const i = s.picked ?? 0; return { ...s, picked: i, dropped: s.dropped.includes(i) ? s.dropped.filter((v) => v !== i) : [...s.dropped, i] }; } },
    { name: 'back', type: 'button', label: 'As it was', press: calm },
    { name: 'influence', type: 'bool', label: 'What each row moves', doc: 'drops each row in turn; large marks change much of the plane' },
    { name: 'min_leaf_rows', from: 'tree.min_leaf_rows', min: 1, max: 20, label: 'Rows a leaf at least', more: true },
    { name: 'rows', type: 'range', min: 30, max: 150, step: 10, integer: true, label: 'Rows', more: true },
    { name: 'seed', type: 'button', label: 'Other bootstrap samples', press: (s) => ({ ...s, seed: s.seed + 1 }), more: true },
    { name: 'trees', type: 'scrub', label: 'Bootstrap trees', min: 1, max: 'result.most' },
  ],
  compute,
  scene,
  changed: (state, name, attrs, before) => (name === 'rows' && state.rows !== before.rows ? calm(state) : state),
  drag(state, { plot, index, x, y }) {
    if (plot !== 'map') return state;
    return { ...state, picked: index, moves: [...state.moves.filter(([i]) => i !== index), [index, significant(x, 4), significant(y, 4)]] };
  },
  click(state, { key }) {
    const i = rowOf(key);
    return i === null ? state : { ...state, picked: i };
  },
  remove: (state, { plot, index }) => (plot === 'map' ? { ...state, picked: index, dropped: state.dropped.includes(index) ? state.dropped.filter((v) => v !== index) : [...state.dropped, index] } : state),
  adopt: calm,
};
