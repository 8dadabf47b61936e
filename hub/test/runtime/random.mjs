/** A small generator with a seed (mulberry32): property tests must fail the same way twice. */
export function generator(seed) {
  let a = seed >>> 0;
  const next = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
  return { next, below: (n) => Math.floor(next() * n), of: (list) => list[Math.floor(next() * list.length)] };
}

const KEYS = ['alpha', 'step', '~', '~x', '~~', '', 'a.b', '__proto__', 'constructor', 'naïve', '日本', 'x y'];

/** Any plain JSON, with the keys that break careless code. */
export function anyJSON(r, depth = 3) {
  const kind = r.below(depth > 0 ? 8 : 5);
  if (kind === 0) return null;
  if (kind === 1) return r.next() < 0.5;
  if (kind === 2) return Math.round((r.next() - 0.5) * 1e6) / r.of([1, 3, 1e-7, 1e12]) + 0;
  if (kind === 3) return r.of(['', 'gini', '"\\', '&=#+/', '🙂', '\u0000']);
  if (kind === 4) return r.below(1000);
  if (kind === 5) return Array.from({ length: r.below(4) }, () => anyJSON(r, depth - 1));
  return anyObject(r, depth - 1);
}

export const anyObject = (r, depth = 3) => Object.fromEntries(Array.from({ length: r.below(5) }, () => [r.of(KEYS), anyJSON(r, depth)]));
