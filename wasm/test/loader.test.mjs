// The loader and the verbs under friendly and hostile hands: every failure is a KenError with advice, and the module
// stays usable after it.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Ken, KenError } from '../../hub/runtime/ken.mjs';
import { load } from './setting.mjs';

const ken = await load('ken');
const fails = (f, code, part) => {
  let error;
  try { f(); } catch (e) { error = e; }
  assert.ok(error instanceof KenError, `no KenError: ${error?.stack ?? 'no error at all'}`);
  assert.equal(error.code, code, error.message);
  if (part) assert.match(`${error.message} | ${error.hint} | ${error.place}`, part);
};
const abc = () => ken.table({ a: [1, 2, 3, NaN], k: { codes: [0, 1, -1, 1], levels: ['x', 'y'] }, y: [1.5, 2.5, 3.5, 4.25] });

test('things are those of the catalog, with parameters', () => {
  const ridge = ken.things().find((t) => t.name === 'ridge');
  assert.ok(ridge.parameters.some((p) => p.name === 'alpha'));
  assert.ok(ken.things().length > 60);
});

test('a table says what it holds', () => {
  const t = abc();
  assert.equal(t.rows, 4);
  assert.deepEqual(t.columns.map((c) => [c.name, c.dtype, c.min, c.max, c.missing]), [['a', 'f64', 1, 3, 1], ['k', 'category', 0, 1, 1], ['y', 'f64', 1.5, 4.25, 0]]);
  assert.deepEqual([...t.values('a')], [1, 2, 3, NaN]);
  assert.deepEqual(t.texts('k'), ['x', 'y', null, 'y']);
  assert.deepEqual(t.texts(2, 1, 2), ['2.5', '3.5']);
});

test('names that do not exist come with the nearest one', () => {
  const t = abc();
  fails(() => ken.model('rigde'), 'KEN_E_NOT_FOUND', /'ridge'/);
  fails(() => ken.model('ridge', { alhpa: 1 }), 'KEN_E_ARG', /'alpha'/);
  fails(() => ken.model('ridge', { alpha: -1 }), 'KEN_E_ARG', /alpha is -1/);
  fails(() => ken.dataset('iriss'), 'KEN_E_NOT_FOUND', /'iris'/);
  fails(() => ken.dataset('gen:houses:rows=x'), 'KEN_E_ARG');
  fails(() => ken.model('ridge').fit(t, 'z'), 'KEN_E_NOT_FOUND', /columns are/);
  fails(() => ken.model('ridge').fit(t, 'y', { features: ['b'] }), 'KEN_E_NOT_FOUND', /'b'/);
  fails(() => ken.model('ridge').fit(t, 'y', { task: 'guess' }), 'KEN_E_ARG', /regress, classify or auto/);
  fails(() => ken.probe('loss_gird', {}), 'KEN_E_NOT_FOUND', /'loss_grid'/);
  fails(() => ken.split(t, 'holdut', {}, 'y'), 'KEN_E_NOT_FOUND', /'holdout'/);
  fails(() => ken.metrics('regress', [1, 2], [1, 2], null, { names: ['rsme'] }), 'KEN_E_NOT_FOUND', /'rmse'/);
  fails(() => t.values('zz'), 'KEN_E_NOT_FOUND', /a, k, y/);
});

test('steps in the wrong order', () => {
  const t = abc();
  const m = ken.model('ridge', { recipe: true });
  fails(() => m.predict(t), 'KEN_E_STATE', /fit it first/);
  fails(() => m.attr('coef'), 'KEN_E_NOT_FOUND', /fit it first/);
  fails(() => m.save(), 'KEN_E_STATE');
  fails(() => m.tree(), 'KEN_E_STATE');
  m.fit(t, 'y');
  fails(() => m.predict(t, 'proba'), 'KEN_E_UNSUPPORTED');
  fails(() => m.predict(t, 'nonsense'), 'KEN_E_UNSUPPORTED');
  fails(() => m.predict(ken.table({ a: [1] })), 'KEN_E_NOT_FOUND');
  const trace = ken.model('boosting', { recipe: true }).trace(t, 'y');
  fails(() => t.free(), 'KEN_E_STATE', /trace\.end/);
  fails(() => trace.seek(-1), 'KEN_E_ARG');
  trace.free();
  assert.equal(t.rows, 4);
  t.handle && t.free();
});

