// Three ways to tell many classes apart with a model of two: one against the rest, one against one, softmax. Three maps of
// the same rows; where the answers of the two-class models do not settle it, the map is hatched.

import { formatNumber, significant } from '../../runtime/format.mjs';
import { classNames, completeRows, gridPoints, numericNames, padded, pretty } from '../../runtime/data.mjs';

const MAP = 52;
const MOST_CLASSES = 5;
const PER_CLASS = 14;
const METHODS = [
  { id: 'rest', title: 'One against the rest', short: 'one vs rest' },
  { id: 'pairs', title: 'One against one', short: 'one vs one' },
  { id: 'softmax', title: 'Softmax', short: 'softmax' },
];
const round = (v) => Math.round(v * 100) / 100;

/** Round clouds, the same each time: classes on a ring, or in a row with some that have a neighbor on both sides. */
function clouds(layout, k) {
  return Array.from({ length: k * PER_CLASS }, (_, n) => {
    const c = n % k;
    const i = Math.floor(n / k) + 0.5;
    const turn = (2 * Math.PI * c) / k + Math.PI / 2;
    const center = layout === 'row' ? [1.4 + (7.2 * c) / (k - 1), 5] : [5 + 2.6 * Math.cos(turn), 5 + 2.6 * Math.sin(turn)];
    const r = (layout === 'row' ? Math.min(1.7, 5.2 / k) : 1.85) * Math.sqrt(i / PER_CLASS);
    const angle = 2.39996 * i + c; // sunflower
    return [round(center[0] + r * Math.cos(angle)), round(center[1] + 1.25 * r * Math.sin(angle)), c];
  });
}

/** {points: [x, y, class], names, levels} of a table. */
function rowsOf(table, pick, attrs) {
  const numeric = numericNames(table);
  const target = pick?.class ?? attrs.target ?? classNames(table)[0];
  const x = pick?.x ?? attrs.x ?? numeric[0];
  const y = pick?.y ?? attrs.y ?? numeric.find((n) => n !== x);
  const [xs, ys, cs] = completeRows(table, [x, y, target]);
  const levels = cs.levels ?? [...new Set(cs.values)].sort((a, b) => a - b).slice(0, MOST_CLASSES).map(String);
  const code = (v) => (cs.levels ? v : levels.indexOf(String(v)));
  return { names: [x, y], levels: levels.slice(0, MOST_CLASSES), points: Array.from(xs.values, (v, i) => [v, ys.values[i], code(cs.values[i])]).filter((p) => p[2] >= 0 && p[2] < MOST_CLASSES).slice(0, 1500) };
}

function source(ken, state, attrs, env) {
  const loaded = env.data ? rowsOf(env.data.table, env.data.pick, attrs) : attrs.data ? rowsOf(ken.dataset(attrs.data), null, attrs)
    : { names: ['x₁', 'x₂'], levels: Array.from({ length: state.classes }, (_, c) => String.fromCharCode(65 + c)), points: clouds(state.layout, state.classes) };
  return state.points ? { ...loaded, points: state.points } : loaded;
}

/** Three models of the same rows. classOf: their numbers of classes to ours (a class may have lost its last row). */
function fitAll(ken, points, levels, state) {
  const table = ken.table({ x: points.map((p) => p[0]), y: points.map((p) => p[1]), c: { codes: points.map((p) => p[2]), levels } });
  const fit = (name, settings) => ken.model(name, settings).fit(table, 'c', { task: 'classify' });
  const models = { rest: fit('one_vs_rest', { base: 'logistic', 'base.l2': state.l2 }), pairs: fit('one_vs_one', { base: 'logistic', 'base.l2': state.l2 }), softmax: fit('logistic', { l2: state.l2 }) };
  return { models, classOf: models.softmax.classes().map((c) => levels.indexOf(c)) };
}

const row = (list, i, k) => Array.from(list.subarray(i * k, (i + 1) * k));

