// Each shared probe, natively and in a module: the same JSON. Misuse is an error with the same words.
import test from 'node:test';
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { load, native } from './setting.mjs';

// Tables 1 to 3, models 4 to 9, as in probes_main.c.
const window = [-1, 5, -20, 20];
const calls = [
  ...['rosenbrock', 'bowl:condition=30', 'himmelblau', 'ackley'].map((surface) => ['surface', { surface, nx: 12, ny: 9, arrows: 3 }]),
  ['surface', { surface: 'rosenbrok' }], ['surface', { nx: 1 }], ['surface', { window: [1, 0, 0, 1] }],
  ['descent', { surface: 'bowl', steps: 30, noise: 0.5, seed: 3, runs: ['gd', 'momentum', 'adam', 'rmsprop', 'newton'].map((optimizer) => ({ optimizer })) }],
  ['descent', { surface: 'rosenbrock', start: [-1, 1], steps: 40, runs: [{ optimizer: 'gd', settings: { learning_rate: 1 } }, { optimizer: 'adam', settings: { amsgrad: true, learning_rate: 0.1 } }, { optimizer: 'lbfgs' }] }],
  ...['double_well', 'rastrigin', 'bowl', 'rosenbrock'].map((surface) => ['surface', { surface, dims: 1, nx: 9 }]), ['surface', { surface: 'double_well' }],
  ...['double_well:tilt=0.1', 'rastrigin', 'bowl'].map((surface) => ['descent', { surface, dims: 1, start: [0.7], steps: 12, runs: [{ optimizer: 'gd', settings: { learning_rate: 0.3 } }, { optimizer: 'gd', settings: { learning_rate: 9 } }] }]),
  ['descent', { surface: 'bowl', dims: 1, start: [1, 2] }],
  ['descent', { surface: 'bowl', runs: [{ optimizer: 'adm' }] }], ['descent', { start: [1] }], ['descent', { steps: -1 }],
  ...['linear', 'ridge', 'lasso', 'elastic_net'].map((model) => ['loss_grid', { table: 1, target: 'price', columns: ['area_m2', 'rooms'], model, settings: { alpha: 0.3 }, window, nx: 7, ny: 5 }]),
  ['loss_grid', { table: 1, target: 'garden', columns: ['area_m2', 'rooms'], model: 'logistic', settings: { l2: 0.1 }, window, nx: 7, ny: 5 }],
  ['loss_grid', { table: 1, target: 'price', columns: ['area_m2', 'energy'], window }], ['loss_grid', { table: 9 }], ['loss_grid', { table: 1, target: 'price', columns: ['area_m2', 'rooms'] }],
  ['predict_grid', { model: 4, table: 1, x: 'area_m2', y: 'rooms', nx: 6, ny: 5, row: 3 }],
  ['predict_grid', { model: 5, table: 2, x: 'bill_length_mm', y: 'bill_depth_mm', nx: 6, ny: 5, what: 'proba' }],
  ['predict_grid', { model: 5, table: 2, x: 'island', y: 'bill_depth_mm' }], ['predict_grid', { model: 1, table: 2 }], ['predict_grid', { model: 4, table: 1, x: 99, y: 0 }],
  ...['lasso', 'elastic_net', 'ridge'].map((model) => ['reg_path', { table: 1, target: 'price', model, recipe: true, n_alphas: 12 }]),
  ['reg_path', { table: 1, target: 'price', model: 'tree' }], ['reg_path', { table: 1, target: 'prize' }],
  ['leverage', { model: 6, table: 3, target: 'y' }], ['leverage', { model: 4, table: 1 }],
  ['loss_map', { table: 3, a: 'bmi', b: 'bp', target: 'y', loss: 'squared', l2: 0.1, x: [-1, 1], y: [-1, 1], nx: 5, ny: 4 }], ['loss_map', { table: 3 }],
  ['loss_points', { table: 3, a: 'bmi', target: 'y', loss: 'squared', l1: 0.1, u: [0, 1, 2], v: [3, 4, 5] }],
  ['neighbors', { model: 7, table: 3, k: 4 }], ['neighbors', { model: 4, table: 1 }],
  ['recall', { op: 'review', stability: 0, difficulty: 0, days: 0, grade: 3 }], ['recall', { op: 'probability', stability: 4, difficulty: 5, days: 3 }], ['recall', { op: 'guess' }],
  ...['line', 'quadratic', 'step', 'wave', 'burst'].map((shape) => ['sample', { shape, n: 9, noise: 0.4, seed: 5 }]), ['sample', { shape: 'blob' }], ['pair', { n: 12, rho: 0.7, seed: 2 }],
  ['split_curve', { table: 2, column: 'bill_depth_mm', target: 'species' }], ['gain_curve', { table: 3, column: 'bmi', gradient: 'y', l2: 1, rows: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9] }],
  ['vif', { table: 3, columns: ['bmi', 'bp', 's1', 's2'] }], ['vif', { table: 3, columns: ['bmi', 'bmi'] }], ['vif', { table: 3 }], ['vif', { table: 2, columns: ['island'] }],
  ['bins', { table: 3, column: 'bmi', max_bins: 8 }], ['bins', { table: 3, column: 'sex' }], ['bins', { table: 2, column: 'island' }], ['bins', { table: 3, column: 'bmi', max_bins: 1 }],
  ['pairs', { model: 9, table: 2 }], ['pairs', { model: 9, table: 2, what: 'proba' }], ['pairs', { model: 5, table: 2 }],
  ['staged', { model: 8, table: 3, target: 'y' }], ['staged', { model: 4, table: 1 }],
];

