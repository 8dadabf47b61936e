// Two columns that say nearly the same: over many samples their coefficients fly apart along a line on which the sum is
// right, as the ellipse of any one sample foretells; predictions stay as good; ridge holds the coefficients.

import { formatNumber } from '../../runtime/format.mjs';
import { metric } from '../../runtime/data.mjs';

const FRESH = 200; // rows of the same law that no sample has
const FRESH_SEED = 1000003;
const RADIUS = Math.sqrt(5.991); // of the ellipse that holds 95 % of a normal law in the plane

function sampleOf(ken, state, seed, n) {
  const s = ken.probe('pair', { n, rho: state.rho, noise: state.noise, seed });
  return { ...s, table: ken.table({ a: s.a, b: s.b, y: s.y }) };
}

async function compute(ken, state, attrs, env) {
  const fresh = sampleOf(ken, state, FRESH_SEED, FRESH);
  const error = (model) => metric(ken, 'regress', fresh.y, model.predict(fresh.table).data, 'rmse');
  const fits = [];
  for (let i = 0; i < state.samples; i++) {
    const s = sampleOf(ken, state, state.seed + i, state.n);
    const model = ken.model('linear', {}).fit(s.table, 'y', { task: 'regress' });
    const ridge = ken.model('ridge', { alpha: state.alpha }).fit(s.table, 'y', { task: 'regress' });
    const { vif, index } = ken.probe('vif', { table: s.table, columns: ['a', 'b'] });
    fits.push({ plain: Array.from(model.attr('coef').data), held: Array.from(ridge.attr('coef').data), covariance: Array.from(model.attr('covariance').data), plainError: error(model), heldError: error(ridge), vif: vif[0], index: index.at(-1), a: s.a, b: s.b });
    for (const thing of [model, ridge, s.table]) thing.free();
    await env.slice();
    if (env.cancelled()) return null;
  }
  return { fits, steps: fits.length };
}

const mean = (values) => values.reduce((s, v) => s + v, 0) / values.length;
const deviation = (values) => Math.sqrt(values.reduce((s, v) => s + (v - mean(values)) ** 2, 0) / Math.max(1, values.length - 1));

/** The ellipse that a covariance draws around a point: a circle through its triangular root. */
function ellipse([x, y], [xx, xy, , yy]) {
  const l = Math.sqrt(Math.max(xx, 0));
  const m = l > 0 ? xy / l : 0;
  const d = Math.sqrt(Math.max(yy - m * m, 0));
  const turns = Array.from({ length: 73 }, (_, i) => (2 * Math.PI * i) / 72);
  return { x: turns.map((t) => x + RADIUS * l * Math.cos(t)), y: turns.map((t) => y + RADIUS * (m * Math.cos(t) + d * Math.sin(t))) };
}

function columnsPlot(now, k) {
  const wide = 3.4;
  return { id: 'columns', title: `The two columns, sample ${k + 1}`, width: 0.85, equal: true, height: 0.5, narrow: 0.85, x: { domain: [-wide, wide], label: 'x₁' }, y: { domain: [-wide, wide], label: 'x₂' }, marks: [{ type: 'points', x: Array.from(now.a), y: Array.from(now.b), color: 'fg', size: 3.5 }] };
}

function coefficientsPlot(r, state, now, k) {
  const all = r.fits.flatMap((f) => f.plain);
  const far = Math.max(2.5, ...all.map((v) => Math.abs(v - 1))) * 1.05;
  const square = { domain: [1 - far, 1 + far] };
  const points = (name, color, shape, label) => ({ type: 'points', x: r.fits.map((f) => f[name][0]), y: r.fits.map((f) => f[name][1]), color, shape, size: r.fits.map((_, i) => (i === k ? 7 : 3.6)), opacity: r.fits.map((_, i) => (i === k ? 1 : 0.65)), label, key: r.fits.map((_, i) => i),
    title: r.fits.map((f, i) => `sample ${i + 1}: ${formatNumber(f[name][0], 3)}, ${formatNumber(f[name][1], 3)}\nsum ${formatNumber(f[name][0] + f[name][1], 3)}`) });
  return { id: 'coefficients', title: `Coefficients of ${r.fits.length} samples`, equal: true, height: 0.5, narrow: 1, x: { ...square, label: 'coefficient of x₁' }, y: { ...square, label: 'coefficient of x₂' }, marks: [
    { type: 'line', x: [1 - 9 * far, 1 + 9 * far], y: [1 + 9 * far, 1 - 9 * far], color: 'muted', dash: 2, width: 1.2, label: 'sum 2', hover: false },
    { type: 'line', ...ellipse(now.plain, now.covariance), color: 'c2', width: 2, hover: false, label: '95% ellipse', sym: 'standard_error' },
    points('plain', 'c2', 0, 'least squares'), ...(state.ridge ? [points('held', 'c1', 3, 'ridge')] : []), { type: 'points', x: [1], y: [1], color: 'c3', shape: 5, size: 8, label: 'truth' }] };
}

