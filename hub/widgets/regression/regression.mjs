// A line through points: the reader's own beside least squares, residuals as squares, the loss over slope and intercept;
// polynomials with their error on rows they did not see.

import { formatNumber, significant } from '../../runtime/format.mjs';
import { metric, padded, range } from '../../runtime/data.mjs';

const MAP = 44;
const CURVE = 160;
const ENDS = 4; // the mark of the plot of the data that holds the ends of the reader's line
const round = (v) => Math.round(v * 100) / 100;

function samplePoints(ken, state) {
  const s = ken.probe('sample', { shape: state.shape, n: state.n, noise: state.noise, seed: state.seed });
  return Array.from(s.x, (x, i) => [round(x), round(s.y[i])]);
}

function ownPoints({ table, pick }) {
  const [x, y] = [table.values(pick.x), table.values(pick.y)];
  return Array.from(x, (v, i) => [v, y[i]]).filter(([a, b]) => Number.isFinite(a) && Number.isFinite(b)).slice(0, 1000);
}

const tableOf = (ken, points) => ken.table({ x: points.map((p) => p[0]), y: points.map((p) => p[1]) });

/** Rows 2, 5, 8 … are kept out of a polynomial's fit. */
const held = (i) => i % 3 === 2;

/** One degree: its curve, and its error on the rows of the fit and on the others. */
function fitCurve(ken, points, degree, table, line) {
  const roles = Uint8Array.from(points, (_, i) => (held(i) ? 2 : 0));
  const model = ken.model('linear', { recipe: true, 'recipe.polynomial': degree });
  model.fit(table, 'y', { task: 'regress', rows: roles });
  const predicted = model.predict(table).data;
  const rmse = (test) => {
    const rows = points.map((_, i) => i).filter((i) => held(i) === test);
    return rows.length ? metric(ken, 'regress', rows.map((i) => points[i][1]), rows.map((i) => predicted[i]), 'rmse') : NaN;
  };
  return { degree, y: model.predict(line).data, train: rmse(false), test: rmse(true) };
}

/** All degrees at once: the slider then only draws. */
async function fitDegrees(ken, points, domain, env) {
  const most = Math.max(1, Math.min(12, points.filter((_, i) => !held(i)).length - 2));
  const x = range(domain, CURVE);
  const [table, line] = [tableOf(ken, points), ken.table({ x })];
  const errors = [];
  for (let degree = 1; degree <= most && !env.cancelled(); degree++) {
    errors.push(fitCurve(ken, points, degree, table, line));
    await env.slice();
  }
  return { x, errors };
}

function fitLine(ken, points, state) {
  const table = tableOf(ken, points);
  const model = ken.model('linear', {}).fit(table, 'y', { task: 'regress' });
  const slope = model.attr('coef').data[0];
  const intercept = model.attr('intercept').data[0];
  const y = points.map((p) => p[1]);
  const own = { slope: state.slope ?? 0, intercept: state.intercept ?? y.reduce((s, v) => s + v, 0) / y.length };
  const line = (l) => points.map((p) => l.intercept + l.slope * p[0]);
  const r2 = (l) => metric(ken, 'regress', y, line(l), 'r2');
  const leverage = points.length > 2 ? ken.probe('leverage', { model, table, target: 'y' }).leverage : new Float64Array(points.length).fill(1); // two points: each has its own way
  const spanSlope = Math.max(0.6, 1.6 * Math.abs(own.slope - slope), Math.abs(slope));
  const spanIntercept = Math.max(3, 1.6 * Math.abs(own.intercept - intercept), 0.6 * Math.abs(intercept));
  const window = { x: [slope - spanSlope, slope + spanSlope], y: [intercept - spanIntercept, intercept + spanIntercept] };
  const map = ken.probe('loss_map', { table, a: 'x', target: 'y', x: window.x, y: window.y, nx: MAP, ny: MAP });
  const [least, mine] = ken.probe('loss_points', { table, a: 'x', target: 'y', u: [slope, own.slope], v: [intercept, own.intercept] }).z;
  return { slope, intercept, own, window, z: map.z, least, mine, r2: r2({ slope, intercept }), ownR2: r2(own), leverage };
}