/** Votes of the pairs' classifiers: `z` above 0 is one for the second class. */
function votesOf(z, i, k) {
  const votes = Array(k).fill(0);
  let at = (i * k * (k - 1)) / 2;
  for (let a = 0; a < k; a++) for (let b = a + 1; b < k; b++) votes[z[at++] > 0 ? b : a]++;
  return votes;
}

/** Answers on a table: what each method says, probabilities, margins of the two-class models. */
function ask(ken, { models, classOf }, table) {
  const k = classOf.length;
  const proba = Object.fromEntries(METHODS.map(({ id }) => [id, models[id].predict(table, 'proba').data]));
  const said = Object.fromEntries(METHODS.map(({ id }) => [id, Float64Array.from(models[id].predict(table).data, (c) => classOf[c])]));
  const margin = models.rest.predict(table, 'margin').data;
  const pairs = ken.probe('pairs', { model: models.pairs, table }).z;
  const n = table.rows;
  const yes = Array.from({ length: n }, (_, i) => (k === 2 ? 1 : row(margin, i, k).filter((m) => m > 0).length));
  const tied = Array.from({ length: n }, (_, i) => {
    const votes = votesOf(pairs, i, k);
    const top = Math.max(...votes);
    return votes.filter((v) => v === top).length > 1;
  });
  return { proba, said, margin, pairs, yes, tied };
}

async function compute(ken, state, attrs, env) {
  const { points, names, levels } = source(ken, state, attrs, env);
  const window = { x: padded(points.map((p) => p[0]), 0.1), y: padded(points.map((p) => p[1]), 0.1) };
  const query = state.query ?? [0.6 * window.x[0] + 0.4 * window.x[1], 0.4 * window.y[0] + 0.6 * window.y[1]];
  if (new Set(points.map((p) => p[2])).size < 2) return { points, names, levels, window, query, one: true };
  const fitted = fitAll(ken, points, levels, state);
  await env.slice();
  if (env.cancelled()) return null;
  const grid = gridPoints(window.x, window.y, MAP, MAP);
  const map = ask(ken, fitted, ken.table({ x: grid.x, y: grid.y }));
  const here = ask(ken, fitted, ken.table({ x: [query[0]], y: [query[1]] }));
  const own = ask(ken, fitted, ken.table({ x: points.map((p) => p[0]), y: points.map((p) => p[1]) }));
  const right = Object.fromEntries(METHODS.map(({ id }) => [id, points.filter((p, i) => own.said[id][i] === p[2]).length]));
  return { points, names, levels, window, query, grid, map, here, right, classOf: fitted.classOf };
}

/** Slanting strokes over the cells where `inside`: one line with gaps. */
function hatch(r, inside, falling) {
  const [dx, dy] = [0, 1].map((j) => ((j ? r.window.y : r.window.x)[1] - (j ? r.window.y : r.window.x)[0]) / (MAP - 1));
  const [xs, ys] = [[], []];
  for (let start = 0; start < 2 * MAP - 1; start += 2) {
    let open = null;
    const close = (i) => {
      if (open === null) return;
      const at = (step) => [r.window.x[0] + dx * step, r.window.y[0] + dy * (falling ? start - step : MAP - 1 - start + step)];
      const [a, b] = [at(open - 0.5), at(i - 0.5)];
      xs.push(a[0], b[0], NaN);
      ys.push(a[1], b[1], NaN);
      open = null;
    };
    for (let i = 0; i <= MAP; i++) {
      const j = falling ? start - i : MAP - 1 - start + i;
      const on = i < MAP && j >= 0 && j < MAP && inside(j * MAP + i);
      if (on) open ??= i;
      else close(i);
    }
  }
  return { type: 'line', x: xs, y: ys, color: 'fg', width: 1.1, opacity: 0.55, hover: false };
}

const share = (list, test) => list.reduce((n, v, i) => n + (test(v, i) ? 1 : 0), 0) / list.length;
const percent = (v) => (v > 0 && v < 0.005 ? 'under 1%' : `${formatNumber(Math.round(100 * v))}%`);

