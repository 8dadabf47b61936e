// The prerequisite graph as SVG: lessons in columns by how much they stand on, links that a keyboard reaches.

const WIDE = 168, HIGH = 44, ACROSS = 54, DOWN = 14;

export function prerequisiteGraph(site) {
  const nodes = new Map(site.lessons.map((l, i) => [l.id, { lesson: l, order: i, needs: (l.needs ?? []).filter((id) => site.lessons.some((o) => o.id === id)) }]));
  const column = new Map();
  const below = new Map(); // all that a lesson stands on, however far
  const depth = (id, open = new Set()) => {
    if (column.has(id)) return column.get(id);
    if (open.has(id)) throw new Error(`lesson ${id} needs itself: ${[...open, id].join(' -> ')}`);
    open.add(id);
    const d = Math.max(-1, ...nodes.get(id).needs.map((n) => depth(n, open))) + 1;
    open.delete(id);
    column.set(id, d);
    return d;
  };
  for (const id of nodes.keys()) depth(id);
  for (const id of [...column.keys()]) below.set(id, new Set(nodes.get(id).needs.flatMap((n) => [n, ...below.get(n)])));
  const columns = [];
  for (const [id, d] of column) (columns[d] ??= []).push(id);
  place(columns, nodes);
  const rows = Math.max(...columns.map((c) => c.length), 1);
  const width = columns.length * (WIDE + ACROSS) - ACROSS + 4, height = rows * (HIGH + DOWN) - DOWN + 4;
  const at = new Map();
  columns.forEach((c, x) => c.forEach((id, y) => at.set(id, [2 + x * (WIDE + ACROSS), 2 + (y + (rows - c.length) / 2) * (HIGH + DOWN)])));
  let edges = '', boxes = '';
  for (const [id, node] of nodes) {
    // A line that others already say is left out: what is needed by something needed.
    const direct = node.needs.filter((need) => !node.needs.some((other) => below.get(other).has(need)));
    for (const need of direct) edges += edge(need, id, at.get(need), at.get(id));
  }
  for (const [id, node] of nodes) boxes += box(id, node, at.get(id), nodes);
  return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="group" aria-label="Lessons and what they need">${edges}${boxes}</svg>`;
}

// A few sweeps of the barycenter rule: a lesson goes beside the middle of what it needs and what needs it.
function place(columns, nodes) {
  const users = new Map([...nodes.keys()].map((id) => [id, []]));
  for (const [id, node] of nodes) node.needs.forEach((n) => users.get(n).push(id));
  for (const column of columns) column.sort((a, b) => nodes.get(a).order - nodes.get(b).order);
  const rank = new Map();
  const number = (c) => c.forEach((id, i) => rank.set(id, i - c.length / 2));
  columns.forEach(number);
  for (let sweep = 0; sweep < 8; sweep++) {
    for (const c of sweep % 2 ? [...columns].reverse() : columns) {
      const mean = new Map(c.map((id) => {
        const near = sweep % 2 ? users.get(id) : nodes.get(id).needs;
        return [id, near.length ? near.reduce((s, n) => s + rank.get(n), 0) / near.length : rank.get(id)];
      }));
      c.sort((a, b) => mean.get(a) - mean.get(b) || nodes.get(a).order - nodes.get(b).order);
      number(c);
    }
  }
}

function edge(from, to, [x0, y0], [x1, y1]) {
  const a = x0 + WIDE, b = y0 + HIGH / 2, d = y1 + HIGH / 2, half = (x1 - a) / 2;
  return `<path class="edge" data-from="${from}" data-to="${to}" d="M${a} ${b}C${a + half} ${b} ${x1 - half} ${d} ${x1} ${d}"/>`;
}

function box(id, { lesson, needs }, [x, y], nodes) {
  const text = (s) => s.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
  const lines = wrap(lesson.title, 20);
  const stands = needs.length ? ` aria-description="Needs ${text(needs.map((n) => nodes.get(n).lesson.title).join(', '))}"` : '';
  const words = lines.map((line, i) => `<tspan x="${x + 38}" y="${y + HIGH / 2 + 4.5 + (i - (lines.length - 1) / 2) * 16}">${text(line)}</tspan>`).join(' ');
  return `<a href="./${id}/" data-lesson="${id}"${stands}><rect x="${x}" y="${y}" width="${WIDE}" height="${HIGH}" rx="8"/>` +
    `<text class="no" x="${x + 12}" y="${y + HIGH / 2 + 4.5}">${String(lesson.number ?? '').padStart(2, '0')}</text><text>${words}</text></a>`;
}

function wrap(title, room) {
  const lines = [''];
  for (const word of title.split(/\s+/)) {
    const line = lines[lines.length - 1];
    if (line && (line + ' ' + word).length > room) lines.push(word);
    else lines[lines.length - 1] = line ? line + ' ' + word : word;
  }
  if (lines.length > 2) lines.splice(1, lines.length, lines[1].slice(0, room - 1) + '…');
  return lines.map((l) => (l.length > room + 2 ? l.slice(0, room) + '…' : l));
}