async function compute(ken, state, attrs, env) {
  const points = state.points ?? (env.data ? ownPoints(env.data) : samplePoints(ken, state));
  const domain = padded(points.map((p) => p[0]));
  const yDomain = padded(points.map((p) => p[1]), 0.15);
  const few = tooFew(points, attrs);
  if (few) return { points, domain, yDomain, few };
  if (attrs.mode === 'polynomial') {
    return { points, domain, yDomain, ...(await fitDegrees(ken, points, domain, env)) };
  }
  return { points, domain, yDomain, line: fitLine(ken, points, state) };
}

/** Why nothing can be fitted yet. */
function tooFew(points, attrs) {
  const least = attrs.mode === 'polynomial' ? 5 : 2; // a third of the rows of a polynomial is kept out of the fit
  if (points.length < least) return `${points.length === 0 ? 'No row has' : points.length === 1 ? 'Only one row has' : `Only ${points.length} rows have`} both numbers; ${least} are needed. Double-click in the plot to add a point.`;
  if (points.every((p) => p[0] === points[0][0])) return `All points have the same x, ${formatNumber(points[0][0])}: every slope fits equally well. Double-click elsewhere in the plot to add a point.`;
  return null;
}

const endpoints = (l, [a, b]) => ({ x: [a, b], y: [l.intercept + l.slope * a, l.intercept + l.slope * b] });

function pointMark(result, extra) {
  const { points } = result;
  return { type: 'points', x: points.map((p) => p[0]), y: points.map((p) => p[1]), draggable: points.length <= 120, removable: true, name: 'point', key: points.map((_, i) => i), ...extra };
}

function linePlot(result, state) {
  const { line, points, domain } = result;
  const shown = state.show === 'yours' ? line.own : line;
  const fitted = points.map((p) => shown.intercept + shown.slope * p[0]);
  const color = state.show === 'yours' ? 'c2' : 'c1';
  const x = points.map((p) => p[0]);
  const y = points.map((p) => p[1]);
  const marks = [
    ...(state.squares ? [{ type: 'squares', x, y0: fitted, y1: y, color, label: 'squared residuals', sym: 'loss' }] : [{ type: 'segments', x0: x, y0: fitted, x1: x, y1: y, color, width: 1.2, dash: 2 }]),
    { type: 'line', ...endpoints(line, domain), color: 'c1', width: 2.5, label: 'least squares', hover: false },
    { type: 'line', ...endpoints(line.own, domain), color: 'c2', dash: 1, width: 2.5, label: 'your line', hover: false },
    pointMark(result, { color: 'fg', title: points.map((p, i) => `x ${formatNumber(p[0])}, y ${formatNumber(p[1])}\nresidual ${formatNumber(p[1] - fitted[i])}\nleverage ${formatNumber(line.leverage[i], 2)}`),
      size: points.map((_, i) => 4.5 + 6 * Math.min(1, line.leverage[i] || 0)) }),
    { type: 'points', x: [domain[0] + 0.08 * (domain[1] - domain[0]), domain[1] - 0.08 * (domain[1] - domain[0])], y: [0.08, 0.92].map((t) => line.own.intercept + line.own.slope * (domain[0] + t * (domain[1] - domain[0]))), shape: 3, size: 8, color: 'c2', draggable: true, drag: 'y', name: 'end of your line' },
  ];
  return { id: 'data', title: 'Data', x: { domain, label: 'x' }, y: { domain: result.yDomain, label: 'y' }, marks };
}

function lossPlot(result) {
  const { line } = result;
  return { id: 'loss', title: 'Loss of every line', x: { domain: line.window.x, label: 'slope' }, y: { domain: line.window.y, label: 'intercept' },
    marks: [{ type: 'contours', z: line.z, nx: MAP, ny: MAP, x: line.window.x, y: line.window.y, levels: 12, low: line.least, sym: 'loss' },
      { type: 'points', x: [line.slope], y: [line.intercept], color: 'c1', shape: 5, size: 8, label: 'least squares', title: [`least squares: loss ${formatNumber(line.least)}`] },
      { type: 'points', x: [line.own.slope], y: [line.own.intercept], color: 'c2', shape: 3, size: 8, draggable: true, name: 'your line', label: 'your line (drag)', title: [`your line: loss ${formatNumber(line.mine)}`] }] };
}

