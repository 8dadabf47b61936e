// Predictions, quizzes and exercises: from the tree of a block to what the page, the notebook and the tests ask for.
import { parse } from '../shell/js/expression.mjs';
import { listed } from './problems.mjs';

const textOf = (node) => (node.value ?? (node.children ?? []).map(textOf).join(''));
const clone = (node) => ({ ...node, children: node.children && [...node.children] });

const cutBy = (point, n) => ({ ...point, column: point.column - n, offset: point.offset - n });

// "text — *reason*" in a list item: the item's first paragraph cut at its last dash before an emphasis.
export function splitReason(item) {
  const paragraph = item.children.at(-1);
  if (paragraph?.type !== 'paragraph') return { option: item.children, reason: undefined };
  const last = paragraph.children.length - 1;
  const end = paragraph.children[last]?.type === 'text' && !paragraph.children[last].value.trim() ? last - 1 : last;
  const emphasis = paragraph.children[end];
  const dash = paragraph.children[end - 1];
  if (emphasis?.type !== 'emphasis' || dash?.type !== 'text' || !/\s[—–-]\s*$/.test(dash.value)) return { option: item.children, reason: undefined };
  const kept = paragraph.children.slice(0, end - 1);
  const rest = dash.value.replace(/\s[—–-]\s*$/, '');
  // Positions shrink with the text: the notebook takes an option as it stands in the file, and must not give the reason away.
  const stop = cutBy(dash.position.end, dash.value.length - rest.length);
  if (rest) kept.push({ ...dash, value: rest, position: { ...dash.position, end: stop } });
  return { option: [...item.children.slice(0, -1), { ...paragraph, children: kept, position: { ...paragraph.position, end: stop } }], reason: emphasis.children };
}

// Left and right of the first dash of an item.
function splitPair(item) {
  const paragraph = item.children[0];
  const at = (paragraph?.children ?? []).findIndex((child) => child.type === 'text' && /(^|\s)[—–]\s/.test(child.value));
  if (at < 0) return undefined;
  const node = paragraph.children[at];
  const [, left, right] = /^([\s\S]*?)(?:^|\s)[—–]\s([\s\S]*)$/.exec(node.value);
  const part = (children) => children.filter((c) => c.type !== 'text' || c.value !== '');
  return [part([...paragraph.children.slice(0, at), { ...node, value: left }]), part([{ ...node, value: right }, ...paragraph.children.slice(at + 1)])];
}

const lastList = (node) => node.children.filter((child) => child.type === 'list').at(-1);
const quote = (node) => node.children.filter((child) => child.type === 'blockquote').at(-1);

function options(lesson, node, what) {
  const list = lastList(node);
  if (!list || list.children.length < 2) {
    lesson.problems.error(node, `${what} without options`, { expected: '"- [ ] text — *reason*" and "- [x] text — *reason*", at least two' });
    return undefined;
  }
  return list.children.map((item) => {
    if (typeof item.checked !== 'boolean') lesson.problems.error(item, 'an option without a box', { expected: '"- [ ] …" (wrong) or "- [x] …" (right)' });
    const { option, reason } = splitReason(item);
    if (!reason) lesson.problems.error(item, 'an option without a reason', { expected: 'it at the end: "- [ ] text — *why this is right or wrong*"' });
    return { right: item.checked === true, option, reason: reason ?? [], node: item };
  });
}

export function readPredict(lesson, node) {
  const made = options(lesson, node, 'a prediction');
  const list = lastList(node);
  if (made && !made.some((o) => o.right)) lesson.problems.error(node, 'a prediction without a right option', { expected: 'one "- [x]"' });
  lesson.predicts.push({ node, id: node.attrs.id, stem: node.children.filter((c) => c !== list), options: made ?? [] });
}

const NEEDS = { // what each kind of quiz asks for, and which attributes it may carry
  choice: [], many: [], number: ['answer', 'tolerance', 'unit', 'cell', 'key'], order: [], match: [], trace: ['answer', 'cell', 'key'],
  plot: ['answer', 'tolerance', 'x', 'y'], fill: ['answer', 'vars'],
};

