import test from 'node:test';
import assert from 'node:assert/strict';
import { lessonOf } from '../lesson.mjs';
import { format } from '../problems.mjs';
import { misfit, readBraces } from '../grammar.mjs';
import { Problems } from '../problems.mjs';
import { readFront, splitFront } from '../frontmatter.mjs';

const head = '---\nid: x\ntitle: X\npart: A\nsummary: S\nminutes: 5\n---\n';
const first = head.split('\n').length;
const rooms = {
  symbols: new Map([['lambda', { id: 'lambda', tex: '\\lambda', name: 'penalty', definition: 'd' }]]), terms: new Map([['bias', { id: 'bias', term: 'bias', definition: 'd' }]]),
  bibliography: new Map([['hoerl1970', {}]]), things: new Map([['ridge', { name: 'ridge' }]]), kinds: new Map([['descent', { attrs: { rate: { type: 'number' }, data: { type: 'text', required: true } } }]]),
  common: { title: { type: 'text' } }, lessons: new Map([['x', '']]), planned: new Map([['x', 'x'], ['later', 'later']]),
};
const says = (body) => lessonOf(head + body, '/x/01-x/lesson.md', rooms).problems.errors.map((p) => `${p.line - first + 1}:${p.column} ${p.text}`);
const one = (body, pattern) => {
  const all = says(body);
  assert.equal(all.length, 1, all.join('\n') || 'no error');
  assert.match(all[0], pattern);
};

test('what is well formed says nothing', () => {
  assert.deepEqual(says('## A\n\nText 3:1, a:b, `x`. :sym[λ]{def=lambda} $\\sym{lambda}$ :term[bias]{def=bias} :cite{hoerl1970}\n\n::cite{hoerl1970}\n\n::widget{id=w1 kind=descent rate=0.5 data="gen:houses" alt="seen"}\n\n[a](#a) [later](../later/)\n'), []);
});

test('unknown names come with place and nearest name', () => {
  one('a :trem[b]{def=bias}', /^1:3 unknown directive ":trem".*did you mean ":term"\?/);
  one(':::quizz{id=q}\nx\n:::', /^1:1 unknown directive ":::quizz".*":::quiz"/);
  one('\n:term[b]{def=bais}', /^2:1 unknown term "bais".*"bias"/);
  one('$\\sym{lamda}$', /unknown symbol "lamda".*"lambda"/);
  one('::cite{hoerl1971}', /unknown source "hoerl1971".*"hoerl1970"/);
  one('::widget{id=w kind=descend data=x alt=x}', /unknown kind of widget "descend".*"descent"/);
  one('::widget{id=w kind=descent data=x alt=x rat=1}', /no attribute "rat".*"rate"/);
  one('::params{thing=rigde}', /unknown thing "rigde".*"ridge"/);
  one(':n[5]{cell=a key=b fmt=d}', /unknown cell "a"/);
  one('[x](#nowhere)', /^1:1 unknown place on this page "nowhere"/);
  one('[x](../nothing/)', /unknown lesson "nothing"/);
});

test('missing, double and mistyped attributes', () => {
  one('::widget{kind=descent data=x alt=x}', /lacks "id"/);
  one('::widget{id=w kind=descent alt=x}', /lacks "data"/);
  one('::widget{id=w kind=descent data=x rate=fast alt=x}', /rate="fast".*expected a number/);
  one('::widget{id=w kind=descent data=x alt=x}\n\n::widget{id=w kind=descent data=x alt=x}', /^3:1 the id "w" is taken: line \d+ has/);
  one(':::note{kind=hint}\nx\n:::', /kind="hint".*expected note, warning, history, deep/);
});

test('all errors of a file are told', () => {
  assert.equal(says('a :trem[b]{x=1}\n\n::params{thing=nix}\n\n:::note{kind=zz}\nx\n:::').length, 3);
});

test('blocks that are not closed, or closed once too often', () => {
  one(':::note{kind=note}\nx', /"note" is never closed/);
  one(':::note{kind=note}\nx\n:::\n\n:::', /^5:1 ":::" closes no block/);
  const nested = says(':::exercise{id=e kind=trace}\nx :blank[1]\n\n:::solution\ny\n:::\n');
  assert.ok(nested.some((s) => /"exercise" is never closed.*more colons/.test(s)), nested.join('\n'));
});

test('a formula in "$$" on one line stands by itself, and what is around it goes before and after', () => {
  const kinds = (body) => lessonOf(head + body, '/x/01-x/lesson.md', rooms).tree.children.filter((n) => n.type !== 'yaml').map((n) => n.type);
  assert.deepEqual(kinds('$$a = b$$'), ['math']);
  assert.deepEqual(kinds('Then\n$$a$$\nand $c$, $$d$$'), ['paragraph', 'math', 'paragraph', 'math']);
  assert.deepEqual(kinds('With $a$ in it'), ['paragraph']);
});

