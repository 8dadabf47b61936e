import test from 'node:test';
import assert from 'node:assert/strict';
import { admit, decodeState, diff, encodeState, equalJSON, formatHash, parseHash, patch, setPath, getPath } from '../../runtime/state.mjs';
import { anyJSON, anyObject, generator } from './random.mjs';

const clean = (v) => JSON.parse(JSON.stringify(v));

test('a state comes back from its link exactly, whatever it holds', () => {
  const r = generator(7);
  for (let i = 0; i < 4000; i++) {
    const initial = clean(anyObject(r));
    const state = r.next() < 0.5 ? clean(anyObject(r)) : { ...initial, ...clean(anyObject(r)) };
    const text = encodeState(initial, state);
    assert.match(text, /^$|^1[\w-]*$/);
    const back = text ? decodeState(initial, text) : initial;
    assert.ok(equalJSON(back, state), `${i}: ${JSON.stringify(initial)} → ${JSON.stringify(state)} came back as ${JSON.stringify(back)}`);
  }
});

test('the initial state has no text, and a small change a short one', () => {
  const initial = { alpha: 1, points: [[1, 2]], params: { adam: { beta1: 0.9 } } };
  assert.equal(encodeState(initial, structuredClone(initial)), '');
  assert.ok(encodeState(initial, { ...initial, alpha: 10 }).length <= 17);
  assert.deepEqual(diff(initial, setPath(initial, 'params.adam.beta1', 0.5)), { params: { adam: { beta1: 0.5 } } });
});

test('texts that are not ours give null, and never a throw', () => {
  const r = generator(3);
  for (const text of ['', '2eyJhIjoxfQ', '1', '1@@@', '1eyJ', '1W10', '1MQ', '1bnVsbA']) assert.equal(decodeState({ a: 1 }, text), null, text);
  for (let i = 0; i < 500; i++) decodeState({ a: 1 }, Array.from({ length: 12 }, () => r.of([...'1eyJ09-_AZ=%'])).join(''));
});

test('a link cannot bring members of another type, nor new ones', () => {
  const initial = { alpha: 1, points: null, on: true, list: [] };
  assert.deepEqual(admit({ start: 3.3, k: 2 }, { start: null, k: Infinity }), { start: null, k: 2 });
  assert.deepEqual(admit(initial, { alpha: 'x', points: [[0, 0]], on: 1, list: {}, evil: 1 }), { alpha: 1, points: [[0, 0]], on: true, list: [] });
  assert.equal({}.polluted, undefined);
  patch({}, JSON.parse('{"__proto__":{"polluted":1}}'));
  assert.equal({}.polluted, undefined);
});

test('several widgets and an anchor share one address', () => {
  const map = parseHash('#w1=1abc&sec-2&w2=1def');
  assert.equal(map.get('w1'), '1abc');
  assert.equal(map.get('w2'), '1def');
  map.delete('w1');
  assert.equal(formatHash(map), '#sec-2&w2=1def');
  assert.equal(formatHash(new Map([['w1', '']])), '');
});

test('paths read and write without touching the original', () => {
  const state = { a: { b: 1 }, c: 2 };
  const next = setPath(state, 'a.x.y', 3);
  assert.equal(getPath(next, 'a.x.y'), 3);
  assert.equal(getPath(state, 'a.x.y'), undefined);
  assert.equal(next.a.b, 1);
  assert.equal(anyJSON(generator(1)) === undefined, false);
});