test('two traces may end in any order, and stepping back gives the same bits', () => {
  const t = ken.dataset('gen:houses:rows=80');
  const models = [0, 1].map(() => ken.model('boosting', { recipe: true }));
  const traces = models.map((m) => m.trace(t, 'price'));
  traces[0].seek(6);
  traces[1].seek(4);
  const before = traces[0].at.views;
  traces[1].seek(9);
  traces[0].seek(2);
  traces[0].seek(6);
  assert.deepEqual(traces[0].at.views, before);
  fails(() => models[0].fit(t, 'price'), 'KEN_E_STATE', /trace/);
  traces[0].end();
  traces[1].end();
  assert.ok(models[0].predict(t).data.every(Number.isFinite));
});

test('a sliced seek reports progress and can be stopped', async () => {
  const t = ken.dataset('gen:houses:rows=400');
  const trace = ken.model('boosting', { recipe: true }).trace(t, 'price');
  let stop = false, heard = 0;
  await assert.rejects(trace.seek(1e6, { slice: 1, cancelled: () => stop, progress: (k) => { heard++; stop = k > 5; } }), { code: 'KEN_E_CANCELLED' });
  assert.ok(heard > 0 && trace.position().iteration < 1e6);
  await trace.seek(1e6, { slice: 30 });
  assert.equal(trace.at.done, true);
  trace.end();
});

test('wrong handles are errors, whatever they are', () => {
  const t = abc(), m = ken.model('ridge');
  const verbs = { table_info: 1, model_info: 1, free: 1, save: 1, trace_at: 1, trace_end: 1, trace_seek: 2, trace_view: 2, values: 2, texts: 4, tree: 3, transform: 2, encode: 3, predict: 3, fit: 4, trace_new: 4, attr: 2, model_set: 2, table_column: 2, split: 2 };
  const bad = [0, -1, 1, 2, 99, 16385 * 7, 2147483647, -2147483648, NaN];
  for (const [verb, arity] of Object.entries(verbs)) for (const handle of bad) {
    assert.throws(() => ken.call(verb, handle, ...Array(arity - 1).fill(handle)), KenError, `${verb} ${handle}`);
  }
  fails(() => ken.call('model_info', t.handle), 'KEN_E_ARG', /not a model/);
  fails(() => ken.call('table_info', m.handle), 'KEN_E_ARG', /not a table/);
  const old = t.handle;
  t.free();
  t.free(); // twice is fine
  const next = abc();
  assert.notEqual(next.handle, old);
  fails(() => ken.call('table_info', old), 'KEN_E_ARG');
  for (const j of [-1, 3, 1e9]) fails(() => ken.call('values', next.handle, j), 'KEN_E_ARG');
  for (const [first, n] of [[-1, 1], [0, 5], [5, 0], [2147483647, 2147483647]]) fails(() => ken.call('texts', next.handle, 0, first, n), 'KEN_E_ARG');
  // Sizes that the input does not have.
  for (const size of [-1, 2147483647, 1 << 30]) {
    for (const verb of ['dataset', 'model_new', 'metrics', 'probe']) assert.throws(() => ken.call(verb, size), KenError);
    assert.throws(() => ken.call('csv', 0, size), KenError);
    assert.throws(() => ken.call('load', 0, size), KenError);
    assert.throws(() => ken.call('fit', m.handle, next.handle, 0, size), KenError);
  }
  for (const rows of [-1, 0.5, NaN, Infinity, 1e18]) fails(() => ken.call('table_new', rows), 'KEN_E_ARG');
  for (const i of [-1, 0, 1e9]) assert.equal(ken.core.exports.kw_cell(i), 0);
});

test('JSON of the wrong kind', () => {
  for (const json of [null, 3, [], 'x', { name: 3 }, { name: 'ridge', settings: [1, 2] }, { name: 'ridge', settings: 'alpha' }, { task: 'classify', n: 1e12, classes: 9 }, { task: 'classify', n: 3, classes: -4 }, { n: 5 }]) {
    for (const verb of ['model_new', 'dataset', 'metrics', 'probe']) {
      try { ken.call(verb, ...ken.put(json)); } catch (e) { assert.ok(e instanceof KenError && e.code !== 'KEN_E_BUG', e.stack); }
    }
  }
  const t = abc(), m = ken.model('ridge');
  for (const options of [{ features: 'a' }, { features: [1, null] }, { features: [] }, { weight: 'k' }, { rows: new Uint8Array(3) }, { rows: new Uint8Array(4).fill(200) }, { group: 7, time: {} }]) {
    assert.throws(() => m.fit(t, 'y', options), (e) => e instanceof KenError && e.code !== 'KEN_E_BUG', JSON.stringify(options));
  }
});

