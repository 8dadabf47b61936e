// The same C on both sides, and the same numbers through the verbs: bit for bit.
import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { load, native, out } from './setting.mjs';

const number = (v) => (typeof v === 'string' ? Number(v) : v);

// The last cell fails on purpose, so the native driver's status is 1.
const done = spawnSync(`${out}/parity`, [], { encoding: 'utf8', maxBuffer: 1 << 28 });
const lines = done.stdout.split('\n').filter(Boolean);

test('every estimator, transformer, metric and elementary function: records are equal byte for byte', async () => {
  assert.equal(done.status, 1, done.stderr);
  const ken = await load('parity');
  const made = [];
  for (let i = 0; ken.call('cell', i); i++) made.push(...ken.text().split('\n').filter(Boolean));
  assert.equal(made.length, lines.length);
  made.forEach((line, i) => line === lines[i] || assert.fail(`record ${i}\n  module: ${line.slice(0, 300)}\n  native: ${lines[i].slice(0, 300)}`));
  const fitted = lines.map((l) => JSON.parse(l)).filter((r) => r.key === 'fitted');
  assert.equal(fitted.length, 4);
  for (const record of fitted) assert.ok(record.value >= 9, `${record.cell}: only ${record.value} models were fitted`);
});

test('fit and predict by the verbs give what the cell gave', async () => {
  const ken = await load('ken');
  const records = lines.map((l) => JSON.parse(l)).filter((r) => r.cell === 'regress');
  const table = ken.dataset('gen:houses:rows=150');
  const wanted = new Map();
  let name;
  for (const r of records) {
    if (r.key === 'model') name = r.value;
    else wanted.set(`${name}.${r.key}`, r.value);
  }
  let compared = 0;
  for (const thing of ken.things().filter((t) => wanted.has(`${t.name}.predicted value`))) {
    const model = ken.model(thing.name, { recipe: true }).fit(table, 'price', { task: 'regress' });
    assert.deepEqual([...model.predict(table).data], wanted.get(`${thing.name}.predicted value`).map(number), thing.name);
    assert.equal(model.save().length, wanted.get(`${thing.name}.bytes`), thing.name);
    const traced = ken.model(thing.name, { recipe: true });
    const trace = traced.trace(table, 'price', { task: 'regress' }).seek(1);
    for (const [view, { shape, data }] of Object.entries(trace.at.views)) assert.equal(data.length, shape.reduce((n, s) => n * s, 1), `${thing.name}: ${view}`);
    trace.seek(1e6).end();
    compared++;
  }
  assert.ok(compared >= 8);
});

test('a cell runs in a fresh module after those before it', async () => {
  const ken = await load('parity');
  assert.throws(() => ken.cell('failur'), /no cell/);
  const upTo = native('parity', ['print']).split('\n').filter(Boolean).map((l) => JSON.parse(l));
  assert.deepEqual(ken.cell('print'), upTo.filter((r) => r.cell === 'print'));
  assert.equal(JSON.parse(lines.at(-1)).value.code, 'KEN_E_ARG');
});
