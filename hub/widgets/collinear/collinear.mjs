// Two columns that say nearly the same: over many samples their coefficients fly apart along a line on which the sum is
// right; ridge holds them.

import { formatNumber } from '../../runtime/format.mjs';

const reach = (rho) => 1 / (1 - rho * rho); // variance inflation of two columns

async function compute(ken, state, attrs, env) {
  const fits = [];
  let first = null;
  for (let i = 0; i < state.samples; i++) {
    const s = ken.probe('pair', { n: state.n, rho: state.rho, noise: state.noise, seed: state.seed + i });
    const table = ken.table({ a: s.a, b: s.b, y: s.y });
    const model = ken.model('linear', {}).fit(table, 'y', { task: 'regress' });
    const ridge = ken.model('ridge', { alpha: state.alpha }).fit(table, 'y', { task: 'regress' });
    const [plain, held] = [model.attr('coef').data, ridge.attr('coef').data];
    fits.push({ plain: [plain[0], plain[1]], held: [held[0], held[1]] });
    first ??= { a: Array.from(s.a), b: Array.from(s.b), y: Array.from(s.y), error: Array.from(model.attr('standard_error').data) };
    await env.slice();
    if (env.cancelled()) return null;
  }
  return { fits, first };
}

const deviation = (values) => {
  const mean = values.reduce((s, v) => s + v, 0) / values.length;
  return Math.sqrt(values.reduce((s, v) => s + (v - mean) ** 2, 0) / Math.max(1, values.length - 1));
};

function scene(r, state) {
  const all = r.fits.flatMap((f) => f.plain);
  const far = Math.max(2.5, ...all.map((v) => Math.abs(v - 1))) * 1.05;
  const square = { domain: [1 - far, 1 + far] };
  const points = (name, color, shape, label) => ({ type: 'points', x: r.fits.map((f) => f[name][0]), y: r.fits.map((f) => f[name][1]), color, shape, size: 3.6, opacity: 0.75, label, key: r.fits.map((_, i) => i), title: r.fits.map((f, i) => `sample ${i + 1}: ${formatNumber(f[name][0], 3)}, ${formatNumber(f[name][1], 3)}\nsum ${formatNumber(f[name][0] + f[name][1], 3)}`) });
  const wide = 3.4;
  const plots = [
    { id: 'columns', title: 'The two columns', width: 0.85, equal: true, height: 0.5, x: { domain: [-wide, wide], label: 'x₁' }, y: { domain: [-wide, wide], label: 'x₂' }, marks: [{ type: 'points', x: r.first.a, y: r.first.b, color: 'fg', size: 3.5 }] },
    { id: 'coefficients', title: `Coefficients of ${r.fits.length} samples`, equal: true, height: 0.5, x: { ...square, label: 'coefficient of x₁' }, y: { ...square, label: 'coefficient of x₂' }, marks: [
      { type: 'line', x: [1 - 9 * far, 1 + 9 * far], y: [1 + 9 * far, 1 - 9 * far], color: 'muted', dash: 2, width: 1.2, label: 'same sum', hover: false },
      points('plain', 'c2', 0, 'least squares'), ...(state.ridge ? [points('held', 'c1', 3, `ridge, alpha ${formatNumber(state.alpha)}`)] : []), { type: 'points', x: [1], y: [1], color: 'c3', shape: 5, size: 8, label: 'truth' }] },
  ];
  const spread = deviation(r.fits.map((f) => f.plain[0]));
  const sum = deviation(r.fits.map((f) => f.plain[0] + f.plain[1]));
  const held = deviation(r.fits.map((f) => f.held[0]));
  const vif = reach(state.rho);
  const summary = `With correlation ${formatNumber(state.rho)} the variance inflation is ${formatNumber(vif, 3)}: over ${r.fits.length} samples the first coefficient scatters by ${formatNumber(spread, 3)} around 1, but the sum of both only by ${formatNumber(sum, 2)}.${state.ridge ? ` Ridge scatters by ${formatNumber(held, 2)}.` : ''}${vif > 10 ? ' The data cannot tell the two apart, only what they do together.' : ''}`;
  return { plots, summary, readouts: [{ label: 'variance inflation', value: vif, sym: 'vif' }, { label: 'scatter of a coefficient', value: spread }, { label: 'scatter of the sum', value: sum }, ...(state.ridge ? [{ label: 'scatter, ridge', value: held }] : [])],
    table: { columns: ['sample', 'x₁', 'x₂', 'x₁ ridge', 'x₂ ridge'], main: 'x₁', rows: r.fits.map((f, i) => [i + 1, ...f.plain, ...f.held]) } };
}

export default {
  kind: 'collinear',
  needs: ['linear', 'ridge'],
  attrs: { rho: { type: 'number', default: 0.9 }, n: { type: 'integer', default: 40 }, alpha: { type: 'number', default: 2 }, ridge: { type: 'bool', default: false }, samples: { type: 'integer', default: 60 } },
  cosmetic: ['ridge'],
  state: (attrs) => ({ rho: attrs.rho, n: attrs.n, noise: 1, alpha: attrs.alpha, ridge: attrs.ridge, samples: attrs.samples, seed: attrs.seed ?? 1 }),
  controls: () => [
    { name: 'rho', type: 'range', min: 0, max: 0.999, step: 0.001, label: 'Correlation', doc: 'between the two columns', sym: 'rho' },
    { name: 'ridge', type: 'bool', label: 'Show ridge' }, { name: 'alpha', from: 'ridge.alpha', min: 0.01, max: 1000 },
    { name: 'n', type: 'range', min: 10, max: 300, step: 10, integer: true, label: 'Rows a sample' },
    { name: 'noise', type: 'range', min: 0.1, max: 4, step: 0.1, label: 'Noise', more: true }, { name: 'samples', type: 'range', min: 10, max: 200, step: 10, integer: true, label: 'Samples', more: true },
  ],
  compute,
  scene,
};