function pointMark(r, legend) {
  return { type: 'points', x: r.points.map((p) => p[0]), y: r.points.map((p) => p[1]), color: r.points.map((p) => p[2]), shape: r.points.map((p) => p[2]), size: 4.2, draggable: r.points.length <= 150, removable: true, name: r.points.map((p) => `point of ${r.levels[p[2]]}`), key: r.points.map((_, i) => i),
    title: r.points.map((p) => `${r.levels[p[2]]}: ${pretty(r.names[0])} ${formatNumber(p[0])}, ${pretty(r.names[1])} ${formatNumber(p[1])}`), legend: legend ? r.levels.map((text, c) => ({ text, color: c, shape: c })) : [] };
}

const star = (r, legend) => ({ type: 'points', x: [r.query[0]], y: [r.query[1]], color: 'fg', shape: 6, size: 9, draggable: true, name: 'new row', key: ['query'], legend: legend ? [{ text: 'new row', color: 'fg', shape: 6 }] : [] });

/** Lines where two-class models change their mind: `of(i)` is their margin at grid place i. */
const edge = (r, of, color) => ({ type: 'contours', z: Float64Array.from({ length: MAP * MAP }, (_, i) => of(i)), nx: MAP, ny: MAP, x: r.window.x, y: r.window.y, levels: [0], fill: false, color, width: 1.4 });

function methodMarks(r, id, state) {
  const { map, classOf } = r;
  const k = classOf.length;
  const doubt = (i) => (id === 'rest' ? map.yes[i] !== 1 : id === 'pairs' && map.tied[i]);
  const z = Float64Array.from(map.said[id], (c, i) => (!state.decide && doubt(i) ? -1 : c));
  const heat = { type: 'heat', scale: 'class', z, nx: MAP, ny: MAP, x: r.window.x, y: r.window.y, readout: Object.fromEntries([[-1, 'no clear answer here'], ...r.levels.map((l, c) => [c, `here: ${l}`])]) };
  if (id === 'rest') {
    const lines = state.lines && k > 2 ? classOf.map((c, j) => edge(r, (i) => map.margin[i * k + j], c)) : [];
    return [heat, { ...hatch(r, (i) => map.yes[i] === 0, false), legend: [{ text: 'none: /', color: 'muted' }] }, { ...hatch(r, (i) => map.yes[i] > 1, true), legend: [{ text: 'several: \\', color: 'muted' }] }, ...lines];
  }
  if (id === 'pairs') {
    const pairs = (k * (k - 1)) / 2;
    const lines = state.lines ? Array.from({ length: pairs }, (_, p) => edge(r, (i) => map.pairs[i * pairs + p], 'muted')) : [];
    return [heat, { ...hatch(r, (i) => map.tied[i], false), legend: [{ text: 'tie: /', color: 'muted' }] }, ...lines];
  }
  const top = Float64Array.from({ length: MAP * MAP }, (_, i) => Math.max(...row(map.proba.softmax, i, k)));
  return [heat, ...(state.lines ? [{ type: 'contours', z: top, nx: MAP, ny: MAP, x: r.window.x, y: r.window.y, levels: [0.9], fill: false, color: 'muted', width: 1.2, label: '90% sure' }] : [])];
}

const mapPlot = (r, { id, title }, state, first) => ({ id, title, height: 0.45, narrow: 0.85, x: { domain: r.window.x, label: pretty(r.names[0]) }, y: { domain: r.window.y, label: first ? pretty(r.names[1]) : undefined, short: pretty(r.names[1]) }, marks: [...methodMarks(r, id, state), pointMark(r, false), star(r, id === 'pairs')] });

