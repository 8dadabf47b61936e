// Each item of the inventory (1 to 491) and of the five curricula is claimed by some lesson.
import { listed } from './problems.mjs';

export const INVENTORY = 491;

const series = (letter, from, to, digits = 1) => Array.from({ length: to - from + 1 }, (_, i) => letter + String(from + i).padStart(digits, '0'));
export const SEEDS = {
  0: [...series('M', 1, 9), ...series('O', 1, 4), ...series('T', 1, 3), 'D'],
  1: ['MML', ...series('A', 1, 4), ...series('P', 1, 3)],
  2: series('C', 1, 38),
  3: series('N', 1, 8),
  4: [...series('B', 0, 14, 2), ...series('G', 1, 13)],
};

// "4:B05.1 trees" → {seed: "4", code: "B05", part: "1"}
export function readSeed(text) {
  const match = /^([0-4]):([A-Z]+\d*)(?:\.(\d+))?(?:\s.*)?$/.exec(text.trim());
  return match && SEEDS[match[1]].includes(match[2]) ? { seed: match[1], code: match[2], part: match[3] } : undefined;
}

export function checkClaims(built, problems, whole) {
  const inv = new Set(), seeds = new Set();
  for (const { lesson } of built) {
    for (const n of lesson.inv) {
      if (n < 1 || n > INVENTORY) lesson.problems.error(lesson.where.inv, `the inventory has no ${n}`, { expected: `1 to ${INVENTORY}` });
      else inv.add(n);
    }
    for (const text of lesson.seeds) {
      const seed = readSeed(text);
      if (!seed) lesson.problems.error(lesson.where.seeds, `unknown seed code "${text}"`, { expected: '"0:M1", "2:C11", "3:N2" or "4:B05.1"' });
      else seeds.add(`${seed.seed}:${seed.code}`);
    }
  }
  if (!whole) return;
  const all = Object.entries(SEEDS).flatMap(([seed, codes]) => codes.map((code) => `${seed}:${code}`));
  const missing = Array.from({ length: INVENTORY }, (_, i) => i + 1).filter((n) => !inv.has(n));
  console.log(`  claimed: ${inv.size} of ${INVENTORY} inventory items, ${seeds.size} of ${all.length} seed codes`);
  console.log(`  not yet: ${ranges(missing)}`);
  console.log(`  not yet: ${listed(all.filter((code) => !seeds.has(code)), 200)}`);
}

// 1, 2, 3, 7 → "1–3, 7"
export function ranges(numbers) {
  const out = [];
  for (const n of numbers) {
    const last = out.at(-1);
    if (last && last[1] === n - 1) last[1] = n;
    else out.push([n, n]);
  }
  return out.map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`)).join(', ') || 'nothing';
}