function lineScene(result, state) {
  const { line, points } = result;
  const far = points.map((_, i) => i).reduce((a, b) => (line.leverage[b] > line.leverage[a] ? b : a), 0);
  const more = line.mine / line.least - 1;
  const summary = `Least squares: y = ${formatNumber(line.intercept, 3)} ${line.slope < 0 ? '−' : '+'} ${formatNumber(Math.abs(line.slope), 3)} x, R² ${formatNumber(line.r2, 3)}. ` +
    (more < 0.005 || line.mine === line.least ? 'Your line is as good as it gets. ' : line.least < 1e-12 * line.mine ? `It goes through all points; yours misses by a mean square of ${formatNumber(line.mine, 3)}. ` : `Your line's squares are ${more > 9 ? `${formatNumber(more + 1, 3)} times` : `${formatNumber(100 * more, 3)}% above`} the least. `) +
    `The point at x = ${formatNumber(points[far][0], 3)} pulls hardest (leverage ${formatNumber(line.leverage[far], 2)}).`;
  return { plots: [linePlot(result, state), lossPlot(result)], summary, readouts: [{ label: 'mean square, least', value: line.least, sym: 'loss' }, { label: 'mean square, yours', value: line.mine }, { label: 'R²', value: line.r2 }, { label: 'R², yours', value: line.ownR2 }],
    table: { columns: ['x', 'y', 'fitted', 'residual', 'leverage'], main: 'residual', rows: points.map((p, i) => [p[0], p[1], line.intercept + line.slope * p[0], p[1] - line.intercept - line.slope * p[0], line.leverage[i]]) } };
}

function curveScene(result, state) {
  const { errors, points, domain } = result;
  const curve = errors.find((e) => e.degree === state.degree) ?? errors.at(-1);
  const best = errors.reduce((a, b) => (b.test < a.test ? b : a), errors[0]);
  const all = errors.flatMap((e) => [e.train, e.test]).filter((v) => v > 0);
  const top = Math.min(Math.max(...all), 40 * Math.min(...all));
  const plots = [
    { id: 'data', title: 'Data', width: 1.2, x: { domain, label: 'x' }, y: { domain: result.yDomain, label: 'y' }, marks: [
      { type: 'line', x: result.x, y: curve.y, color: 'c1', width: 2.5, label: `degree ${curve.degree}`, hover: false },
      pointMark(result, { color: points.map((_, i) => (held(i) ? 'c2' : 'fg')), shape: points.map((_, i) => (held(i) ? 1 : 0)), size: 5.5, legend: [{ text: 'training row', color: 'fg' }, { text: 'test row', color: 'c2', shape: 1 }] })] },
    { id: 'error', title: 'Error by degree', width: 0.8, x: { domain: [0.5, errors.length + 0.5], label: 'degree', ticks: errors.map((e) => e.degree) }, y: { domain: [Math.min(...all) * 0.8, top * 1.1], log: true, label: 'root mean square error', short: 'error' }, marks: [
      { type: 'line', x: errors.map((e) => e.degree), y: errors.map((e) => e.train), color: 'fg', label: 'training', key: errors.map((e) => `d${e.degree}`) },
      { type: 'line', x: errors.map((e) => e.degree), y: errors.map((e) => e.test), color: 'c2', dash: 1, label: 'test', key: errors.map((e) => `d${e.degree}`) },
      { type: 'rule', x: curve.degree, draggable: true, name: 'degree', color: 'c1' }] },
  ];
  const summary = `Degree ${curve.degree}: error ${formatNumber(curve.train, 3)} on the rows it was fitted to, ${formatNumber(curve.test, 3)} on the others. Lowest on the others is degree ${best.degree} with ${formatNumber(best.test, 3)}.${curve.test > 2 * best.test && curve.degree > best.degree ? ' The curve follows the noise: it wiggles between the points.' : ''}`;
  return { plots, summary, objective: curve.test, readouts: [{ label: 'training error', value: curve.train }, { label: 'test error', value: curve.test }], table: { columns: ['degree', 'training error', 'test error'], main: 'test error', rows: errors.map((e) => [e.degree, e.train, e.test]) } };
}

