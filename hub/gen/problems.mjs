// What is wrong with a file, and where: every problem is kept, so that one run shows them all.

export class Problems {
  constructor(file = '') {
    this.file = file;
    this.list = [];
  }

  // at: {line, column}, or a node of the tree with a position.
  error(at, what, { expected, near, hint } = {}) { this.add('error', at, what, { expected, near, hint }); }
  warn(at, what, more = {}) { this.add('warning', at, what, more); }

  add(level, at, what, { expected, near, hint, file, kind }) {
    const point = at?.position?.start ?? at ?? {};
    let text = what;
    if (expected) text += `; expected ${expected}`;
    if (near) text += `; did you mean ${near}?`;
    if (hint) text += `; ${hint}`;
    this.list.push({ level, kind, file: file ?? this.file, line: point.line ?? 1, column: point.column ?? 1, text });
  }

  take(other) { this.list.push(...other.list); return this; }
  get errors() { return this.list.filter((p) => p.level === 'error'); }
  get warnings() { return this.list.filter((p) => p.level === 'warning'); }

  sorted() {
    const rank = (p) => [p.file, p.line, p.column];
    return [...this.list].sort((a, b) => {
      const [x, y] = [rank(a), rank(b)];
      for (let i = 0; i < 3; i++) if (x[i] !== y[i]) return x[i] < y[i] ? -1 : 1;
      return 0;
    });
  }
}

export const format = (p) => `${p.file}:${p.line}:${p.column}: ${p.level === 'error' ? '' : `${p.level}: `}${p.text}`;

// Edit distance with transpositions of neighbors.
export function distance(a, b) {
  const rows = Array.from({ length: a.length + 1 }, (_, i) => [i, ...Array(b.length).fill(0)]);
  for (let j = 0; j <= b.length; j++) rows[0][j] = j;
  for (let i = 1; i <= a.length; i++) {
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1;
      rows[i][j] = Math.min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, rows[i - 1][j - 1] + same);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) rows[i][j] = Math.min(rows[i][j], rows[i - 2][j - 2] + 1);
    }
  }
  return rows[a.length][b.length];
}

// The nearest of `names`, or undefined when none is near.
export function nearest(word, names) {
  let best, least = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const name of names) {
    const d = name.startsWith(word) && word.length > 1 ? 1 : distance(word.toLowerCase(), name.toLowerCase());
    if (d < least) [best, least] = [name, d];
  }
  return best;
}

export const listed = (names, most = 12) => {
  const all = [...names];
  return all.length > most ? `${all.slice(0, most).join(', ')}, … (${all.length} in all)` : all.join(', ') || 'none';
};