/** Probabilities at the new row: one group of bars a method. */
function barsPlot(r) {
  const k = r.classOf.length;
  const bands = METHODS.map((m) => m.short);
  return { id: 'proba', row: 1, height: 0.36, narrow: 0.75, title: 'Probabilities of the new row', x: { bands }, y: { domain: [0, 1], label: 'probability', ticks: [0, 0.25, 0.5, 0.75, 1] }, marks: r.classOf.map((c, j) => ({ type: 'bars', x: bands, y: METHODS.map(({ id }) => r.here.proba[id][j]), group: [j, k], color: c, key: bands.map((_, m) => `${m}-${c}`), title: METHODS.map(({ id, short }) => `${short}, ${r.levels[c]}: ${formatNumber(r.here.proba[id][j], 3)}`), legend: [{ text: r.levels[c], color: c, shape: c }] })) };
}

/** The two-class answers behind it: margins against the rest, votes. */
function answersPlot(r) {
  const k = r.classOf.length;
  const votes = votesOf(r.here.pairs, 0, k);
  const bands = r.classOf.map((c) => r.levels[c]);
  const margins = k === 2 ? [-r.here.margin[0], r.here.margin[0]] : Array.from(r.here.margin);
  const reach = Math.max(1, k - 1, ...margins.map(Math.abs)) * 1.1;
  return { id: 'answers', row: 1, height: 0.36, narrow: 0.75, title: 'What the two-class models say', x: { bands }, y: { domain: [-reach, reach], label: 'log odds, votes', short: 'value', ticks: [-Math.floor(reach), 0, Math.floor(reach)] }, marks: [
    { type: 'rule', y: 0, width: 1, dash: 0 },
    { type: 'bars', x: bands, y: margins, group: [0, 2], color: r.classOf, opacity: 0.85, title: margins.map((m, j) => `${bands[j]} against the rest: log odds ${formatNumber(m, 3)}, ${m > 0 ? 'yes' : 'no'}`), legend: [{ text: 'left: log odds', color: 'muted' }] },
    { type: 'bars', x: bands, y: votes, group: [1, 2], color: r.classOf, opacity: 0.35, title: votes.map((v, j) => `${bands[j]}: ${v} of ${k - 1} votes`), legend: [{ text: 'right: votes', color: 'muted' }] }] };
}

function scene(r, state) {
  if (r.one) return { plots: [{ id: 'rest', x: { domain: r.window.x, label: r.names[0] }, y: { domain: r.window.y }, marks: [pointMark(r, true), star(r, true)] }], summary: 'All points are of one class: there is nothing to tell apart. Double-click adds points of the class in hand.', readouts: [], table: null };
  const { map, here, classOf } = r;
  const k = classOf.length;
  const none = share(map.yes, (v) => v === 0);
  const several = share(map.yes, (v) => v > 1);
  const ties = share(map.tied, Boolean);
  const agree = share(map.yes, (_, i) => METHODS.every(({ id }) => map.said[id][i] === map.said.softmax[i]));
  const says = (id) => `${r.levels[here.said[id][0]]} (${percent(here.proba[id][classOf.indexOf(here.said[id][0])])})`;
  const worst = METHODS.reduce((a, b) => (r.right[b.id] < r.right[a.id] ? b : a));
  const best = METHODS.reduce((a, b) => (r.right[b.id] > r.right[a.id] ? b : a));
  const rows = r.right[worst.id] === r.right[best.id] ? `All three have ${r.right.rest} of ${r.points.length} points right.` : `Of ${r.points.length} points ${METHODS.map(({ id, short }) => `${short} has ${r.right[id]}`).join(', ')} right.`;
  const summary = `One against the rest leaves ${percent(none + several)} of the map without a clear answer (nobody says yes: ${percent(none)}, several: ${percent(several)}); the votes of pairs tie on ${percent(ties)}; softmax always answers. The three agree on ${percent(agree)}. ${rows}`;
  const votes = votesOf(here.pairs, 0, k);
  const margins = k === 2 ? [-here.margin[0], here.margin[0]] : Array.from(here.margin);
  return { plots: [...METHODS.map((m, i) => mapPlot(r, m, state, i === 0)), barsPlot(r), answersPlot(r)], summary, objective: here.proba.softmax[0],
    readouts: [...METHODS.map(({ id, short }) => ({ label: `new row, ${short}`, value: says(id) })), { label: 'unclear, one vs rest', value: percent(none + several) }, { label: 'ties, one vs one', value: percent(ties) }, { label: 'agree', value: percent(agree) }],
    table: { columns: ['class', 'log odds against the rest', 'votes of pairs', ...METHODS.map((m) => `probability, ${m.short}`)], main: 'probability, softmax', rows: classOf.map((c, j) => [r.levels[c], margins[j], votes[j], ...METHODS.map(({ id }) => here.proba[id][j])]) } };
}