export function readQuiz(lesson, node) {
  const { attrs } = node;
  const quiz = { node, id: attrs.id, kind: attrs.kind, attrs, options: [], slips: [], steps: [], pairs: [], answer: attrs.answer };
  const wrong = (what, more, at = node) => lesson.problems.error(at, what, more);
  const allowed = NEEDS[quiz.kind];
  if (!allowed) return;
  for (const name of Object.keys(attrs)) {
    if (name !== 'id' && name !== 'kind' && !allowed.includes(name)) wrong(`a quiz of kind ${quiz.kind} has no "${name}"`, { expected: listed(['id', 'kind', ...allowed]) });
  }
  const list = lastList(node);
  const reason = quote(node);
  const keep = (...drop) => node.children.filter((child) => !drop.includes(child));
  if (quiz.kind === 'choice' || quiz.kind === 'many') {
    quiz.options = options(lesson, node, 'a quiz') ?? [];
    quiz.stem = keep(list);
    const right = quiz.options.filter((o) => o.right).length;
    if (quiz.options.length && quiz.kind === 'choice' && right !== 1) wrong(`a choice with ${right} right options`, { expected: 'exactly one "- [x]" (several: kind=many)' });
    if (quiz.options.length && quiz.kind === 'many' && !right) wrong('no option is right', { expected: 'at least one "- [x]"' });
  } else {
    if (!reason) wrong(`a quiz of kind ${quiz.kind} without a reason`, { expected: 'a last paragraph "> why the answer is right"' });
    quiz.reason = reason?.children ?? [];
    quiz.stem = keep(list, reason);
    readKeyed(lesson, quiz, list, wrong);
  }
  if (!quiz.stem.length) wrong('a quiz without a question', { expected: 'a paragraph before the answers' });
  lesson.quizzes.push(quiz);
}

function readKeyed(lesson, quiz, list, wrong) {
  const { attrs, kind } = quiz;
  if (kind === 'order') {
    if (!list?.ordered || list.children.length < 3) wrong('an order without steps', { expected: 'a list "1. … 2. … 3. …" in the right order, at least three' });
    quiz.steps = list?.children ?? [];
  } else if (kind === 'match') {
    quiz.pairs = (list?.children ?? []).map((item) => splitPair(item) ?? wrong('a pair without a dash', { expected: '"- left — right"' }, item)).filter(Boolean);
    if (quiz.pairs.length < 2) wrong('a match without pairs', { expected: 'a list "- left — right", at least two' });
  } else {
    quiz.slips = slips(lesson, list);
    if (attrs.cell ? !attrs.key || attrs.answer : attrs.answer === undefined) {
      wrong(`a quiz of kind ${kind} without its key`, { expected: kind === 'number' || kind === 'trace' ? 'answer=…, or cell=… and key=… of a record' : 'answer=…' });
    } else if (kind === 'number' && attrs.answer !== undefined && !Number.isFinite(Number(attrs.answer))) wrong(`answer="${attrs.answer}"`, { expected: 'a number' });
    if (kind === 'plot' && !/^-?[\d.e+-]+,\s*-?[\d.e+-]+$/i.test(attrs.answer ?? '')) wrong('the answer of a plot', { expected: 'answer="x,y"' });
    if (kind === 'plot') {
      for (const axis of ['x', 'y']) if (!/^-?[\d.e+-]+,\s*-?[\d.e+-]+$/i.test(attrs[axis] ?? '')) wrong(`a plot without the range of its ${axis}`, { expected: `${axis}="-2,2": from the left or lower edge of the picture to the other` });
      if (!JSON.stringify(quiz.stem).includes('"type":"image"')) wrong('a plot without a picture', { expected: 'a paragraph ![what is seen](rings.svg) of its own' });
    }
    if (kind === 'fill') formulas(attrs, quiz.slips, wrong);
    if (kind === 'fill' && !JSON.stringify(quiz.stem).includes('____')) wrong('nothing to fill in', { expected: '"____" in the code of the question' });
  }
}

// "- answer — *what is wrong with it*"
function slips(lesson, list) {
  return (list?.children ?? []).map((item) => {
    const { option, reason } = splitReason(item);
    if (!reason) lesson.problems.error(item, 'a wrong answer without a reason', { expected: '"- 2 — *what was forgotten*"' });
    return { answer: option.map(textOf).join('').trim(), reason: reason ?? [] };
  });
}

// The page's own reader of formulas must understand every key and slip.
function formula(text, names, what, wrong) {
  try {
    parse(text, names);
  } catch (error) {
    wrong(`${what}="${text}": ${error.message}`);
  }
}

