// Two features, one new row: the class of the nearest rows. Which rows those are, what the whole plane would say, and how
// the rows that were kept out are confused.

import { formatNumber } from '../../runtime/format.mjs';
import { asColumn, classNames, completeRows, gridPoints, keepOut, metric, numericNames, padded, pretty } from '../../runtime/data.mjs';

const GRID = 56;
const TEST = 2; // role of rows that are kept out

/** Columns in play: those of the state where the table has them, else the first that fit. */
function choose(table, state, pick) {
  const numeric = numericNames(table);
  const target = pick?.class ?? (classNames(table).includes(state.target) ? state.target : classNames(table)[0]);
  const x = pick?.x ?? (numeric.includes(state.x) ? state.x : numeric[0]);
  const y = pick?.y ?? (numeric.includes(state.y) && state.y !== x ? state.y : numeric.find((n) => n !== x));
  return { x, y, target, numeric };
}

function fit(ken, state, columns, roles) {
  const table = ken.table(Object.fromEntries(columns.map((c) => [c.name, asColumn(c)])));
  const settings = { k: state.k, weights: state.weights, metric: state.metric };
  const model = ken.model('knn', state.scaled ? { ...settings, recipe: true } : settings);
  model.fit(table, columns[2].name, { task: 'classify', rows: roles });
  return { table, model };
}

function ask(ken, model, names, query, k, train) {
  const row = ken.table({ [names.x]: [query[0]], [names.y]: [query[1]] });
  const near = ken.probe('neighbors', { model, table: row, k: Math.min(k, train.length) });
  return { rows: Array.from(near.rows, (r) => train[r]), distance: Array.from(near.distance), proba: Array.from(model.predict(row, 'proba').data) };
}

async function compute(ken, state, attrs, env) {
  const source = env.data?.table ?? ken.dataset(attrs.data);
  const names = choose(source, state, env.data?.pick);
  const columns = completeRows(source, [names.x, names.y, names.target]);
  const [xs, ys, codes] = columns.map((c) => c.values);
  const levels = columns[2].levels ?? [];
  ken.seed(state.seed);
  const whole = ken.table({ c: asColumn(columns[2]) });
  const roles = keepOut(ken.split(whole, 'holdout', { fraction: state.test }, 'c'));
  const { table, model } = fit(ken, state, columns, roles);
  const classes = model.classes().map((c) => levels.indexOf(c));
  const window = { x: padded(xs), y: padded(ys) };
  await env.slice();
  const grid = gridPoints(window.x, window.y, GRID, GRID);
  const map = model.predict(ken.table({ [names.x]: grid.x, [names.y]: grid.y })).data;
  const predicted = model.predict(table).data;
  const order = Array.from(xs, (_, i) => i);
  const train = order.filter((i) => roles[i] === 0);
  const test = order.filter((i) => roles[i] === TEST);
  const query = state.query ?? [(window.x[0] + window.x[1]) / 2, (window.y[0] + window.y[1]) / 2];
  const near = ask(ken, model, names, query, state.k, train);
  return { names, levels, xs, ys, codes, train, test, window, query, near, z: Float64Array.from(map, (c) => classes[c]), predicted: Float64Array.from(predicted, (c) => classes[c]),
    proba: classes.map((c, i) => [c, near.proba[i]]), accuracy: metric(ken, 'classify', test.map((i) => classes.indexOf(codes[i])), test.map((i) => predicted[i]), 'accuracy') };
}

function mapPlot(r) {
  const { names, levels, near, query } = r;
  const marksOf = (rows, hollow, label) => ({ type: 'points', x: rows.map((i) => r.xs[i]), y: rows.map((i) => r.ys[i]), color: rows.map((i) => r.codes[i]), shape: rows.map((i) => r.codes[i]), hollow, size: hollow ? 4 : 3.6,
    key: rows.map((i) => (hollow ? `${r.codes[i]}-${r.predicted[i]}` : `row${i}`)), title: rows.map((i) => `${levels[r.codes[i]]}${hollow ? `, taken for ${levels[r.predicted[i]]}` : ''}\n${pretty(names.x)} ${formatNumber(r.xs[i])}, ${pretty(names.y)} ${formatNumber(r.ys[i])}`),
    legend: label ? levels.map((text, c) => ({ text, color: c, shape: c })) : [{ text: 'test row', color: 'muted', hollow: true }] });
  return { id: 'map', title: 'Nearest rows decide', width: 1.5, height: 0.52, narrow: 1, x: { domain: r.window.x, label: pretty(names.x) }, y: { domain: r.window.y, label: pretty(names.y) }, marks: [
    { type: 'heat', scale: 'class', z: r.z, nx: GRID, ny: GRID, x: r.window.x, y: r.window.y, readout: levels.map((l) => `here: ${l}`) },
    marksOf(r.train, false, true), marksOf(r.test, true, false),
    { type: 'segments', x0: near.rows.map(() => query[0]), y0: near.rows.map(() => query[1]), x1: near.rows.map((i) => r.xs[i]), y1: near.rows.map((i) => r.ys[i]), color: 'fg', width: 1.5 },
    { type: 'points', x: near.rows.map((i) => r.xs[i]), y: near.rows.map((i) => r.ys[i]), color: near.rows.map((i) => r.codes[i]), shape: near.rows.map((i) => r.codes[i]), size: 6, title: near.rows.map((i, j) => `neighbor ${j + 1}: ${levels[r.codes[i]]}\ndistance ${formatNumber(near.distance[j], 3)}`) },
    { type: 'points', x: [query[0]], y: [query[1]], color: 'fg', shape: 6, size: 10, draggable: true, name: 'new row', label: 'new row (drag or click)' },
  ] };
}