function scene(result, state, attrs) {
  if (result.few) return { plots: [{ id: 'data', x: { domain: result.domain }, y: { domain: result.yDomain }, marks: [pointMark(result, { color: 'fg' })] }], summary: result.few, readouts: [], table: null };
  return attrs.mode === 'polynomial' ? curveScene(result, state) : lineScene(result, state);
}

/** One end of the reader's line moved to height y; the other end stays. */
function dragEnd(state, index, y, { line, domain }) {
  const at = [0.08, 0.92].map((t) => domain[0] + t * (domain[1] - domain[0]));
  const ends = at.map((x) => line.own.intercept + line.own.slope * x);
  ends[index] = y;
  const slope = (ends[1] - ends[0]) / (at[1] - at[0]);
  return { ...state, slope: significant(slope, 4), intercept: significant(ends[0] - slope * at[0], 4) };
}

export default {
  kind: 'regression',
  needs: ['linear', 'recipe', 'polynomial', 'r2', 'rmse'],
  attrs: { shape: { type: 'text', default: 'line', choices: ['line', 'quadratic', 'step', 'wave'] }, n: { type: 'integer', default: 12 }, noise: { type: 'number', default: 1 }, mode: { type: 'text', default: 'line', choices: ['line', 'polynomial'] },
    degree: { type: 'integer', default: 1 }, squares: { type: 'bool', default: true }, slope: { type: 'number' }, intercept: { type: 'number' } },
  cosmetic: ['squares', 'show', 'degree'],
  own: [{ name: 'x', type: 'number', label: 'x' }, { name: 'y', type: 'number', label: 'y' }],
  state: (attrs) => ({ shape: attrs.shape, n: attrs.n, noise: attrs.noise, seed: attrs.seed ?? 1, points: null, slope: attrs.slope ?? null, intercept: attrs.intercept ?? null, squares: attrs.squares, show: 'yours', degree: attrs.degree }),
  controls(attrs) {
    const again = { name: 'seed', type: 'button', label: 'New points', press: (state) => ({ ...state, seed: state.seed + 1, points: null }) };
    const noise = { name: 'noise', type: 'range', min: 0, max: 4, step: 0.1, label: 'Noise', doc: 'standard deviation around the truth' };
    const rows = { name: 'n', type: 'range', min: 4, max: 60, step: 1, integer: true, label: 'Points', most: 500 };
    if (attrs.mode === 'polynomial') return [{ name: 'degree', type: 'range', min: 1, max: 12, step: 1, integer: true, label: 'Degree', doc: 'highest power of x' }, noise, rows, again];
    return [{ name: 'show', type: 'choice', label: 'Squares of', choices: [{ value: 'yours', label: 'your line' }, { value: 'least', label: 'least squares' }] }, { name: 'squares', type: 'bool', label: 'Draw squares' }, again,
      { name: 'fit', type: 'button', label: 'Snap to least squares', press: (state, _, { line }) => ({ ...state, slope: significant(line.slope, 4), intercept: significant(line.intercept, 4) }) }, { ...noise, more: true }, { ...rows, more: true }];
  },
  compute,
  scene,
  changed: (state, name) => (['noise', 'n', 'shape'].includes(name) ? { ...state, points: null } : state),
  drag(state, { plot, mark, index, x, y }, attrs, result) {
    if (plot === 'loss') return { ...state, slope: x, intercept: y };
    if (plot === 'error') return { ...state, degree: Math.max(1, Math.min(12, Math.round(x))) };
    if (attrs.mode === 'line' && mark === ENDS) return dragEnd(state, index, y, result);
    return { ...state, points: result.points.map((p, i) => (i === index ? [x, y] : p)) };
  },
  add: (state, { plot, x, y }, attrs, result) => (plot === 'data' ? { ...state, points: [...result.points, [x, y]] } : state),
  remove: (state, { plot, index }, attrs, result) => (plot === 'data' ? { ...state, points: result.points.filter((_, i) => i !== index) } : state),
  adopt: (state) => ({ ...state, points: null }),
};