function formulas({ answer, vars }, wrongAnswers, wrong) {
  const given = (vars ?? '').split(/\s+/).filter(Boolean);
  const names = given.map((v) => v.split(':')[0]);
  for (const v of given) if (!/^[A-Za-z_]\w*:-?[\d.]+:-?[\d.]+$/.test(v)) wrong(`vars="${vars}"`, { expected: 'name:from:to for each variable, e.g. "z:1:3 t:0:1"' });
  if (answer) formula(answer, names, 'answer', wrong);
  for (const slip of wrongAnswers) formula(slip.answer, names, 'wrong answer', wrong);
}

export function readExercise(lesson, node) {
  const attrs = node.attrs;
  const kind = attrs.kind ?? (attrs.lang === 'c' || attrs.entry ? 'c' : undefined);
  const wrong = (what, more, at = node) => lesson.problems.error(at, what, more);
  const parts = { starter: [], solution: [], tests: [], mutant: [], blanks: [] };
  const exercise = { node, id: attrs.id, kind, attrs, hints: [], slips: [], solution: undefined, stem: [], parts };
  const lists = [];
  for (const child of node.children) {
    const role = child.type === 'code' && /^\s*\{/.test(child.meta ?? '') ? Object.keys(parts).find((r) => new RegExp(`[{\\s]${r}\\b`).test(child.meta)) : undefined;
    if (role) parts[role].push(child);
    else if (child.name === 'hint') exercise.hints.push(child);
    else if (child.name === 'solution') exercise.solution = child.children;
    else if (child.type === 'list' && !child.ordered && child === lastList(node) && kind === 'expression') lists.push(child);
    else exercise.stem.push(child);
  }
  exercise.slips = lists.length ? slips(lesson, lists[0]) : [];
  if (!kind) wrong('an exercise without kind', { expected: 'kind=c, param, expression, trace or blanks' });
  if (!exercise.stem.length) wrong('an exercise without a task', { expected: 'a paragraph that says what to do' });
  if (kind === 'c') checkC(exercise, wrong);
  else if (parts.tests.length || parts.mutant.length) wrong(`{tests} and {mutant} in an exercise of kind ${kind}`, { expected: 'them in kind=c only' });
  if (kind === 'param' && !(attrs.widget && attrs.goal)) wrong('an exercise of kind param without its goal', { expected: 'widget=w1 goal="r2 > 0.8"' });
  if (kind === 'param' && attrs.goal) {
    formula(attrs.goal, attrs.goal.match(/[A-Za-z_]\w*/g) ?? [], 'goal', wrong);
    if (!/[<>]=?|==/.test(attrs.goal)) wrong(`goal="${attrs.goal}"`, { expected: 'a comparison: "r2 > 0.8", "loss < 0.01 && step <= 50"' });
  }
  if (kind === 'expression' && !attrs.answer) wrong('an exercise of kind expression without its answer', { expected: 'answer="2*w" vars="w:-2:2"' });
  if (kind === 'expression') formulas(attrs, exercise.slips, wrong);
  if (kind === 'trace' && !JSON.stringify(node.children).includes('"name":"blank"')) wrong('nothing to fill in', { expected: ':blank[value] in the cells of a table' });
  if (kind === 'blanks' && !parts.blanks.some((c) => /\{\{.+?\}\}/.test(c.value))) wrong('nothing to fill in', { expected: 'a block ```c {blanks} with {{answer}} or {{answer|x:0:1}}' });
  if (kind && kind !== 'c' && kind !== 'param' && !exercise.solution && kind !== 'blanks') wrong('an exercise without a solution', { expected: '":::solution" inside it (and four colons around)' });
  lesson.exercises.push(exercise);
}

function checkC(exercise, wrong) {
  const { parts, attrs } = exercise;
  if (!attrs.entry) wrong('an exercise in C without "entry"', { expected: 'entry=name_of_the_function' });
  for (const role of ['starter', 'solution', 'tests']) {
    if (parts[role].length !== 1) wrong(`an exercise in C with ${parts[role].length || 'no'} {${role}}`, { expected: `one block \`\`\`c {${role}}` });
  }
  if (!parts.mutant.length) wrong('an exercise in C without a mutant', { expected: 'at least one ```c {mutant hint="…"}: a likely mistake and what to say to it' });
  if (attrs.limit && !/^\d+(ms|s)$/.test(attrs.limit)) wrong(`limit="${attrs.limit}"`, { expected: '200ms or 2s' });
  const hints = parts.mutant.map((m) => /hint="([^"]*)"/.exec(m.meta)?.[1]);
  hints.forEach((hint, i) => { if (hint && hints.indexOf(hint) !== i) wrong('two mutants with the same hint', {}, parts.mutant[i]); });
}

export { clone, textOf };
