// The reference rooms' own facts: slopes and curvatures of losses by finite differences, things and sources that exist.
import test from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { parse } from '../shell/js/expression.mjs';

const read = (name) => JSON.parse(readFileSync(new URL(`../rooms/${name}`, import.meta.url), 'utf8'));
const { losses, chooser } = read('losses.json');
const keys = new Set(read('bibliography.json').sources.map((s) => s.key));

// "y:-3:3 f:-3:3" → places inside, away from where formulas have corners.
function places(domain) {
  const axes = domain.split(' ').map((part) => part.split(':')).map(([name, low, high]) => ({ name, low: Number(low), high: Number(high) }));
  const out = [];
  for (let i = 0; i < 60; i++) out.push(Object.fromEntries(axes.map(({ name, low, high }, a) => [name, low + (high - low) * ((0.137 + 0.61803 * i + 0.37 * a * (i + 1)) % 1)])));
  return out;
}

for (const loss of losses) {
  const names = loss.domain.split(' ').map((part) => part.split(':')[0]);
  const by = names.includes('f') ? 'f' : 'w';
  const value = parse(loss.value, names).run, gradient = parse(loss.gradient, names).run, hessian = parse(loss.hessian, names).run;
  test(`${loss.id}: slope and curvature are the derivatives`, () => {
    const h = 1e-4;
    let looked = 0;
    for (const at of places(loss.domain)) {
      const near = (k) => ({ ...at, [by]: at[by] + k * h });
      const [g0, g1] = [gradient(near(-1)), gradient(near(1))];
      if (Math.abs(g1 - g0) > 0.01) continue; // a corner between the two places
      looked++;
      assert.ok(Math.abs((value(near(1)) - value(near(-1))) / (2 * h) - gradient(at)) < 1e-6, `slope at ${JSON.stringify(at)}`);
      assert.ok(Math.abs((g1 - g0) / (2 * h) - hessian(at)) < 1e-6, `curvature at ${JSON.stringify(at)}`);
      assert.ok(hessian(at) >= 0, 'convex');
    }
    assert.ok(looked > 40, `only ${looked} places without a corner`);
  });
}

test('what losses and cards name exists', () => {
  for (const loss of losses) {
    for (const key of loss.source) assert.ok(keys.has(key), `${loss.id} cites ${key}`);
    for (const [thing] of loss.used) assert.ok(['linear', 'tree', 'boosting'].some((room) => existsSync(new URL(`../../ken/${room}/${thing}/${thing}.md`, import.meta.url))), `${loss.id} is used by ${thing}`);
  }
  for (const [, id] of chooser) assert.ok(losses.some((l) => l.id === id), id);
  for (const card of read('interview.json').cards) for (const key of card.source) assert.ok(keys.has(key), `${card.id} cites ${key}`);
});

test('every model of the library has its row of costs', () => {
  const things = new Set(read('complexity.json').rows.map((r) => r.thing));
  for (const thing of ['linear', 'ridge', 'lasso', 'elastic_net', 'logistic', 'sgd', 'knn', 'tree', 'forest', 'extra_trees', 'boosting']) assert.ok(things.has(thing), thing);
});
