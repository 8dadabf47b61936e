// Formulas a reader types: numbers, names, + - * / ^ ( ), comparisons, ?:, functions of one or two arguments.
// Parsed to closures; nothing is ever evaluated as code.

const FUNCTIONS = {
  exp: [1, Math.exp], log: [1, Math.log], ln: [1, Math.log], sqrt: [1, Math.sqrt], abs: [1, Math.abs], fabs: [1, Math.abs],
  sin: [1, Math.sin], cos: [1, Math.cos], tan: [1, Math.tan], tanh: [1, Math.tanh], sign: [1, Math.sign],
  sigmoid: [1, (x) => 1 / (1 + Math.exp(-x))], floor: [1, Math.floor], ceil: [1, Math.ceil],
  max: [2, Math.max], min: [2, Math.min], fmax: [2, Math.max], fmin: [2, Math.min], pow: [2, Math.pow],
};
const CONSTANTS = { pi: Math.PI, e: Math.E };
const GREEK = { 'α': 'alpha', 'β': 'beta', 'γ': 'gamma', 'δ': 'delta', 'ε': 'epsilon', 'η': 'eta', 'θ': 'theta', 'λ': 'lambda', 'μ': 'mu', 'π': 'pi', 'ρ': 'rho', 'σ': 'sigma', 'τ': 'tau', 'φ': 'phi', 'ω': 'omega' };
const BINARY = [
  [['||', (a, b) => Number(a || b)]], [['&&', (a, b) => Number(a && b)]],
  [['==', (a, b) => Number(a === b)], ['!=', (a, b) => Number(a !== b)]],
  [['<=', (a, b) => Number(a <= b)], ['>=', (a, b) => Number(a >= b)], ['<', (a, b) => Number(a < b)], ['>', (a, b) => Number(a > b)]],
  [['+', (a, b) => a + b], ['-', (a, b) => a - b]],
  [['*', (a, b) => a * b], ['/', (a, b) => a / b]],
];

export class FormulaError extends Error {}

function tokens(text) {
  const source = text.replace(/[·×∙]/g, '*').replace(/[−–]/g, '-').replace(/÷/g, '/').replace(/²/g, '^2').replace(/³/g, '^3').replace(/\*\*/g, '^').replace(/≤/g, '<=').replace(/≥/g, '>=');
  const pattern = /\s*(?:(\d+\.?\d*(?:[eE][+-]?\d+)?|\.\d+(?:[eE][+-]?\d+)?)[fFlL]?|([A-Za-z_α-ω][\wα-ω]*)|(\|\||&&|[=!<>]=|[-+*/^()<>?:,!]))/gy;
  const out = [];
  while (pattern.lastIndex < source.length) {
    const from = pattern.lastIndex, match = pattern.exec(source);
    if (!match) {
      if (!source.slice(from).trim()) break;
      throw new FormulaError(`“${source.slice(from).trim()[0]}” is not part of a formula here.`);
    }
    const [, number, name, sign] = match;
    out.push(number !== undefined ? { number: Number(number) } : name ? { name: GREEK[name] ?? name } : { sign });
  }
  return out;
}

// names: what the formula may speak of. Returns {run(values), uses: Set}; throws FormulaError with a hint.
export function parse(text, names) {
  const list = tokens(text), uses = new Set();
  let at = 0, depth = 0;
  const see = (sign) => list[at]?.sign === sign;
  const take = (sign) => (see(sign) ? (at++, true) : false);
  const need = (sign, why) => { if (!take(sign)) throw new FormulaError(why); };
  const shown = (t) => (t ? String(t.number ?? t.name ?? t.sign) : 'the end');

  function ternary() {
    const test = level(0);
    if (!take('?')) return test;
    const yes = ternary();
    need(':', 'A “?” needs its “:”.');
    const no = ternary();
    return (v) => (test(v) ? yes(v) : no(v));
  }
  function level(k) {
    if (k === BINARY.length) return unary();
    let left = level(k + 1);
    for (;;) {
      const found = BINARY[k].find(([sign]) => see(sign));
      if (!found) return left;
      at++;
      const a = left, b = level(k + 1);
      left = (v) => found[1](a(v), b(v));
    }
  }
  function unary() {
    if (++depth > 200) throw new FormulaError('That formula is nested too deeply.');
    try {
      if (take('-')) { const x = unary(); return (v) => -x(v); }
      if (take('!')) { const x = unary(); return (v) => Number(!x(v)); }
      if (take('+')) return unary();
      return power();
    } finally { depth--; }
  }
  function power() {
    const base = atom();
    if (!take('^')) return base;
    const up = unary();
    return (v) => base(v) ** up(v);
  }
  function atom() {
    const t = list[at++];
    if (t?.number !== undefined) { follow(); return () => t.number; }
    if (t?.sign === '(') {
      const inner = ternary();
      need(')', 'A bracket is open: “)” is missing.');
      follow();
      return inner;
    }
    if (!t?.name) throw new FormulaError(t ? `“${shown(t)}” stands where a number or a name is expected.` : 'The formula ends too early.');
    if (see('(')) return call(t.name);
    follow();
    if (names.includes(t.name)) { uses.add(t.name); return (v) => v[t.name]; }
    if (t.name in CONSTANTS) return () => CONSTANTS[t.name];
    throw new FormulaError(`“${t.name}” is not known here. Known: ${names.join(', ') || 'numbers only'}.`);
  }
  function follow() { // 2x and (a)(b) read like products, but are none
    const t = list[at];
    if (t && (t.number !== undefined || t.name || t.sign === '(')) throw new FormulaError(`Write products with “*” (before “${shown(t)}”).`);
  }
  function call(name) {
    const f = Object.hasOwn(FUNCTIONS, name) ? FUNCTIONS[name] : undefined;
    if (!f) throw new FormulaError(`There is no function “${name}”; known are ${Object.keys(FUNCTIONS).join(', ')}.`);
    take('(');
    const args = [];
    do args.push(ternary()); while (take(','));
    need(')', `“)” is missing after the arguments of ${name}.`);
    if (args.length !== f[0]) throw new FormulaError(`${name} takes ${f[0]} argument${f[0] > 1 ? 's' : ''}.`);
    return (v) => f[1](...args.map((a) => a(v)));
  }
  if (!list.length) throw new FormulaError('Type a formula first.');
  const run = ternary();
  if (at < list.length) throw new FormulaError(`“${shown(list[at])}” is one too many.`);
  return { run, uses };
}

// "z:-3:3 t:0:2" → [{name, from, to}]
export function variables(text) {
  return (text ?? '').split(/\s+/).filter(Boolean).map((part) => {
    const [name, from, to] = part.split(':');
    return { name: GREEK[name] ?? name, from: Number(from ?? -2), to: Number(to ?? 2) };
  });
}

// Equal at 32 points of the ranges? Points where the key is no number do not count.
export function sameFormula(given, key, ranges, next) {
  let counted = 0;
  for (let k = 0; k < 32; k++) {
    const values = Object.fromEntries(ranges.map(({ name, from, to }) => [name, from + (to - from) * next()]));
    const want = key.run(values), got = given.run(values);
    if (!Number.isFinite(want)) continue;
    counted++;
    if (!(Math.abs(got - want) <= 1e-9 * Math.max(1, Math.abs(want)))) return false;
  }
  return counted > 0;
}
