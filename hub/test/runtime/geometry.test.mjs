import test from 'node:test';
import assert from 'node:assert/strict';
import { contourLevels, invert, layoutScene, polyline, sceneAspect } from '../../runtime/geometry.mjs';
import { sceneToSVG } from '../../runtime/svg.mjs';
import { formatLogTick, formatNumber } from '../../runtime/format.mjs';
import { pitches } from '../../runtime/sound.mjs';
import { generator } from './random.mjs';

const grid = (n, f) => Float64Array.from({ length: n * n }, (_, k) => f((k % n) / (n - 1), Math.floor(k / n) / (n - 1)));
const square = { x: { domain: [0, 1], label: 'x' }, y: { domain: [0, 1], label: 'y' } };
export const everything = { summary: 'all marks', plots: [
  { id: 'a', title: 'One', ...square, marks: [
    { type: 'points', x: [0.1, 0.5, NaN], y: [0.2, 0.9, 0.1], color: [0, 1, 2], shape: [0, 1, 2], draggable: true, label: 'rows', key: ['a', 'b', 'c'] },
    { type: 'line', x: [0, 0.3, 0.6, 1], y: [0, NaN, 0.5, 1], label: 'curve', dash: 1 }, { type: 'area', x: [0, 1], y0: [0, 0.1], y1: [0.4, 0.5] },
    { type: 'rects', x0: [0.1], x1: [0.2], y0: [0.1], y1: [0.3], title: ['r'] }, { type: 'squares', x: [0.5], y0: [0.2], y1: [0.4] },
    { type: 'segments', x0: [0], y0: [0], x1: [1], y1: [1] }, { type: 'rule', x: 0.4, text: 'here' }, { type: 'rule', y: 0.4, draggable: true },
    { type: 'vectors', x: [0.5], y: [0.5], dx: [0.1], dy: [0.1] }, { type: 'text', x: [0.5], y: [0.5], text: ['<&>'] }] },
  { id: 'b', ...square, marks: [{ type: 'contours', z: grid(20, (x, y) => x * x + y * y), nx: 20, ny: 20, x: [0, 1], y: [0, 1], levels: 6 },
    { type: 'heat', z: grid(10, (x, y) => x - y), nx: 10, ny: 10, x: [0, 1], y: [0, 1], scale: 'diverging' },
    { type: 'heat', z: grid(10, (x, y) => Math.round(x + y)), nx: 10, ny: 10, x: [0, 1], y: [0, 1], scale: 'class' },
    { type: 'heat', z: grid(3, (x) => x), nx: 3, ny: 3, x: [0, 1], y: [0, 1], smooth: false, scale: 'sequential' }] },
  { id: 'c', row: 1, x: { bands: ['p', 'q'] }, y: { domain: [0, 4] }, marks: [{ type: 'bars', x: ['p', 'q'], y: [1, 3] }] },
  { id: 'd', row: 1, x: { domain: [0, 3] }, y: { bands: ['p', 'q'] }, marks: [{ type: 'bars', x: [1, 2], y: ['p', 'q'] }] },
  { id: 'e', row: 2, axes: false, marks: [{ type: 'tree', root: { text: 'x ≤ 1', sub: '10 rows', left: { text: 'yes', color: 0, shares: [3, 1] }, right: { text: 'no', color: 1 } } }] },
] };

test('no picture holds NaN, at any width; marks stay inside the picture', () => {
  for (const width of [320, 640, 900]) {
    const svg = sceneToSVG(everything, { width });
    assert.doesNotMatch(svg, /NaN|undefined|Infinity/);
    const layout = layoutScene(everything, width);
    for (const p of layout.plots) for (const h of p.hits) assert.ok(h.x >= 0 && h.x <= width && h.y >= 0 && h.y <= layout.height, `${width} ${p.id}`);
    assert.ok(Math.abs(layout.height - width * sceneAspect(everything, layout.narrow)) < 1e-9);
  }
});

test('texts are escaped, and an unknown mark is named', () => {
  assert.match(sceneToSVG(everything), /&lt;&amp;&gt;/);
  assert.throws(() => layoutScene({ plots: [{ id: 'a', marks: [{ type: 'pie' }] }] }, 700), /"pie".*points/);
});

test('pixels and data are inverse, on linear and logarithmic axes', () => {
  const scene = { plots: [{ id: 'a', x: { domain: [-3, 5] }, y: { domain: [1e-4, 1e4], log: true }, marks: [] }] };
  const [p] = layoutScene(scene, 600).plots;
  const r = generator(5);
  for (let i = 0; i < 200; i++) {
    const [x, y] = [-3 + 8 * r.next(), 10 ** (-4 + 8 * r.next())];
    const back = invert(p, p.sx(x), p.sy(y));
    assert.ok(Math.abs(back.x - x) < 1e-9 && Math.abs(back.y / y - 1) < 1e-9);
  }
});

test('equal: one unit is as long on both axes', () => {
  const [p] = layoutScene({ plots: [{ id: 'a', equal: true, x: { domain: [0, 1] }, y: { domain: [0, 9] }, marks: [] }] }, 700).plots;
  assert.ok(Math.abs(Math.abs(p.sx(1) - p.sx(0)) - Math.abs(p.sy(1) - p.sy(0))) < 1e-9);
});

test('a short path is the path, to a twentieth of a pixel', () => {
  const r = generator(11);
  for (let trial = 0; trial < 300; trial++) {
    const points = Array.from({ length: 2 + r.below(40) }, () => [r.next() * r.of([1, 10, 1000]), (r.next() - 0.5) * r.of([0.3, 10, 1000])]);
    const numbers = [...polyline(points).matchAll(/-?(?:\d+\.?\d*|\.\d+)/g)].map((m) => Number(m[0]));
    let [x, y] = [0, 0];
    const reached = [];
    for (let i = 0; i + 1 < numbers.length; i += 2) reached.push([(x += numbers[i]), (y += numbers[i + 1])]);
    const wanted = points.filter((q, i) => i === 0 || Math.round(q[0] * 10) !== Math.round(points[i - 1][0] * 10) || Math.round(q[1] * 10) !== Math.round(points[i - 1][1] * 10));
    if (wanted.length === 1) continue;
    assert.equal(reached.length, wanted.length, polyline(points));
    reached.forEach(([a, b], i) => assert.ok(Math.abs(a - wanted[i][0]) < 0.051 && Math.abs(b - wanted[i][1]) < 0.051));
  }
});

test('levels rise, also where a field is flat or not finite', () => {
  for (const z of [grid(5, (x) => x), grid(5, () => 2), Float64Array.from([NaN, Infinity, 1, 2])]) {
    for (const log of [false, true]) {
      const levels = contourLevels(z, 8, log);
      assert.ok(levels.every((v, i) => Number.isFinite(v) && (i === 0 || v > levels[i - 1])));
    }
  }
});

test('numbers read like numbers', () => {
  assert.deepEqual([0, 1, -1.5, 123456, 1e-9, -2.5e12, NaN, Infinity, null].map((v) => formatNumber(v)), ['0', '1', '−1.5', '123456', '10⁻⁹', '−2.5·10¹²', 'not a number', '∞', '–']);
  assert.deepEqual([0.01, 100, 1e-6].map(formatLogTick), ['0.01', '100', '10⁻⁶']);
});

test('pitch follows the value, over two octaves', () => {
  const hz = pitches([3, 1, 2]);
  assert.deepEqual(hz, [880, 220, 440]);
  assert.ok(pitches(Array.from({ length: 1000 }, (_, i) => i)).length <= 200);
  assert.ok(pitches([1, 1]).every(Number.isFinite));
});