const plain = (v) => (ArrayBuffer.isView(v) ? Array.from(v) : Array.isArray(v) ? v.map(plain) : v && typeof v === 'object' ? Object.fromEntries(Object.entries(v).map(([k, x]) => [k, plain(x)])) : v);
const revive = (key, v) => (v === 'NaN' || v === 'Infinity' || v === '-Infinity' ? Number(v) : v);

test('probes in the module say what they say natively', async () => {
  const ken = await load('ken');
  const tables = ['gen:houses:rows=60', 'penguins', 'diabetes'].map((name) => ken.dataset(name));
  const fit = (name, k, recipe) => ken.model(name, { recipe }).fit(tables[k], ['price', 'species', 'y'][k]);
  const models = [fit('ridge', 0, true), fit('tree', 1, true), fit('linear', 2), fit('knn', 2), fit('boosting', 2), fit('one_vs_one', 1, true)];
  const handles = [null, ...tables, ...models];
  const wanted = native('probes', [], calls.map(([name, args]) => JSON.stringify({ name, in: args })).join('\n') + '\n').split('\n').filter(Boolean).map((l) => JSON.parse(l, revive));
  assert.equal(wanted.length, calls.length);
  const good = new Set();
  calls.forEach(([name, args], i) => {
    const given = { ...args };
    for (const key of ['table', 'model']) if (typeof given[key] === 'number') given[key] = handles[given[key]] ?? 12345;
    let got;
    try {
      got = plain(ken.probe(name, given));
      good.add(name);
    } catch (e) {
      assert.equal(e.name, 'KenError', e.stack);
      got = { code: e.code, message: e.message };
      if (/handle/.test(e.message)) got.message = wanted[i].message; // handles are other numbers there
    }
    assert.deepEqual(got, wanted[i], `${name} ${JSON.stringify(args)}`);
  });
  const files = new URL('../probes/', import.meta.url);
  for (const file of readdirSync(files))
    for (const [, name] of readFileSync(new URL(file, files), 'utf8').matchAll(/^KEN_PROBE\((\w+)\)/gm)) assert.ok(good.has(name), `${file}: no call of ${name} here succeeds`);
});

test('loss_grid is the objective that reg_path minimizes', async () => {
  const ken = await load('ken');
  const x = Array.from({ length: 40 }, (_, i) => Math.sin(i * 1.3)), z = Array.from({ length: 40 }, (_, i) => Math.cos(i * 0.7));
  const table = ken.table({ x, z, y: x.map((v, i) => 2 * v - z[i] + 0.1 * Math.sin(i)) });
  for (const model of ['lasso', 'elastic_net']) {
    const path = ken.probe('reg_path', { table, target: 'y', model, n_alphas: 10 });
    for (const k of [0, 4, 9]) {
      const [a, b] = path.coef[k];
      const grid = ken.probe('loss_grid', { table, target: 'y', columns: ['x', 'z'], model, settings: { alpha: path.alpha[k] }, window: [a, a + 1, b, b + 1], nx: 2, ny: 2 });
      const sums = Array.from(grid.data, (v, i) => v + grid.penalty[i]);
      assert.ok(Math.abs(sums[0] - path.objective[k]) <= 1e-12 * path.objective[k], `${model} ${k}: ${sums[0]} ${path.objective[k]}`);
      assert.ok(sums[0] < Math.min(...sums.slice(1)));
    }
  }
});