function confusionPlot(r) {
  const { levels } = r;
  const k = levels.length;
  const counts = Array.from({ length: k * k }, () => 0);
  for (const i of r.test) counts[(k - 1 - r.codes[i]) * k + r.predicted[i]]++;
  const cells = { x: [], y: [], key: [], title: [], opacity: [], color: [], text: [] };
  const most = Math.max(1, ...counts);
  for (let truth = 0; truth < k; truth++) {
    for (let said = 0; said < k; said++) {
      const n = counts[(k - 1 - truth) * k + said];
      cells.x.push(said);
      cells.y.push(k - 1 - truth);
      cells.key.push(`${truth}-${said}`);
      cells.title.push(`${n} ${levels[truth]} taken for ${levels[said]}`);
      cells.opacity.push(0.05 + 0.6 * (n / most));
      cells.color.push(truth === said ? 'c3' : 'c2');
      cells.text.push(String(n));
    }
  }
  const ticks = (order) => order.map((c, at) => ({ value: at, text: levels[c] }));
  const all = levels.map((_, c) => c);
  return { id: 'confusion', title: 'Test rows', width: 1, height: 0.52, narrow: 0.8, x: { domain: [-0.5, k - 0.5], label: 'taken for', ticks: ticks(all) }, y: { domain: [-0.5, k - 0.5], label: 'truth', ticks: ticks([...all].reverse()) }, marks: [
    { type: 'rects', x0: cells.x.map((v) => v - 0.47), x1: cells.x.map((v) => v + 0.47), y0: cells.y.map((v) => v - 0.47), y1: cells.y.map((v) => v + 0.47), color: cells.color, opacity: cells.opacity, key: cells.key, title: cells.title },
    { type: 'text', x: cells.x, y: cells.y, text: cells.text, bold: true, halo: false },
  ] };
}

function scene(r, state) {
  const best = r.proba.reduce((a, b) => (b[1] > a[1] ? b : a), r.proba[0]);
  const votes = r.levels.map((level, c) => [level, r.near.rows.filter((i) => r.codes[i] === c).length]).filter(([, n]) => n).sort((a, b) => b[1] - a[1]);
  const nearest = r.near.rows.length === 1 ? `The nearest training row is a ${votes[0][0]}` : `The ${r.near.rows.length} nearest training rows are ${votes.map(([level, n]) => `${n} ${level}`).join(', ')}`;
  const summary = `${nearest}: the new row is taken for ${r.levels[best[0]]} (${formatNumber(100 * best[1], 3)} %). Of ${r.test.length} test rows ${formatNumber(100 * r.accuracy, 3)} % are right.`;
  return { plots: [mapPlot(r), confusionPlot(r)], summary, readouts: [{ label: 'new row', value: r.levels[best[0]] }, { label: 'right on test rows', value: `${formatNumber(100 * r.accuracy, 3)} %` }, { label: 'training rows', value: r.train.length }, { label: 'test rows', value: r.test.length }],
    table: { columns: ['neighbor', 'class', pretty(r.names.x), pretty(r.names.y), 'distance'], main: 'distance', rows: r.near.rows.map((i, j) => [j + 1, r.levels[r.codes[i]], r.xs[i], r.ys[i], r.near.distance[j]]) }, objective: state.k };
}

export default {
  kind: 'neighbors',
  needs: ['knn', 'holdout', 'recipe', 'accuracy'],
  attrs: { data: { type: 'text', default: 'penguins' }, x: { type: 'text' }, y: { type: 'text' }, target: { type: 'text' }, features: { type: 'list' }, k: { type: 'integer', default: 5 }, test: { type: 'number', default: 0.25 }, scaled: { type: 'bool', default: true } },
  own: [{ name: 'x', type: 'number', label: 'Horizontal' }, { name: 'y', type: 'number', label: 'Vertical' }, { name: 'class', type: 'class', label: 'Class' }],
  state: (attrs) => ({ x: attrs.x ?? attrs.features?.[0] ?? null, y: attrs.y ?? attrs.features?.[1] ?? null, target: attrs.target ?? null, k: attrs.k, weights: 'uniform', metric: 'euclidean', scaled: attrs.scaled, test: attrs.test, seed: attrs.seed ?? 1, query: null }),
  controls(attrs) {
    const features = (attrs.features ?? []).map((f) => ({ value: f, label: pretty(f) }));
    return [
      { name: 'k', from: 'knn.k', label: 'Neighbors k', min: 1, max: 40 },
      ...(features.length > 1 ? [{ name: 'x', type: 'choice', label: 'Horizontal', choices: features }, { name: 'y', type: 'choice', label: 'Vertical', choices: features }] : []),
      { name: 'scaled', type: 'bool', label: 'Equal scales', doc: 'distances after both features are brought to the same spread; without it the feature with the larger numbers decides' },
      { name: 'weights', from: 'knn.weights', more: true }, { name: 'metric', from: 'knn.metric', more: true },
      { name: 'test', type: 'range', min: 0.1, max: 0.6, step: 0.05, label: 'Kept out', doc: 'share of the rows that only test', more: true },
      { name: 'seed', type: 'button', label: 'Split anew', press: (state) => ({ ...state, seed: state.seed + 1 }) },
    ];
  },
  compute,
  scene,
  changed: (state, name, attrs, before) => (name === 'x' || name === 'y' ? { ...state, query: null, ...(state.x === state.y ? { [name === 'x' ? 'y' : 'x']: before[name] } : {}) } : state),
  drag: (state, { plot, x, y }) => (plot === 'map' ? { ...state, query: [x, y] } : state),
  click: (state, { plot, x, y }) => (plot === 'map' ? { ...state, query: [x, y] } : state),
  adopt: (state) => ({ ...state, query: null }),
};
