// Every kind, over the real library: its initial picture, each of its controls, dragging each handle, its table, its link.

import test from 'node:test';
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { kindNames, kindPath } from '../../runtime/bundle.mjs';
import { resolveControls, fromSlider, sliderSteps, thingList } from '../../runtime/controls.mjs';
import { layoutScene, invert } from '../../runtime/geometry.mjs';
import { readAttrs, needsCompute } from '../../runtime/kind.mjs';
import { decodeState, encodeState, equalJSON, setPath } from '../../runtime/state.mjs';
import { renderStatic } from '../../runtime/static.mjs';
import { sceneToSVG } from '../../runtime/svg.mjs';
import { SAMPLES } from './samples.mjs';
import { library } from './library.mjs';

const env = { data: null, cancelled: () => false, slice: async () => {} };
const cell = (v) => v === null || typeof v === 'number' || typeof v === 'string';

/** What any scene must be. */
function checkScene(scene, what) {
  const svg = sceneToSVG(scene, { width: 700 });
  assert.doesNotMatch(svg, /NaN|undefined|Infinity|\[object/, what);
  assert.doesNotMatch(sceneToSVG(scene, { width: 330 }), /NaN|undefined/, what);
  assert.ok(scene.summary.length > 20 && !/undefined|\[object/.test(scene.summary), `${what}: ${scene.summary}`);
  assert.ok((scene.readouts ?? []).length <= 6, what);
  const ids = scene.plots.map((p) => p.id);
  assert.equal(new Set(ids).size, ids.length, what);
  if (scene.table) for (const row of scene.table.rows) assert.ok(row.length === scene.table.columns.length && row.every(cell), `${what}: ${JSON.stringify(row)}`);
}

async function open(name, raw) {
  const ken = (await library()).scope();
  const kind = (await import(kindPath(name))).default;
  const attrs = readAttrs(kind, raw);
  const things = ken.things();
  const state = kind.state(attrs, things);
  const show = async (s) => {
    const result = await kind.compute(ken, s, attrs, env);
    return { result, scene: kind.scene(result, s, attrs) };
  };
  return { ken, kind, attrs, things, state, show };
}

test('what a kind needs is in the catalog, and is what its source names', async () => {
  const names = new Set(thingList((await library()).things()).map((t) => t.name));
  for (const name of kindNames()) {
    const { needs = [] } = (await import(kindPath(name))).default;
    for (const need of needs) assert.ok(names.has(need), `${name} needs ${need}`);
    const source = readFileSync(kindPath(name), 'utf8');
    const named = [...source.matchAll(/ken\.(?:model|split)\((?:\w+, )?'(\w+)'/g)].map((m) => m[1]);
    for (const thing of named) assert.ok(needs.includes(thing), `${name} uses ${thing}, which its needs do not name`);
  }
});

test('every kind has a sample', () => assert.deepEqual([...new Set(SAMPLES.map((s) => s.kind))].sort(), kindNames()));

for (const { kind: name, ...raw } of SAMPLES) {
  const title = `${name} ${Object.entries(raw).map(([k, v]) => `${k}=${v}`).join(' ')}`;

  test(`${title}: the first picture, the same twice`, async () => {
    const { ken, kind, state } = await open(name, raw);
    const [a, b] = [await renderStatic(kind, { id: 'w', ...raw }, ken), await renderStatic(kind, { id: 'w', ...raw }, ken)];
    assert.equal(a.html, b.html);
    checkScene(a.scene, title);
    assert.equal(kind.kind, name);
    assert.deepEqual(state, JSON.parse(JSON.stringify(state)), 'a state is plain JSON');
    ken.release();
  });

  test(`${title}: every control moves the state, gives a picture, and comes back from a link`, async () => {
    const { ken, kind, attrs, things, state, show } = await open(name, raw);
    const { result } = await show(state);
    for (const row of resolveControls(kind.controls(attrs, things, state), things, state, result)) {
      for (const value of tries(row)) {
        let next = row.type === 'button' ? row.press(state, attrs, result) : setPath(state, row.name, value);
        if (kind.changed) next = kind.changed(next, row.name, attrs, state);
        const text = encodeState(state, next);
        assert.ok(equalJSON(text ? decodeState(state, text) : state, next), `${row.name}: link`);
        const shown = await show(next);
        checkScene(shown.scene, `${title}, ${row.name} = ${JSON.stringify(value)}`);
        assert.ok(needsCompute(kind, state, next) || kind.cosmetic?.includes(row.name) || equalJSON(state, next), row.name);
      }
    }
    ken.release();
  });

  test(`${title}: every handle can be dragged`, async () => {
    const { ken, kind, attrs, state, show } = await open(name, raw);
    const { result, scene } = await show(state);
    for (const p of layoutScene(scene, 700).plots) {
      const seen = new Set();
      for (const h of p.handles) {
        if (seen.has(h.mark)) continue;
        seen.add(h.mark);
        const to = invert(p, h.x > p.inner.x + p.inner.width / 2 ? h.x - 37 : h.x + 37, h.y > p.inner.y + p.inner.height / 2 ? h.y - 23 : h.y + 23);
        const next = kind.drag(state, { plot: p.id, mark: h.mark, index: h.index, x: h.axis === 'y' ? h.dataX : to.x, y: h.axis === 'x' ? h.dataY : to.y }, attrs, result);
        assert.ok(!equalJSON(next, state), `${p.id}: dragging ${h.name} changes nothing`);
        checkScene((await show(next)).scene, `${title}, ${h.name} dragged`);
      }
      if (kind.click) checkScene((await show(kind.click(state, { plot: p.id, x: invert(p, p.inner.x + 30, p.inner.y + 30).x, y: invert(p, p.inner.x + 30, p.inner.y + 30).y, key: p.hits[0]?.key }, attrs, result))).scene, `${title}, click`);
    }
    ken.release();
  });

  test(`${title}: points can be added and taken away`, async (t) => {
    const { ken, kind, attrs, state, show } = await open(name, raw);
    const { result, scene } = await show(state);
    if (!kind.add) return t.skip('no points');
    const p = layoutScene(scene, 700).plots[0];
    const middle = invert(p, p.inner.x + p.inner.width / 2, p.inner.y + p.inner.height / 2);
    const more = kind.add(state, { plot: p.id, ...middle }, attrs, result);
    checkScene((await show(more)).scene, 'one more');
    const h = p.handles.find((item) => item.removable);
    if (h) checkScene((await show(kind.remove(state, { plot: p.id, mark: h.mark, index: h.index }, attrs, result))).scene, 'one less');
    ken.release();
    return undefined;
  });

  test(`${title}: takes a table of one's own`, async (t) => {
    const { ken, kind, attrs, state } = await open(name, raw);
    if (!kind.own) return t.skip('no own data');
    const table = ken.csv(OWN);
    const pick = Object.fromEntries(kind.own.map((role) => [role.name, role.type === 'class' ? 'group' : role.name === 'y' ? 'height' : 'width']));
    const own = kind.adopt ? kind.adopt(state, pick, attrs) : state;
    const result = await kind.compute(ken, own, attrs, { ...env, data: { table, pick } });
    checkScene(kind.scene(result, own, attrs), 'own data');
    ken.release();
    return undefined;
  });
}

test('treegrow: leaves of two classes are told apart', async () => {
  const { ken, state, show } = await open('treegrow', { kind: 'treegrow', data: 'gen:moons:rows=150,noise=0.2', splits: '6' });
  const { scene } = await show(state);
  const rects = scene.plots[0].marks.find((m) => m.type === 'rects');
  assert.equal(new Set(rects.color).size, 2);
  ken.release();
});

const OWN = ['width,height,depth,group', ...Array.from({ length: 40 }, (_, i) => `${(i * 7) % 13},${((i * 5) % 11) + (i % 13) / 2},${(i * 3) % 17},${i % 2 ? 'red' : 'blue'}`)].join('\n');

/** Both ends of a slider and a place between; every choice; both sides of a switch. */
function tries(row) {
  if (row.type === 'range') return [0, Math.round(sliderSteps(row) / 3), sliderSteps(row)].map((p) => fromSlider(row, p));
  if (row.type === 'scrub') return [row.min, Math.round((row.min + row.max) / 2), row.max];
  if (row.type === 'bool') return [true, false];
  if (row.type === 'choice') return row.choices.map((c) => c.value);
  if (row.type === 'multi') return [[row.choices[0].value], row.choices.map((c) => c.value).slice(0, 10)];
  return [null];
}
