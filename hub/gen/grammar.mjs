// The grammar table of docs/HUB.md: every form, its attributes and their types. What is not here is an error.

const id = { type: 'id', required: true };
const text = { type: 'text' };
const number = { type: 'number' };
const flag = { type: 'flag' };

export const QUIZ_KINDS = ['choice', 'many', 'number', 'order', 'match', 'trace', 'plot', 'fill'];
export const EXERCISE_KINDS = ['c', 'param', 'expression', 'trace', 'blanks'];
export const NOTE_KINDS = ['note', 'warning', 'history', 'deep'];

export const BLOCKS = {
  predict: { attrs: { id } },
  quiz: {
    attrs: {
      id, kind: { type: 'choice', of: QUIZ_KINDS, required: true }, answer: text, tolerance: number, unit: text, cell: text, key: text,
      vars: text, x: text, y: text,
    },
  },
  exercise: {
    attrs: {
      id, kind: { type: 'choice', of: EXERCISE_KINDS }, lang: { type: 'choice', of: ['c'] }, entry: text, limit: text, widget: text, goal: text,
      answer: text, vars: text,
    },
  },
  hint: { attrs: {}, inside: ['exercise'] },
  solution: { attrs: {}, inside: ['exercise'] },
  proof: { attrs: { title: { type: 'text', required: true }, check: text, open: flag } },
  card: { attrs: { id, deck: { type: 'text', required: true } } },
  note: { attrs: { kind: { type: 'choice', of: NOTE_KINDS, required: true }, title: text } },
};

export const LEAVES = {
  widget: { attrs: { id, kind: { type: 'text', required: true }, alt: { type: 'text', required: true }, caption: text, sym: text }, open: true },
  compare: {
    attrs: { id, kind: { type: 'text', required: true }, left: { type: 'text', required: true }, right: { type: 'text', required: true }, alt: { type: 'text', required: true }, caption: text },
    open: true,
  },
  source: { attrs: { file: { type: 'text', required: true }, lines: text, symbol: text, sym: text, fold: flag } },
  cite: { attrs: {}, keys: true },
  params: { attrs: { thing: { type: 'text', required: true } } },
};

export const INLINES = {
  n: { attrs: { cell: { type: 'text', required: true }, key: { type: 'text', required: true }, fmt: { type: 'fmt', required: true } }, label: true },
  sym: { attrs: { def: { type: 'text', required: true } }, label: true },
  term: { attrs: { def: { type: 'text', required: true } }, label: true },
  lit: { attrs: {}, label: true },
  cite: { attrs: {}, keys: true },
  note: { attrs: {}, label: true },
  blank: { attrs: { vars: text }, label: true, inside: ['exercise'] },
};

export const CODE = {
  cell: { type: 'id' }, fold: flag, fast: flag, sym: text, norun: flag, text: flag, needs: text,
  starter: flag, solution: flag, tests: flag, blanks: flag, mutant: flag, hint: text,
};

const CHECKS = {
  id: [(v) => /^[a-z][a-z0-9_-]*$/i.test(v), 'a letter, then letters, digits, "-" or "_"'],
  text: [() => true, 'a text'],
  number: [(v) => v !== '' && Number.isFinite(Number(v)), 'a number'],
  integer: [(v) => /^-?\d+$/.test(v), 'a whole number'],
  bool: [(v) => v === '' || v === 'true' || v === 'false', 'true or false'],
  flag: [(v) => v === '' || v === 'true', 'no value'],
  fmt: [(v) => /^%?'?\+?(\.\d+)?[defgs]%?$|^%?(\.\d+)?%$/.test(v), "a printf format such as .4f, d, 'd, .2e, .3g, .1% or s"],
};

// Why `value` does not fit `rule`, or undefined.
export function misfit(rule, value) {
  if (rule.type === 'choice' || rule.of || rule.choices) {
    const of = (rule.of ?? rule.choices).map(String); // a kind may give numbers
    const values = rule.type === 'list' ? value.split(/[\s,]+/).filter(Boolean) : [value];
    return values.every((v) => of.includes(v)) ? undefined : { expected: of.join(', '), of };
  }
  const [good, expected] = CHECKS[rule.type] ?? CHECKS.text;
  return good(value) ? undefined : { expected };
}

// "{cell=fit needs=setup hint="a b"}" after the language of a code block. at: place of its first character.
export function readBraces(meta, at, problems) {
  const attrs = {};
  if (!meta) return attrs;
  const open = /^\s*\{(.*)\}\s*$/s.exec(meta);
  if (!open) {
    problems.error(at, `"${meta}" after the language of a code block`, { expected: 'attributes in braces, e.g. {cell=fit}' });
    return attrs;
  }
  const pattern = /\s*([A-Za-z][\w-]*)(?:=("(?:[^"\\]|\\.)*"|'[^']*'|[^\s"'}]+))?(?=\s|$)|\s*(\S+)/gy;
  let match;
  while ((match = pattern.exec(open[1])) && match[0].trim()) {
    const [, name, value, junk] = match;
    if (junk) {
      problems.error(at, `"${junk}" is no attribute`, { expected: 'name, name=value or name="text"' });
      break;
    }
    if (name in attrs) problems.error(at, `the attribute "${name}" stands twice`);
    attrs[name] = value === undefined ? '' : value.replace(/^(["'])(.*)\1$/s, '$2').replace(/\\(["\\])/g, '$1');
  }
  return attrs;
}
