import test from 'node:test';
import assert from 'node:assert/strict';
import { clampValue, fromSlider, resolveControls, sliderSteps, toSlider, whenHolds } from '../../runtime/controls.mjs';
import { controlsHTML, frameHTML } from '../../runtime/frame.mjs';

const things = { things: [{ name: 'model', parameters: [
  { name: 'alpha', type: 'number', default: 1, min: 0, max: 1e300, search: [1e-4, 1e4], scale: 'log', doc: 'penalty', unit: 'm' },
  { name: 'depth', type: 'integer', default: 3, min: 0, max: 1000000, search: [1, 20], scale: 'linear', doc: 'levels' },
  { name: 'solver', type: 'choice', default: 'auto', choices: ['auto', 'qr'], doc: 'how' },
  { name: 'many', type: 'choice', default: 'a', choices: ['a', 'b', 'c', 'd', 'e'], doc: 'which' },
  { name: 'tol', type: 'number', default: 1e-6, min: 0, max: 1, search: [1e-9, 1e-2], scale: 'log', when: 'solver=qr', doc: 'stop' },
  { name: 'on', type: 'bool', default: true, doc: 'switch' },
  { name: 'free', type: 'number', default: 2, min: 0, max: 'Infinity', doc: 'not searched' },
] }] };
const all = ['alpha', 'depth', 'solver', 'many', 'tol', 'on', 'free'].map((name) => ({ name, from: `model.${name}` }));
const state = { alpha: 1, depth: 3, solver: 'auto', many: 'a', tol: 1e-6, on: true, free: 2 };
const rows = (s = state, list = all) => resolveControls(list, things, s, { steps: 12 });

test('descriptors give label, range, scale, unit, choices and meaning', () => {
  const [alpha, depth, solver] = rows();
  assert.deepEqual([alpha.label, alpha.min, alpha.max, alpha.scale, alpha.doc, alpha.most], ['Alpha', 1e-4, 1e4, 'log', 'penalty', 1e300]);
  assert.deepEqual([depth.type, depth.step, depth.integer], ['range', 1, true]);
  assert.deepEqual(solver.choices.map((c) => c.value), ['auto', 'qr']);
});

test('`when` hides a row until the state says so; unknown things are left out', () => {
  assert.ok(!rows().some((r) => r.name === 'tol'));
  assert.ok(rows({ ...state, solver: 'qr' }).some((r) => r.name === 'tol'));
  assert.deepEqual(rows(state, [{ name: 'x', from: 'nothing.x' }]), []);
  assert.ok(whenHolds('a=1 b=x|y', (n) => ({ a: 1, b: 'y' })[n]));
  assert.ok(!whenHolds('a=1 b=x|y', (n) => ({ a: 1, b: 'z' })[n]));
});

test('every place of a slider is its own value, in order, and comes back', () => {
  for (const row of [...rows().filter((r) => r.type === 'range'), { ...rows()[0], zero: true }, { ...rows()[0], min: 1, max: 40, integer: true }, { ...rows()[0], min: 0.02, max: 1 }]) {
    let last = -Infinity;
    for (let p = 0; p <= sliderSteps(row); p++) {
      const value = fromSlider(row, p);
      assert.ok(value > last && value <= row.max, `${row.name} ${p}: ${value} after ${last}`);
      assert.equal(toSlider(row, value), p, `${row.name} ${p} → ${value}`);
      last = value;
    }
    assert.equal(last, row.max);
    assert.equal(fromSlider(row, 0), row.zero ? 0 : row.min);
  }
});

test('a link may go beyond a slider, but not beyond the parameter', () => {
  const [alpha, depth] = rows();
  assert.equal(clampValue(alpha, 1e9), 1e9);
  assert.equal(clampValue(alpha, -1), 0);
  assert.equal(clampValue(depth, 2.6), 3);
  assert.equal(clampValue(rows()[2], 'evil'), 'auto');
});

test('four controls are shown, the rest is behind "More"; limits may come from the result', () => {
  const html = controlsHTML('w', rows());
  assert.equal(html.split('<details')[0].match(/class="kw-control/g).length, 4);
  assert.match(html, /More \(2\)/);
  const [scrub] = rows(state, [{ name: 'step', type: 'scrub', max: 'result.steps' }]);
  assert.equal(scrub.max, 12);
});

test('texts of a lesson cannot break out of the markup', () => {
  const scene = { plots: [{ id: 'a', marks: [] }], summary: '<img src=x onerror=1>', readouts: [{ label: '"<b>', value: '<i>' }] };
  const html = frameHTML({ id: 'w', title: '"><script>', rows: rows(state, [{ name: 'alpha', from: 'model.alpha', label: '<b>"' }]), scene, live: true });
  assert.doesNotMatch(html, /<(img|script|b|i)\b/);
});
