// The parts of the shell that need no browser: formulas, progress files, records, graph, templates.
import { test } from 'node:test';
import assert from 'node:assert/strict';
import { FormulaError, parse, sameFormula, variables } from '../shell/js/expression.mjs';
import { merge, readFile } from '../shell/js/store.mjs';
import { random, shuffled } from '../shell/js/random.mjs';
import { recordsHTML } from '../shell/records.mjs';
import { prerequisiteGraph } from '../shell/graph.mjs';
import { cards, glossary, index, notFound, page, print } from '../shell/page.mjs';

const value = (text, values = {}) => parse(text, Object.keys(values)).run(values);

test('formulas: precedence, powers, functions, C forms', () => {
  assert.equal(value('1 + 2 * 3'), 7);
  assert.equal(value('-2^2'), -4);
  assert.equal(value('2^3^2'), 512);
  assert.equal(value('2^-1'), 0.5);
  assert.equal(value('8 / 4 / 2'), 1);
  assert.equal(value('1 - 2 - 3'), -4);
  assert.equal(value('max(1, abs(-3)) + sqrt(4)'), 5);
  assert.equal(value('z > t ? z - t : z < -t ? z + t : 0', { z: -3, t: 1 }), -2);
  assert.equal(value('λ·w²', { lambda: 2, w: 3 }), 18);
  assert.equal(value('1.5e1f'), 15);
  assert.equal(value('a >= 1 && b != 2 || 0', { a: 1, b: 3 }), 1);
});

test('formulas: what is wrong is said', () => {
  for (const [text, says] of [['', /Type a formula/], ['2x', /“\*”/], ['q + 1', /“q” is not known/], ['(1 + 2', /“\)” is missing/], ['1 +', /ends too early/], ['max(1)', /takes 2/], ['eval(1)', /no function/],
    ['constructor(1)', /no function/], ['x = 3', /not part|one too many/], ['1 ? 2', /“:”/], [`${'('.repeat(5000)}1`, /missing|deep/], ['"a"', /not part/]]) {
    assert.throws(() => parse(text, ['x']), (error) => (error instanceof FormulaError || error instanceof RangeError) && (says.test(error.message) || error instanceof RangeError), text);
  }
});

test('formulas: equal as functions, not as text', () => {
  const ranges = variables('lambda:0:3 w:-2:2 y:-2:2'), names = ranges.map((r) => r.name), key = parse('2*lambda*w - 2*(y - w)', names);
  const same = (text) => sameFormula(parse(text, names), key, ranges, random('e1'));
  assert.ok(same('2*(lambda*w + w - y)'));
  assert.ok(!same('2*lambda*w + 2*(y - w)'));
  assert.ok(!same('2*lambda*w - 2*(y - w) + 0.000001'));
  assert.ok(!same('0/0'));
});

test('shuffles are the same on each visit and never the answer', () => {
  for (const n of [2, 3, 4, 7]) {
    const items = Array.from({ length: n }, (_, i) => i);
    for (const id of ['q1', 'q2', 'order-steps']) {
      assert.deepEqual(shuffled(items, id), shuffled(items, id));
      assert.notDeepEqual(shuffled(items, id), items);
      assert.deepEqual([...shuffled(items, id)].sort(), items);
    }
  }
});

const state = (cards = {}, lessons = {}, more = {}) => ({ ken: 'progress', version: 1, cards, lessons, ...more });
const card = (last) => ({ stability: 2, difficulty: 5, last, reviews: 1, lapses: 0 });

test('progress merges: the later review, all that was solved, unknown members stay', () => {
  const mine = state({ a: card('2026-01-02'), b: card('2026-01-01') }, { ridge: { sections: ['x'], quizzes: { q1: 'wrong', q2: 'right' } } }, { path: 'builder' });
  const theirs = state({ a: card('2026-01-01'), b: card('2026-02-01'), c: card('2026-01-01') }, { ridge: { sections: ['y'], quizzes: { q1: 'right', q2: 'wrong' }, exercises: { e1: 'done' } }, trees: {} }, { future: 7 });
  const out = merge(mine, theirs);
  assert.deepEqual([out.cards.a.last, out.cards.b.last, out.cards.c.last], ['2026-01-02', '2026-02-01', '2026-01-01']);
  assert.deepEqual(out.lessons.ridge, { sections: ['x', 'y'], quizzes: { q1: 'right', q2: 'right' }, exercises: { e1: 'done' } });
  assert.equal(out.path, 'builder');
  assert.equal(out.future, 7);
  assert.ok(out.lessons.trees);
});

