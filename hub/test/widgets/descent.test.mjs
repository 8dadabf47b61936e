import test from 'node:test';
import assert from 'node:assert/strict';
import kind, { readSettings } from '../../widgets/descent/descent.mjs';
import { readAttrs } from '../../runtime/kind.mjs';
import { sceneToSVG } from '../../runtime/svg.mjs';

const things = [{ name: 'adam', kind: 'optimizer', title: 'Adam: moments', parameters: [{ name: 'learning_rate', type: 'number', default: 0.001, search: [1e-5, 1], scale: 'log' }, { name: 'amsgrad', type: 'bool' }] },
  { name: 'gd', kind: 'optimizer', title: 'Gradient descent', parameters: [{ name: 'learning_rate', type: 'number', default: 0.01, search: [1e-4, 1], scale: 'log' }] },
  { name: 'bowl', kind: 'objective', title: 'Bowl', parameters: [] }, { name: 'saddle', kind: 'objective', title: 'Saddle', parameters: [] }];

const run = (name, values) => ({ name, x: Float64Array.from(values), y: Float64Array.from(values), f: Float64Array.from(values, (v) => v * v), diverged: values.findIndex((v) => !Number.isFinite(v)), state: { m: Float64Array.from(values.flatMap((v) => [v, -v])) } });
const result = (...runs) => ({ window: [-3, 3, -3, 3], z: Float64Array.from({ length: 64 * 64 }, (_, k) => (k % 64) ** 2), minima: [{ x: 0, y: 0, value: 0, global: true }], start: [2, 2], convex: true, steps: runs[0].x.length - 1, runs, bound: null });
const attrs = readAttrs(kind, { optimizers: 'adam gd', surface: 'bowl', show: 'loss state', settings: 'adam.learning_rate=0.1 adam.amsgrad=true' });
const state = { ...kind.state(attrs, things), step: 3 };

test('settings are read by type, and unknown ones are named', () => {
  assert.deepEqual(state.params, { adam: { learning_rate: 0.1, amsgrad: true } });
  assert.throws(() => readSettings('adam.rate=1', things), /adam\.rate/);
  assert.throws(() => readSettings('condition=3', things, 'bowl'), /bowl\.condition/);
});

test('the summary says who is lowest, and who flew off and why', () => {
  const scene = kind.scene(result(run('adam', [2, 1, 0.5, 0.25]), run('gd', [2, -40, 1e9, NaN])), state, attrs);
  assert.match(scene.summary, /adam is lowest with f = 0\.0625/);
  assert.match(scene.summary, /Gd flew off at step 3.*learning rate/);
  assert.doesNotMatch(sceneToSVG(scene), /NaN|Infinity|undefined/);
  assert.deepEqual(scene.table.rows[3], [3, 0.0625, 0.25, 0.25, NaN, NaN, NaN]);
});

test('dragging the start computes; dragging the step only draws', () => {
  assert.deepEqual(kind.drag(state, { plot: 'map', x: 1, y: 2 }).start, [1, 2]);
  assert.equal(kind.drag(state, { plot: 'loss', x: 2.4 }).step, 2);
  assert.equal(kind.changed({ ...state, optimizers: [] }, 'optimizers', attrs, state), state);
});
