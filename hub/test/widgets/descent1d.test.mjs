import test from 'node:test';
import assert from 'node:assert/strict';
import kind, { verdict } from '../../widgets/descent1d/descent1d.mjs';
import { readAttrs } from '../../runtime/kind.mjs';
import { library } from './library.mjs';

const env = { data: null, cancelled: () => false, slice: async () => {} };
async function run(raw) {
  const ken = (await library()).scope();
  const attrs = readAttrs(kind, raw);
  const state = kind.state(attrs, ken.things());
  const result = await kind.compute(ken, state, attrs, env);
  ken.release();
  return { result, how: verdict(result), scene: kind.scene(result, state, attrs) };
}

test('on a bowl the rate 2/L parts what settles from what flies off', async () => {
  const outcomes = {};
  for (const rate of ['0.01', '0.3', '1.9', '2', '2.1', '90']) outcomes[rate] = (await run({ surface: 'bowl', rate })).how;
  assert.deepEqual(outcomes, { 0.01: 'creeping', 0.3: 'settled', 1.9: 'zigzag', 2: 'jumping', 2.1: 'growing', 90: 'diverged' });
  assert.match((await run({ surface: 'bowl', rate: '2.1' })).scene.summary, /2\/L = 2; 2\.1 is above it/);
});

test('a local minimum is said to be one, with the curvature of its valley', async () => {
  const { scene, result } = await run({ surface: 'double_well:tilt=0.1', rate: '0.3' });
  assert.match(scene.summary, /local minimum/);
  const { curvature, x } = result.minima.find((m) => !m.global);
  assert.ok(Math.abs(curvature - (3 * x * x - 1)) < 1e-9);
});
