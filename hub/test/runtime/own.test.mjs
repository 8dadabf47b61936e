// What the drawer of own data says before a widget sees them.
import test from 'node:test';
import assert from 'node:assert/strict';
import { troubleWith } from '../../runtime/own.mjs';

const roles = [{ name: 'x', type: 'number', label: 'x' }, { name: 'y', type: 'number', label: 'y' }];
const column = (name, more) => ({ name, dtype: 'f64', min: 0, max: 1, missing: 0, ...more });
const says = (rows, columns, pick = { x: 'x', y: 'y' }) => troubleWith({ rows, columns }, roles, pick)?.message ?? '';

test('good columns pass', () => assert.equal(says(3, [column('x'), column('y', { missing: 1 })]), ''));

test('each trouble is named with its column', () => {
  assert.match(says(1, [column('x'), column('y')]), /One row/);
  assert.match(says(0, [column('x'), column('y')]), /no rows/);
  assert.match(says(3, [column('x')], { x: 'x', y: 'x' }), /1 column, where x and y/);
  assert.match(says(3, [column('x'), column('y', { missing: 3, min: NaN, max: NaN })]), /All 3 values of "y" are missing/);
  assert.match(says(3, [column('x', { dtype: 'text' }), column('y')]), /"x" holds text/);
  assert.match(says(3, [column('x'), column('y', { max: 1e308 })]), /infinite/);
});