const isMap = (plot) => METHODS.some((m) => m.id === plot);

export default {
  kind: 'multiclass',
  attrs: { data: { type: 'text' }, x: { type: 'text' }, y: { type: 'text' }, target: { type: 'text' }, classes: { type: 'integer', default: 3 }, layout: { type: 'text', default: 'ring', choices: ['ring', 'row'] }, l2: { type: 'number', default: 0.1 } },
  needs: ['one_vs_rest', 'one_vs_one', 'logistic'],
  own: [{ name: 'x', type: 'number', label: 'Horizontal' }, { name: 'y', type: 'number', label: 'Vertical' }, { name: 'class', type: 'class', label: 'Class' }],
  cosmetic: ['paint', 'decide', 'lines'],
  linked: ['points', 'query'],
  state: (attrs) => ({ classes: Math.min(MOST_CLASSES, Math.max(2, attrs.classes)), layout: attrs.layout, l2: attrs.l2, points: null, query: null, paint: 0, decide: false, lines: true }),
  controls: (attrs, things, state) => [
    { name: 'classes', type: 'range', min: 3, max: MOST_CLASSES, step: 1, integer: true, label: 'Classes', show: !attrs.data },
    { name: 'layout', type: 'choice', label: 'Clouds', choices: [{ value: 'ring', label: 'in a ring' }, { value: 'row', label: 'in a row' }], show: !attrs.data },
    { name: 'l2', from: 'logistic.l2', min: 0.001, max: 1000, scale: 'log', label: 'Penalty l2' },
    { name: 'decide', type: 'bool', label: 'Decide anyway', doc: 'color doubtful places by the surest answer: what predict returns' },
    { name: 'lines', type: 'bool', label: 'Lines of the two-class models', more: true },
    { name: 'paint', type: 'choice', label: 'New points are', more: true, choices: Array.from({ length: attrs.data ? MOST_CLASSES : state.classes }, (_, c) => ({ value: c, label: attrs.data ? `class ${c + 1}` : String.fromCharCode(65 + c) })), doc: 'double-click in a map adds a point' },
  ].filter((c) => c.show !== false).map(({ show, ...c }) => c),
  compute,
  scene,
  changed: (state, name, attrs, before) => ((name === 'classes' || name === 'layout') && state[name] !== before[name] ? { ...state, points: null, paint: Math.min(state.paint, state.classes - 1) } : state),
  drag(state, { plot, mark, index, x, y }, attrs, r) {
    if (!isMap(plot)) return state;
    const marks = r.one ? 2 : mapPlot(r, METHODS.find((m) => m.id === plot), state, false).marks.length;
    const to = [significant(x, 4), significant(y, 4)];
    return mark === marks - 1 ? { ...state, query: to } : { ...state, points: r.points.map((p, i) => (i === index ? [...to, p[2]] : p)) };
  },
  click: (state, { plot, x, y }) => (isMap(plot) ? { ...state, query: [significant(x, 4), significant(y, 4)] } : state),
  add: (state, { plot, x, y }, attrs, r) => (isMap(plot) ? { ...state, points: [...r.points, [significant(x, 4), significant(y, 4), Math.min(state.paint, r.levels.length - 1)]] } : state),
  remove: (state, { plot, index }, attrs, r) => (isMap(plot) && r.points.length > 2 ? { ...state, points: r.points.filter((_, i) => i !== index) } : state),
  adopt: (state) => ({ ...state, points: null, query: null }),
};
