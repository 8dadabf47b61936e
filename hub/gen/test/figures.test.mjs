// A figure of a cell, from its C to the page and the notebook. Needs the library (make build); the notebook runs where
// the kernel and nbclient are.
import test from 'node:test';
import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readLesson } from '../lesson.mjs';
import { cellsC } from '../cells.mjs';
import { prepareCode } from '../code.mjs';
import { put } from '../cache.mjs';
import { checkPage } from '../checks.mjs';
import { figuresOf } from '../figures.mjs';
import { Page } from '../html.mjs';
import { compile, compilers, exec, library } from '../native.mjs';
import { notebookOf } from '../notebook.mjs';
import { recordsByCell } from '../numbers.mjs';
import { Problems } from '../problems.mjs';
import { readRooms } from '../rooms.mjs';
import { RELEASE, ROOT } from '../paths.mjs';
import { recordsHTML } from '../../shell/records.mjs';

const folder = path.join(ROOT, 'hub/gen/test/fixtures/lessons/06-figure');
const lacks = (...files) => { const missing = files.find((f) => !existsSync(f)); return missing ? `${path.relative(ROOT, missing)} is not there` : false; };
const work = mkdtempSync(path.join(os.tmpdir(), 'ken-figure-'));
test.after(() => rmSync(work, { recursive: true }));

await prepareCode();
const rooms = { ...await readRooms(new Problems(), [folder]), things: new Map() };
const lesson = readLesson(path.join(folder, 'lesson.md'), rooms);
let lines;

test('the cell gives its figure', { skip: lacks(library(false)) }, async () => {
  assert.deepEqual(lesson.problems.errors.map((p) => p.text), []);
  const made = await compile(compilers()[0], work, { 'cells.c': cellsC(lesson) }, { out: 'cells' });
  assert.ok(made.ok, made.messages);
  lines = (await exec(made.program, ['--limit', '60'])).stdout.trim().split('\n');
  const [points, figure] = lines.map((line) => JSON.parse(line));
  assert.equal(points.value, 7);
  assert.equal(figure.type, 'figure');
  assert.deepEqual(figure.value.data.values.map((v) => v.y), [9, 4, 1, 0, 1, 4, 9]);
});

test('the page shows it as a picture with a description', { skip: lacks(library(false), path.join(RELEASE, 'assets/node_modules/vega')) }, async () => {
  const figures = await figuresOf(lines, work);
  const svg = figures.get('parabola/parabola');
  assert.equal([...svg.matchAll(/aria-roledescription="point"/g)].length, 7);
  for (const [part, what] of [[/^<svg role="img" aria-label="A  parabola "/, 'a description'], [/viewBox="0 0 6\d\d /, '"container" gets a width'], [/#e07b00/, 'the style ken-second']]) assert.ok(part.test(svg), what);
  const html = new Page(lesson, { records: recordsByCell(lines), figures, recordsHTML }).html();
  assert.ok(/<p class="rec"><b>points<\/b>.*<figure class="plot"><svg role="img"/.test(html), 'number, then picture');
  const file = path.join(work, 'index.html'), problems = new Problems();
  put(file, `<h1>x</h1>${html}`);
  checkPage(file, problems, false);
  assert.deepEqual(problems.errors.map((p) => p.text), []);
});

test('without vega the page says that there is one', { skip: lacks(library(false)) }, () => {
  const html = new Page(lesson, { records: recordsByCell(lines), figures: new Map(), recordsHTML }).html();
  assert.match(html, /<p class="rec" data-figure><b>parabola<\/b>/);
});

const kernel = path.join(RELEASE, 'ken-kernel'), python = path.join(ROOT, 'build/python/bin/python');
test('the notebook draws it', { skip: lacks(library(false), kernel, python) }, async () => {
  put(path.join(work, 'notebooks/figure.ipynb'), JSON.stringify(notebookOf(lesson)));
  put(path.join(work, 'site/figure/cells.json'), JSON.stringify(Object.fromEntries(recordsByCell(lines))));
  const run = await exec(python, [path.join(ROOT, 'hub/test/notebooks/same.py'), kernel, work]);
  assert.equal(run.status, 0, run.stdout + run.stderr);
  assert.match(run.stdout, /figure .*1 cells  ok\n1 notebooks/);
});
