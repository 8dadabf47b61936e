import test from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { applyFixes, checkNumbers, formatAs, lookUp, recordsByCell } from '../numbers.mjs';
import { lessonOf } from '../lesson.mjs';

test('formats are those of printf', () => {
  const values = [0, 0.5, 1.5, 2.5, 0.125, 0.375, -0.125, 1e-7, 123456.789, 1e20, -2.675, 0.1 + 0.2, 1 / 3, 1e-300, 99.995, 9.5];
  const formats = ['.0f', '.1f', '.2f', '.3f', '.10f', '.3e', '.0e', '.4g', 'g', '.12g', 'f', '+.2f'];
  const cases = values.flatMap((v) => formats.map((f) => [f, v]));
  const args = cases.map(([, v]) => v.toPrecision(17));
  const run = spawnSync('bash', ['-c', 'LC_ALL=C; printf "$@"', 'bash', cases.map(([f]) => `%${f}\\n`).join(''), ...args], { encoding: 'utf8' });
  const want = run.stdout.trimEnd().split('\n');
  assert.equal(want.length, cases.length);
  // bash formats long doubles read from 17 digits: exact halves agree, and so do all others here.
  cases.forEach(([f, v], i) => assert.equal(formatAs(f, v), want[i], `${f} of ${v}`));
});

test('formats beyond printf', () => {
  assert.equal(formatAs("'d", 1234567), '1,234,567');
  assert.equal(formatAs("'d", 999), '999');
  assert.equal(formatAs('.1%', 0.1234), '12.3%');
  assert.equal(formatAs('s', 'name'), 'name');
  assert.equal(formatAs('d', true), '1');
  assert.throws(() => formatAs('d', 1.5), /not whole/);
  assert.throws(() => formatAs('.2f', 'text'));
});

const lines = ['{"cell":"fit","key":"r2","type":"number","value":0.84142}', '{"cell":"fit","key":"coef","type":"array","value":[0.5,-0.25]}',
  '{"cell":"fit","key":"t","type":"table","value":{"columns":[{"name":"a","dtype":"f64"},{"name":"b","dtype":"text"}],"rows":[[1,"x"],[2,"y"]],"total":2}}'];
const records = recordsByCell(lines);

test('keys reach into records', () => {
  assert.equal(lookUp(records, 'fit', 'r2').value, 0.84142);
  assert.equal(lookUp(records, 'fit', 'coef[1]').value, -0.25);
  assert.equal(lookUp(records, 'fit', 't[1].b').value, 'y');
  assert.equal(lookUp(records, 'fit', 't[0][0]').value, 1);
  assert.match(lookUp(records, 'fit', 'r3').error, /shows no "r3"/);
  assert.match(lookUp(records, 'fit', 'coef[7]').error, /has 2 values/);
  assert.match(lookUp(records, 'fit', 't[9].a').error, /has 2 rows/);
});

test('a number that differs is an error, and --fix writes it', () => {
  const text = '---\nid: x\ntitle: X\npart: A\nsummary: S\nminutes: 5\n---\n```c {cell=fit}\nRUN { }\n```\nIt is :n[0.9]{cell=fit key=r2 fmt=.3f}, then :n[−0.2]{cell=fit key="coef[1]" fmt=.2f}; :n[0.50]{cell=fit key="coef[0]" fmt=.2f}.\n';
  const lesson = lessonOf(text, '/x/01-x/lesson.md');
  assert.equal(checkNumbers(lesson, records), 1);
  assert.deepEqual(lesson.problems.errors.map((p) => [p.line, p.column]), [[11, 7], [11, 46]]);
  const fixes = [];
  const again = lessonOf(text, '/x/01-x/lesson.md');
  checkNumbers(again, records, fixes);
  const fixed = applyFixes(again.source, again.body, fixes);
  assert.equal(fixed, text.replace('[0.9]', '[0.841]').replace('[−0.2]', '[−0.25]'));
  const last = lessonOf(fixed, '/x/01-x/lesson.md');
  assert.equal(checkNumbers(last, records), 3);
  assert.equal(last.problems.errors.length, 0);
});