test('levels and lengths of columns from the page', () => {
  fails(() => ken.table({ a: [1, 2], b: [1] }), 'KEN_E_SHAPE', /'b' has 1/);
  fails(() => ken.table({ k: { codes: [0, 2], levels: ['a', 'b'] } }), 'KEN_E_VALUE', /level 2 of 2/);
  fails(() => ken.table({ k: { codes: [-1], levels: [] } }), 'KEN_E_VALUE', /no levels/);
  assert.equal(ken.table({}).rows, 0);
  const many = ken.table(Object.fromEntries(Array.from({ length: 300 }, (_, j) => [`c${j}`, [j]])));
  assert.equal(many.columns.length, 300);
});

test('tables that nobody can learn from', () => {
  for (const [columns, target] of [[{ x: [NaN, NaN], y: [NaN, NaN] }, 'y'], [{ x: [], y: [] }, 'y'], [{ y: [1.5, 2.5] }, 'y'], [{ x: [1], y: [1.25] }, 'y'], [{ x: [NaN, NaN, NaN], y: [1, 2, 3.5] }, 'y'], [{ x: [Infinity, 1], y: [1.5, 2] }, 'y']]) {
    const t = ken.table(columns);
    for (const thing of ken.things().filter((d) => d.kind === 'estimator')) {
      try {
        ken.model(thing.name, { recipe: true }).fit(t, target, { task: 'regress' }).predict(t);
      } catch (e) {
        assert.ok(e instanceof KenError && e.code !== 'KEN_E_BUG' && e.message, `${thing.name}: ${e.stack}`);
      }
    }
  }
});

test('CSV: empty, one row, garbage, large', () => {
  fails(() => ken.csv(new Uint8Array()), 'KEN_E_FORMAT', /empty/);
  assert.equal(ken.csv('a,b\n1,2\n').rows, 1);
  assert.equal(ken.csv('a;b\n1,5;x\n2,5;y\n').columns[0].dtype, 'f64');
  fails(() => ken.csv('a,b\n1,2\n3\n'), 'KEN_E_FORMAT', /:3/);
  let state = 12345;
  const random = () => (state = (Math.imul(state, 1103515245) + 12345) >>> 0) >>> 16;
  for (let i = 0; i < 300; i++) {
    const bytes = Uint8Array.from({ length: random() % 400 }, () => (i % 2 ? random() : ',;\t\n"\r 0123456789.eE-abc'.charCodeAt(random() % 23)));
    try { ken.csv(bytes).free(); } catch (e) { assert.ok(e instanceof KenError && e.code !== 'KEN_E_BUG', e.stack); }
    try { ken.load(bytes); assert.fail('garbage is no model'); } catch (e) { assert.ok(e instanceof KenError && e.code === 'KEN_E_FORMAT', e.stack); }
  }
  const row = '12.5,abc,-3e5,2024-01-31,17\n';
  const bytes = new TextEncoder().encode('a,b,c,d,e\n' + row.repeat(Math.ceil(2e7 / row.length)));
  const t = ken.csv(bytes, 'large.csv');
  assert.ok(t.rows * row.length >= 2e7);
  assert.equal(t.values('a')[t.rows - 1], 12.5);
  t.free();
  fails(() => ken.put('x', { length: 2 ** 32, BYTES_PER_ELEMENT: 1 }), 'KEN_E_LIMIT', /program `ken`/);
});

test('a saved model reads back; every flipped bit is noticed', () => {
  const t = ken.dataset('iris');
  const m = ken.model('forest', { recipe: true, trees: 3 }).fit(t, 'species');
  const bytes = m.save();
  assert.deepEqual(ken.load(bytes).predict(t, 'proba').data, m.predict(t, 'proba').data);
  for (let i = 0; i < bytes.length; i += Math.ceil(bytes.length / 200)) {
    const bad = bytes.slice();
    bad[i] ^= 1 << (i % 8);
    assert.throws(() => ken.load(bad), KenError);
  }
});

