// Page and worker over a MessageChannel: promises, errors, progress, cancel.
import test from 'node:test';
import assert from 'node:assert/strict';
import { Remote } from '../../hub/runtime/remote.mjs';
import { serve } from '../../hub/runtime/worker.mjs';
import { moduleURL } from './setting.mjs';

const kinds = (kind) => new URL(`./kind_${kind}.mjs`, import.meta.url).href;
const open = (module = moduleURL('ken')) => Remote.load(module, { connect: () => { const { port1, port2 } = new MessageChannel(); serve(port2, kinds); return port1; } });

test('the same object with promises', async (t) => {
  const remote = await open();
  t.after(() => remote.close());
  assert.ok((await remote.things()).length > 60);
  const table = await remote.dataset('gen:houses:rows=100');
  assert.equal(await table.rows(), 100);
  const model = await remote.model('boosting', { recipe: true });
  await model.fit(table, 'price');
  assert.equal((await model.predict(table)).data.length, 100);
  const trace = await model.trace(table, 'price');
  await trace.seek(30);
  assert.equal((await trace.at()).iteration, 30);
  await trace.end();
  await table.free();
  await assert.rejects(table.rows(), { name: 'KenError', code: 'KEN_E_STATE' });
  await assert.rejects(remote.dataset('irs'), { code: 'KEN_E_NOT_FOUND', hint: /iris/ });
  await assert.rejects(remote.call('nonsense'), { code: 'KEN_E_NOT_FOUND' });
  assert.equal((await remote.probe('surface', { nx: 4, ny: 4 })).z.length, 16);
});

test('a newer state of a widget stops the older one; progress is heard', async (t) => {
  const remote = await open();
  t.after(() => remote.close());
  let heard = 0;
  const old = remote.compute({ kind: 'count', state: { n: 1e9 }, attrs: {}, key: 'w1' }, undefined, () => heard++);
  const beside = remote.compute({ kind: 'count', state: { n: 4 }, attrs: {}, key: 'w2' });
  await new Promise((go) => setTimeout(go, 150));
  const bytes = new TextEncoder().encode('a,b\n1,2\n3,4\n');
  assert.equal((await remote.inspect(bytes)).rows, 2);
  const now = remote.compute({ kind: 'count', state: { n: 3 }, attrs: {}, own: { bytes, pick: { x: 'a' } }, key: 'w1' });
  assert.equal(await old, null);
  assert.ok(heard > 0);
  assert.deepEqual(await now, { n: 3, own: [1, 3], list: new Float64Array([0, 1, 2]), left: 0 });
  assert.equal((await beside).n, 4);
  const stop = new AbortController();
  const third = remote.compute({ kind: 'count', state: { n: 1e9 }, attrs: {} }, stop.signal);
  setTimeout(() => stop.abort(), 40);
  assert.equal(await third, null);
  await assert.rejects(remote.compute({ kind: 'count', state: { n: -1 }, attrs: {} }), { code: 'KEN_E_NOT_FOUND' });
  await assert.rejects(remote.compute({ kind: '../x', state: {}, attrs: {} }), { code: 'KEN_E_ARG' });
});

test('what cannot be loaded, every call tells', async (t) => {
  const remote = new Remote(new URL('./nowhere.wasm', import.meta.url), { connect: () => { const { port1, port2 } = new MessageChannel(); serve(port2, kinds); return port1; } });
  t.after(() => remote.close());
  await assert.rejects(remote.things());
  await assert.rejects(remote.compute({ kind: 'count', state: { n: 1 }, attrs: {} }));
});