test('code blocks', () => {
  one('```c\nint x;\n```', /says nothing of itself/);
  one('```c {cell=a}\nRUN { int x;\n```', /"\{" of RUN is never closed/);
  one('```c {cell=a}\nRUN { }\n\nRUN { }\n```', /^4:1 a second RUN block/);
  assert.match(says('```c {cel=a}\nint x;\n```')[0], /no attribute "cel".*"cell"/);
});

test('headings, HTML and left-overs', () => {
  one('# A', /a heading "#"/);
  one('## A\n\n#### B', /^3:1 a heading of depth 4 after one of depth 2/);
  one('a<br>b', /HTML in a lesson/);
  one('x TODO y', /^1:3 "TODO" is left/);
});

test('bare decimals are warnings', () => {
  const { problems } = lessonOf(`${head}It is 0.73, version 1.2.3, $0.5$, \`0.1\`, :lit[0.05].\n`, '/x/01-x/lesson.md', rooms);
  assert.equal(problems.errors.length, 0);
  assert.deepEqual(problems.warnings.map((p) => [p.line, p.column, p.kind]), [[first, 7, 'bare number']]);
});

test('quizzes: exactly the keys, a reason per option', () => {
  one(':::quiz{id=q kind=choice}\nx\n\n- [ ] a — *b*\n- [ ] c — *d*\n:::', /a choice with 0 right options/);
  one(':::quiz{id=q kind=many}\nx\n\n- [x] a — *b*\n- [ ] c\n:::', /^5:1 an option without a reason/);
  one(':::quiz{id=q kind=number}\nx\n\n> y\n:::', /without its key/);
  one(':::quiz{id=q kind=number answer=1}\nx\n:::', /without a reason/);
  one(':::quiz{id=q kind=order answer=1}\nx\n\n1. a\n2. b\n3. c\n\n> y\n:::', /no "answer"/);
  one(':::quiz{id=q kind=fill answer=x vars="x:0:1"}\nx\n\n> y\n:::', /nothing to fill in/);
  one(':::quiz{id=q kind=plot answer="1,0" x="-2,2"}\nx\n\n![seen](a.svg)\n\n> y\n:::', /the range of its y/);
  one(':::quiz{id=q kind=plot answer="1,0" x="-2,2" y="0,1"}\nx\n\n> y\n:::', /without a picture/);
  assert.deepEqual(says(':::quiz{id=q kind=match}\nx\n\n- a — b\n- c — d — e\n\n> y\n:::'), []);
});

test('formulas of keys are those that the page can read', () => {
  const exercise = (attrs) => says(`::::exercise{id=e kind=expression ${attrs}}\nx\n\n:::solution\ny\n:::\n::::`);
  assert.deepEqual(exercise('answer="2*w" vars="w:-2:2"'), []);
  assert.match(exercise('answer="2*v" vars="w:-2:2"').join(), /answer="2\*v"/);
  assert.match(exercise('answer="2*w" vars="w"').join(), /name:from:to/);
  const goal = (text) => says(`::widget{id=w kind=descent data=x alt=x}\n\n:::exercise{id=e kind=param widget=w goal="${text}"}\nx\n:::`);
  assert.deepEqual(goal('loss < 0.002 && step >= 60'), []);
  assert.match(goal('loss <').join(), /goal="loss <"/);
  assert.match(goal('loss').join(), /a comparison/);
});

test('the head', () => {
  const p = new Problems('f');
  const { front } = splitFront('---\nid: a\ninv: [1, 3-5]\nbudget: {wasm: 60k, data: 20k}\nseeds:\n  - "3:N2"\n  - 0:T2 # why\nlong: [a,\n  b]\n---\nx', p);
  const { meta, where } = readFront(front, p);
  assert.deepEqual(meta, { id: 'a', inv: ['1', '3-5'], budget: { wasm: '60k', data: '20k' }, seeds: ['3:N2', '0:T2'], long: ['a', 'b'] });
  assert.deepEqual(where.inv, { line: 3, column: 6 });
  assert.match(format(p.list[0] ?? { file: 'f', line: 1, column: 1, level: 'error', text: 'none' }), /none/);
});

test('attributes of a code block', () => {
  const p = new Problems('f');
  assert.deepEqual(readBraces('{cell=fit hint="a \\"b\\" c" fold}', {}, p), { cell: 'fit', hint: 'a "b" c', fold: '' });
  assert.equal(p.list.length, 0);
  readBraces('{cell=}', { line: 3, column: 1 }, p);
  assert.match(p.list[0].text, /no attribute/);
});

test('choices of a kind may be numbers', () => {
  const rule = { type: 'integer', choices: [1, 2] };
  assert.equal(misfit(rule, '2'), undefined);
  assert.equal(misfit(rule, '3').expected, '1, 2');
});