test('metrics, splits, classes, trees, transforms', () => {
  const t = ken.dataset('penguins');
  const roles = ken.split(t, 'holdout', { fraction: 0.25 }, 'species');
  assert.equal(roles.length, t.rows);
  const m = ken.model('tree', { recipe: true, max_depth: 3 }).fit(t, 'species', { rows: roles });
  assert.deepEqual(m.classes(), ['Adelie', 'Chinstrap', 'Gentoo']);
  const y = m.encode(t, 'species'), guess = m.predict(t).data, proba = m.predict(t, 'proba').data;
  const found = ken.metrics('classify', y, guess, proba);
  const accuracy = found.find((f) => f.name === 'accuracy');
  assert.equal(accuracy.value, y.filter((v, i) => v === guess[i]).length / y.length);
  assert.ok(accuracy.low < accuracy.value && accuracy.value <= accuracy.high);
  assert.ok(m.tree(0).root.left);
  fails(() => m.tree(1), 'KEN_E_ARG');
  const inputs = m.transform(t);
  assert.deepEqual(inputs.columns.map((c) => c.name), m.info.inputs);
  fails(() => ken.metrics('classify', [0, 1, 5], [0, 1, 1], [0.1, 0.9, 0.5, 0.5, 1, 0]), 'KEN_E_VALUE');
  fails(() => ken.metrics('regress', [1, 2], [1]), 'KEN_E_SHAPE');
});

test('a scope has its own seed and frees what it made', () => {
  const [a, b] = [ken.scope(), ken.scope()];
  a.seed(5);
  const first = a.dataset('gen:moons:rows=20').values(0);
  const other = b.dataset('gen:moons:rows=20').values(0);
  assert.deepEqual(a.dataset('gen:moons:rows=20').values(0), first);
  assert.deepEqual(ken.dataset('gen:moons:rows=20').values(0), other);
  assert.notDeepEqual(first, other);
  fails(() => ken.seed(-1), 'KEN_E_ARG');
  fails(() => ken.seed(0.5), 'KEN_E_ARG');
  const t = a.dataset('iris');
  a.release();
  assert.equal(t.handle, 0);
  fails(() => ken.call('table_info', t.handle), 'KEN_E_ARG');
});

test('memory that runs out is an error, and a trap leaves a usable page', async () => {
  const own = await load('ken');
  const t = own.dataset('gen:houses:rows=2000');
  assert.throws(() => { for (let i = 0; i < 200; i++) own.table({ x: new Float64Array(4e6) }); }, (e) => e instanceof KenError && e.code !== 'KEN_E_BUG' && Boolean(e.hint));
  assert.equal(t.rows, 2000);
  own.core.exports = { ...own.core.exports, kw_things: () => { throw new WebAssembly.RuntimeError('unreachable'); } };
  fails(() => own.things(), 'KEN_E_BUG', /make them again/);
  fails(() => t.values(0), 'KEN_E_STATE', /make the table/);
  assert.ok(own.things().length > 60);
  assert.equal(own.dataset('iris').rows, 150);
});

test('what is no module says so', async () => {
  for (const bad of [new Uint8Array([1, 2, 3]), new Uint8Array()]) await assert.rejects(Ken.load(bad), { name: 'KenError', code: 'KEN_E_FORMAT' });
});

test('imports are stubs of wasi alone; one module of a lesson carries what it names', async () => {
  const small = await load('small');
  assert.ok(WebAssembly.Module.imports(small.core.module).every((i) => i.module === 'wasi_snapshot_preview1'));
  const names = small.things().map((t) => t.name);
  assert.ok(names.includes('ridge') && names.includes('iris') && !names.includes('forest'));
  const t = small.dataset('iris');
  small.model('ridge').fit(t, 'sepal_length', { task: 'regress', features: ['sepal_width', 'petal_length'] });
  assert.throws(() => small.dataset('wine'), KenError);
  assert.throws(() => small.model('forest'), KenError);
  assert.throws(() => small.split(t, 'holdout', {}, 'species'), KenError);
  fails(() => small.model('ridge').save(), 'KEN_E_UNSUPPORTED', /model_file/);
  fails(() => small.load(new Uint8Array(9)), 'KEN_E_UNSUPPORTED', /model_file/);
  assert.deepEqual(small.metrics('regress', [1, 2], [1, 2]), []);
});