test('progress files: each fault is named', () => {
  for (const [text, says] of [['{', /not JSON/], ['[]', /no progress/], ['{"ken":"progress","version":2}', /version 2/], ['{"ken":"progress","version":1,"cards":[]}', /“cards”/],
    ['{"ken":"progress","version":1,"cards":{"a":{"stability":"x"}}}', /Card a/], ['{"ken":"progress","version":1,"lessons":{"r":{"sections":3}}}', /Lesson r/], ['{"ken":"progress","version":1,"lessons":{"__proto__":{}}}', /cannot be/]]) {
    assert.throws(() => readFile(text), says, text);
  }
  assert.deepEqual(readFile('{"ken":"progress","version":1}').cards, {});
});

test('records: every type, escaped', () => {
  const html = recordsHTML(['{"cell":"a","key":"r2","type":"number","value":0.8414000000000001}', { key: 't', type: 'text', value: '<b>' }, { key: 'c', type: 'array', value: [1, 2.5] }, { type: 'print', value: 'a < b\n' },
    { key: 'tab', type: 'table', value: { columns: [{ name: 'x', dtype: 'f64' }], rows: [[1]], total: 9 } }, { type: 'error', code: 'SHAPE', message: 'no', hint: 'do' }]);
  assert.match(html, /title="0\.8414000000000001">0\.8414</);
  assert.match(html, /&lt;b&gt;/);
  assert.match(html, /1 of 9 rows/);
  assert.doesNotMatch(html, /<b>"|<b><\/b><b>/);
});

test('records: what was printed comes as one text, many values beside it are folded, a figure stands where it was shown', () => {
  const print = (value) => ({ type: 'print', value }), number = (key) => ({ type: 'number', key, value: 0.5 });
  const few = recordsHTML([print('a\n'), number('x'), print('b\n'), number('y')]);
  assert.match(few, /<pre[^>]*>a\nb<\/pre><div class="values"><p class="rec"><b>x.*<b>y/);
  const many = recordsHTML([print('a\n'), ...'uvwxyz'].map((r) => (typeof r === 'string' ? number(r) : r)));
  assert.match(many, /<pre[^>]*>a<\/pre><details class="shown"><summary>6 values<\/summary>/);
  assert.doesNotMatch(recordsHTML([...'uvwxyz'].map(number)), /details/);
  assert.match(recordsHTML([number('x'), { type: 'figure', key: 'f', value: {} }, number('y')], () => '<svg/>'), /<b>x.*<figure class="plot"><svg\/><\/figure>.*<b>y/);
});

const lessons = [['a', []], ['b', ['a']], ['c', ['a', 'b']]].map(([id, needs], i) => ({ id, needs, title: `Lesson <${id}>`, part: 'A', number: i + 1, minutes: 30, summary: 'x "y" & z', quizzes: [], exercises: [] }));
const site = { title: 'ken', version: '1', lessons, parts: [{ id: 'A', title: 'Start' }], paths: [{ id: 'p', title: 'P', text: 't', lessons: ['a', 'gone'] }] };
const assets = { shell: 'assets/s.js', boot: 'assets/b.js', css: ['assets/t.css'], font: 'assets/f.woff2', icon: 'assets/i.svg' };

test('graph: no line that others imply, no circle', () => {
  const svg = prerequisiteGraph(site);
  assert.equal(svg.match(/class="edge"/g).length, 2);
  assert.match(svg, /Lesson &lt;a&gt;/);
  assert.throws(() => prerequisiteGraph({ lessons: [{ id: 'a', title: 'A', needs: ['b'] }, { id: 'b', title: 'B', needs: ['a'] }] }), /needs itself: a -> b -> a/);
});

test('templates: whole, escaped, under the policy', () => {
  const made = { lesson: lessons[1], html: '<h2 id="x">X</h2><p>p</p>', toc: [{ id: 'x', text: 'X & Y', depth: 2 }, { id: 'y', text: 'Z', depth: 3 }], meta: { defs: { symbols: { s: { symbol: '</script>', name: 's', text: '' } } } } };
  for (const html of [page({ site, ...made, assets, prev: lessons[0] }), index({ site, assets }), cards({ site, decks: [], assets }), glossary({ site, terms: [{ id: 't', name: 'Term', text: 'x' }], symbols: [], assets }), notFound({ site, assets }), print({ site, lessons: [made], assets })]) {
    assert.match(html, /^<!doctype html>/);
    assert.match(html, /Content-Security-Policy/);
    assert.doesNotMatch(html, /undefined|\[object|NaN/);
    assert.doesNotMatch(html, /<script(?! src| type="module" src| type="application\/json")/);
    assert.equal((html.match(/<ol/g) ?? []).length, (html.match(/<\/ol>/g) ?? []).length);
    assert.equal((html.match(/<\/script>/g) ?? []).length, (html.match(/<script/g) ?? []).length);
  }
});
