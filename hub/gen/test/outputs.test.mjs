import test from 'node:test';
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readLesson } from '../lesson.mjs';
import { prepareCode } from '../code.mjs';
import { Page } from '../html.mjs';
import { notebookOf } from '../notebook.mjs';
import { decksOf } from '../cards.mjs';
import { cellsC } from '../cells.mjs';
import { renderMath } from '../math.mjs';
import { Problems } from '../problems.mjs';
import { checkPage } from '../checks.mjs';
import { ranges, readSeed } from '../claims.mjs';
import { wordsOf } from '../spelling.mjs';
import { readRooms } from '../rooms.mjs';
import { probesOf } from '../module.mjs';
import { ROOT } from '../paths.mjs';

const folder = path.join(ROOT, 'hub/gen/test/fixtures/lessons/05-sample');
await prepareCode();
const problems = new Problems();
const rooms = { ...await readRooms(problems, [folder]), things: new Map([['ridge', { name: 'ridge', parameters: [{ name: 'alpha', type: 'number', default: 1, min: 0, max: 1e300, scale: 'log', doc: 'strength' }] }], ['linear', { name: 'linear' }], ['gen:houses', { name: 'gen:houses' }], ['r2', { name: 'r2' }]]) };
const lesson = readLesson(path.join(folder, 'lesson.md'), rooms);
const records = new Map([['fit', ['{"cell":"fit","key":"half","type":"number","value":0.5}']]]);
const page = new Page(lesson, { records });
const html = page.html();

test('the sample is well formed', () => {
  assert.deepEqual(lesson.problems.errors.map((p) => p.text), []);
  assert.deepEqual(problems.errors.filter((p) => /05-sample/.test(p.file)), []);
});