/** Error on fresh rows: what collinearity does not touch. */
function errorPlot(r, state, k) {
  const x = r.fits.map((_, i) => i + 1);
  const top = Math.max(...r.fits.flatMap((f) => [f.plainError, f.heldError]), state.noise) * 1.25;
  const line = (name, color, shape, label) => ({ type: 'points', x, y: r.fits.map((f) => f[name]), color, shape, size: x.map((_, i) => (i === k ? 6.5 : 3.4)), label, key: x.map((_, i) => i), title: r.fits.map((f, i) => `sample ${i + 1}: error ${formatNumber(f[name], 3)}`) });
  return { id: 'error', row: 1, height: 0.26, narrow: 0.6, title: `Error of predictions on ${FRESH} fresh rows`, x: { domain: [0.5, r.fits.length + 0.5], label: 'sample' }, y: { domain: [0, top], label: 'rmse' }, marks: [
    { type: 'rule', y: state.noise, color: 'c3', text: 'the noise' }, line('plainError', 'c2', 0, 'least squares'), ...(state.ridge ? [line('heldError', 'c1', 3, 'ridge')] : []), { type: 'rule', x: k + 1, color: 'fg', draggable: true, name: 'sample' }] };
}

function scene(r, state) {
  const k = Math.min(Math.max(1, state.sample), r.fits.length) - 1;
  const now = r.fits[k];
  const spread = deviation(r.fits.map((f) => f.plain[0]));
  const sum = deviation(r.fits.map((f) => f.plain[0] + f.plain[1]));
  const held = deviation(r.fits.map((f) => f.held[0]));
  const vif = mean(r.fits.map((f) => f.vif));
  const summary = `With correlation ${formatNumber(state.rho)} the variance inflation is ${formatNumber(vif, 3)} on average: over ${r.fits.length} samples the first coefficient scatters by ${formatNumber(spread, 3)} around 1, but the sum of both only by ${formatNumber(sum, 2)}, and predictions miss by ${formatNumber(mean(r.fits.map((f) => f.plainError)), 3)} with a noise of ${formatNumber(state.noise)}.${state.ridge ? ` Ridge scatters by ${formatNumber(held, 2)}, around ${formatNumber(mean(r.fits.map((f) => f.held[0])), 3)}.` : ''}${vif > 10 ? ' The data cannot tell the two apart, only what they do together.' : ''}`;
  return { plots: [columnsPlot(now, k), coefficientsPlot(r, state, now, k), errorPlot(r, state, k)], summary, objective: now.plain[0],
    readouts: [{ label: 'variance inflation, this sample', value: now.vif, sym: 'vif' }, { label: 'condition index', value: now.index }, { label: 'scatter of a coefficient', value: spread }, { label: 'scatter of the sum', value: sum }, ...(state.ridge ? [{ label: 'scatter, ridge', value: held }] : [])],
    table: { columns: ['sample', 'x₁', 'x₂', 'x₁ ridge', 'x₂ ridge', 'inflation', 'error', 'error, ridge'], main: 'x₁', rows: r.fits.map((f, i) => [i + 1, ...f.plain, ...f.held, f.vif, f.plainError, f.heldError]) } };
}

export default {
  kind: 'collinear',
  attrs: { rho: { type: 'number', default: 0.9 }, n: { type: 'integer', default: 40 }, noise: { type: 'number', default: 1 }, alpha: { type: 'number', default: 2 }, ridge: { type: 'bool', default: false }, samples: { type: 'integer', default: 60 } },
  needs: ['linear', 'ridge', 'rmse'],
  cosmetic: ['ridge', 'sample'],
  linked: ['sample', 'seed'],
  state: (attrs) => ({ rho: attrs.rho, n: attrs.n, noise: attrs.noise, alpha: attrs.alpha, ridge: attrs.ridge, samples: attrs.samples, sample: 1, seed: attrs.seed ?? 1 }),
  controls: () => [
    { name: 'rho', type: 'range', min: 0, max: 0.999, step: 0.001, label: 'Correlation', doc: 'between the two columns', sym: 'rho' },
    { name: 'noise', type: 'range', min: 0.1, max: 4, step: 0.1, label: 'Noise' },
    { name: 'ridge', type: 'bool', label: 'Show ridge' }, { name: 'alpha', from: 'ridge.alpha', min: 0.01, max: 1000 },
    { name: 'n', type: 'range', min: 10, max: 300, step: 10, integer: true, label: 'Rows a sample', more: true }, { name: 'samples', type: 'range', min: 10, max: 200, step: 10, integer: true, label: 'Samples', more: true },
    { name: 'again', type: 'button', label: 'Other samples', press: (state) => ({ ...state, seed: state.seed + state.samples }), more: true },
    { name: 'sample', type: 'scrub', label: 'Sample', min: 1, max: 'result.steps' },
  ],
  compute,
  scene,
  drag: (state, { plot, x }) => (plot === 'error' ? { ...state, sample: Math.max(1, Math.round(x)) } : state),
  click: (state, { plot, key, x }) => (plot === 'error' ? { ...state, sample: Math.max(1, Math.round(x)) } : plot === 'coefficients' && typeof key === 'number' ? { ...state, sample: key + 1 } : state),
};
