import test from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { checkExercise, testsC } from '../exercises.mjs';
import { lessonOf } from '../lesson.mjs';
import { library } from '../native.mjs';

const block = (meta, text) => `\`\`\`c {${meta}}\n${text}\n\`\`\`\n`;
const right = 'int f(int x) { return x < 0 ? -x : x; }';
const lesson = (parts) => lessonOf(`---\nid: x\ntitle: X\npart: A\nsummary: S\nminutes: 5\n---\n:::exercise{id=e kind=c entry=f}\nTask.\n\n${
  block('starter', parts.starter ?? 'int f(int x) { return 0; }')}${block('solution', parts.solution ?? right)}${block('tests', parts.tests ?? 'EXPECT_INT(f(3), 3);\nEXPECT_INT(f(-3), 3);\nEXPECT_INT(f(0), 0);')}${
  (parts.mutants ?? ['int f(int x) { return x; }', 'int f(int x) { return -x; }']).map((m, i) => block(`mutant hint="hint ${i}"`, m)).join('')}:::\n`, '/x/01-x/lesson.md');

async function judge(parts, t) {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'ken-hub-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const made = lesson(parts);
  assert.deepEqual(made.problems.errors, []);
  const result = await checkExercise(made, made.exercises[0], folder, 'test');
  return { result, errors: [...new Set(made.problems.errors.map((p) => `${p.line} ${p.text}`))] };
}
const skip = existsSync(library(false)) ? false : 'build/release/libken.a is not there';

test('each expectation is a test of its own, after what prepares it', () => {
  const made = lesson({ tests: 'int a = 2;\nEXPECT_INT(f(a), 2);\nfor (int i = 0; i < 3; i++) {\n    EXPECT(f(i) == i);\n}' });
  const { tests, c } = testsC('f.md', made.exercises[0].parts.tests[0]);
  assert.deepEqual(tests.map((t) => t.name), ['t1', 't2']);
  assert.equal(tests[1].line, tests[0].line + 1);
  assert.equal(c.match(/int a = 2;/g).length, 2);
});

test('a sound exercise: mutants by the tests that they fail', { skip }, async (t) => {
  const { result, errors } = await judge({}, t);
  assert.deepEqual(errors, []);
  assert.deepEqual(result.mutants, [{ fails: ['t2'], hint: 'hint 0' }, { fails: ['t1'], hint: 'hint 1' }]);
});

test('a wrong solution, a starter and a mutant that pass', { skip }, async (t) => {
  assert.match((await judge({ solution: 'int f(int x) { return x; }' }, t)).errors.join('\n'), /the solution of "e" does not pass: f\(-3\) is -3, not 3/);
  assert.match((await judge({ starter: right }, t)).errors.join('\n'), /the starter of "e" passes every test/);
  assert.match((await judge({ mutants: [right] }, t)).errors.join('\n'), /the mutant of "e" passes every test/);
});

test('mutants that no test tells apart', { skip }, async (t) => {
  assert.match((await judge({ mutants: ['int f(int x) { return x; }', 'int f(int x) { return x < -2 ? x : x; }'] }, t)).errors.join('\n'), /fails the same tests as mutant-1 \(t2\)/);
});

test('a crash and an endless loop spoil their own tests only', { skip }, async (t) => {
  const { result, errors } = await judge({ mutants: ['#include <stdlib.h>\nint f(int x) { if (x < 0) abort(); return x; }', 'int f(int x) { volatile int y = x; while (x == 0) y++; return x < 0 ? -x : y; }'] }, t);
  assert.deepEqual(errors, []);
  assert.deepEqual(result.mutants.map((m) => m.fails), [['t2'], ['t3']]);
});

test('what does not compile is told at its line', { skip }, async (t) => {
  const { errors } = await judge({ solution: 'int f(int x) { return y; }' }, t);
  assert.match(errors.join('\n'), /^\d+ gcc: .*y.* undeclared/m);
});

test('the time limit', { skip }, async (t) => {
  const { errors } = await judge({ solution: 'int f(int x) { volatile unsigned y = 0; while (y < 1200000000u) y++; return x < 0 ? -x : x; }' }, t);
  assert.match(errors.join('\n'), /takes \d+ ms; expected at most 1000 ms|out of time/);
});