test('a page has the forms that the shell knows', () => {
  for (const form of ['<ken-predict id="p1"><div class="stem">', '<ken-quiz id="q1" kind="choice">', '<li data-right><div class="option">', '<ol class="steps">', '<dl class="pairs">', '<span class="blank"></span>',
    'data-answer="1" data-tolerance="0.005" data-unit=""', '<ul class="slips"><li data-answer="2">', '<ken-exercise id="e1" kind="c" data-lang="c" entry="soft_threshold">', '<td class="num" data-answer="0.5"></td>',
    '<span class="blank" data-answer="1 - rate" data-vars="rate:0:1"></span>', '<a class="sym" data-sym="s-lambda"', '<a class="cite" href="#ref-sample1970">[1]</a>', '<li id="ref-sample1996" value="2">',
    '<details class="proof" data-check="normal_equation">', '<span class="why">', '<aside class="note" data-kind="history">', '<ken-cell id="cell-fit" cell="fit">', 'data-cell="fit" data-key="coef[1]">−0.250</span>',
    'data-sym="s-w"', '<figure data-x="-2,2" data-y="-1,1"><svg', '<ken-compare id="w3"', '<section class="footnotes"', '<details class="fold">', '<i class=k>']) assert.ok(html.includes(form), form);
  assert.match(html, /<figcaption><code>ken\/linear\/ridge\/ridge\.c<\/code> lines \d+–\d+/);
  assert.doesNotMatch(html, /undefined|\[object|\son[a-z]+=/);
  assert.deepEqual(Object.keys(page.defs().symbols).sort(), ['s-lambda', 's-w']);
});

test('C of the cells points into the lesson and ends in a table', () => {
  const c = cellsC(lesson);
  const line = lesson.body.split('\n').findIndex((l) => l.includes('{cell=fit}')) + 2;
  assert.ok(c.includes(`#line ${line} "hub/gen/test/fixtures/lessons/05-sample/lesson.md"\n`));
  assert.match(c, /const ken_cell ken_cells\[\] = \{\n {4}\{"setup", ken_cell_setup\},\n {4}\{"fit", ken_cell_fit\},\n {4}\{NULL, NULL\}\};\n$/);
});

test('a notebook is one of nbformat 4.5, with stable ids', () => {
  const a = notebookOf(lesson), b = notebookOf(readLesson(lesson.file, rooms));
  assert.deepEqual(a, b);
  assert.equal(a.nbformat, 4);
  assert.equal(a.nbformat_minor, 5);
  assert.equal(a.metadata.kernelspec.name, 'ken');
  const ids = a.cells.map((c) => c.id);
  assert.equal(new Set(ids).size, ids.length);
  for (const cell of a.cells) {
    assert.match(cell.id, /^[a-zA-Z0-9_-]{1,64}$/);
    assert.ok(cell.cell_type === 'code' || cell.cell_type === 'markdown');
    assert.deepEqual(Object.keys(cell).sort(), cell.cell_type === 'code' ? ['cell_type', 'execution_count', 'id', 'metadata', 'outputs', 'source'] : ['cell_type', 'id', 'metadata', 'source']);
    assert.ok(Array.isArray(cell.source) && cell.source.slice(0, -1).every((line) => line.endsWith('\n')) && !cell.source.at(-1).endsWith('\n'));
  }
  const code = a.cells.filter((c) => c.cell_type === 'code').map((c) => c.source.join(''));
  assert.equal(code[1], `//% cell=${lesson.cells[1].id}\n${lesson.cells[1].text}`);
  const tests = a.cells.find((c) => c.metadata.ken?.role === 'tests');
  assert.ok(tests.source.join('').startsWith('KEN_CHECK(e1) {'));
  assert.deepEqual(tests.metadata.tags, ['raises-exception']);
  const prose = a.cells.filter((c) => c.cell_type === 'markdown').map((c) => c.source.join('')).join('\n');
  assert.doesNotMatch(prose, /\{(?:cell|def|id)=|\\sym|:::|:n\[/);
  assert.match(prose, /There are 200 houses, and the second weight is −0\.250/);
  assert.match(prose, /\{\\lambda\} \\lVert/);
});

test('cards come by decks', () => {
  const decks = decksOf([{ lesson }], { interview: [{ id: 'a', deck: 'algorithms', level: 1, question: 'Q `x`?', short: 'S', full: '**F** <b>', followups: [], lesson: '' }] });
  assert.deepEqual(decks.map((d) => [d.id, d.title, d.cards.map((c) => c.id)]), [['algorithms', 'Algorithms', ['sample-c1', 'a']]]);
  assert.match(decks[0].cards[1].back, /<strong>F<\/strong> &lt;b&gt;/);
});

test('formulas: symbols are elements, other HTML is not let in', () => {
  const symbols = new Map([['lambda', { tex: '\\lambda' }]]);
  assert.match(renderMath('\\sym{lambda}', { symbols }), /data-sym="lambda"/);
  assert.throws(() => renderMath('\\frac{1'), /./);
  for (const tex of ['\\htmlClass{x}{y}', '\\href{javascript:x}{y}', '\\htmlData{onclick=x}{y}']) {
    let out = '';
    try { out = renderMath(tex); } catch { /* refused */ }
    assert.doesNotMatch(out, /class="x"|href="javascript|data-onclick/);
  }
});

test('gates on HTML', (t) => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'ken-hub-'));
  t.after(() => rmSync(dir, { recursive: true }));
  const file = path.join(dir, 'index.html');
  const says = (body) => {
    writeFileSync(file, `<h1>x</h1>${body}`);
    const p = new Problems();
    checkPage(file, p, true);
    return p.errors.map((e) => e.text);
  };
  assert.deepEqual(says('<h2 id="a">A</h2><a href="#a">a</a><img alt="seen" src="x.svg"><script type="application/json">{"<a href=\\"#no\\">":1}</script>'), []);
  for (const [body, pattern] of [['<p id="a"></p><p id="a"></p>', /stands 2 times/], ['<a href="#b">b</a>', /there is no "b"/], ['<a href="../no/">b</a>', /leads nowhere/], ['<h3>y</h3>', /depth 3/],
    ['<img src="x.png">', /without a description/], ['<script>x()</script>', /a script inside/], ['<p onclick="x()">', /a handler inside/], ['<img alt="x" src="https://x.org/y.png">', /from elsewhere/], ['<h1>z</h1>', /2 headings/],
    ['<svg role="img"></svg>', /a drawing without/]]) assert.match(says(body).join('\n'), pattern);
});

test('claims and words', () => {
  assert.deepEqual(readSeed('4:B05.1 trees'), { seed: '4', code: 'B05', part: '1' });
  for (const bad of ['4:B15', '5:M1', '0:M10', 'M1', '2:C0']) assert.equal(readSeed(bad), undefined, bad);
  assert.equal(ranges([1, 2, 3, 7, 9, 10]), '1–3, 7, 9–10');
  assert.deepEqual(wordsOf('The optimum of Adam’s rule, x_1, GPUs, WebAssembly; naïve. Then').map((w) => w.word), ['The', 'optimum', 'Adam', 'rule', 'naïve', 'Then']);
});
test('probes that a widget calls, through what it imports', (t) => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'ken-hub-'));
  t.after(() => rmSync(dir, { recursive: true }));
  writeFileSync(path.join(dir, 'a.mjs'), "import { b } from './b.mjs';\nken.probe('one', {});");
  writeFileSync(path.join(dir, 'b.mjs'), "import './a.mjs';\nimport { a } from './a.mjs';\nken.probe( \"two\" )");
  assert.deepEqual(probesOf(path.join(dir, 'a.mjs')), ['one', 'two']);
});

test('an option in a notebook does not tell whether it is right', () => {
  const open = notebookOf(lesson).cells.filter((c) => c.cell_type === 'markdown').map((c) => [c.source].flat().join('')).join('\n').replace(/<details>[\s\S]*?<\/details>/g, '');
  const reasons = [...lesson.quizzes, ...lesson.predicts].flatMap((q) => q.options).map((o) => o.reason.map((n) => n.value ?? '').join('').trim()).filter((r) => r.length > 8);
  assert.ok(reasons.length > 1);
  for (const reason of reasons) assert.ok(!open.includes(reason), reason);
});
