// Columns of tables for kinds: which are numbers, which are classes; complete rows; grids to predict on.

export const isNumeric = (column) => !column.levels && column.dtype !== 'string';
export const numericNames = (table) => table.columns.filter((c) => isNumeric(c) && c.dtype !== 'bool').map((c) => c.name);
export const classNames = (table) => table.columns.filter((c) => c.levels && c.levels.length >= 2 && c.levels.length <= 8).map((c) => c.name);

/** Columns `names` of the rows where all of them are there. levels only for categories. */
export function completeRows(table, names) {
  const columns = names.map((name) => ({ name, levels: table.columns.find((c) => c.name === name)?.levels, values: table.values(name) }));
  const keep = [];
  for (let i = 0; i < table.rows; i++) if (columns.every((c) => Number.isFinite(c.values[i]) && !(c.levels && c.values[i] < 0))) keep.push(i);
  return columns.map((c) => ({ ...c, values: Float64Array.from(keep, (i) => c.values[i]) }));
}

export const asColumn = ({ values, levels }) => (levels ? { codes: Int32Array.from(values), levels } : values);

/** [low, high] of values with a margin on both sides. */
export function padded(values, share = 0.06) {
  let [lo, hi] = [Infinity, -Infinity];
  for (const v of values) if (Number.isFinite(v)) [lo, hi] = [Math.min(lo, v), Math.max(hi, v)];
  if (!(lo <= hi)) return [0, 1];
  const room = (hi - lo || 1) * share;
  return [lo - room, hi + room];
}

/** Points of a grid, row by row from the bottom: {x, y} with nx * ny numbers each. */
export function gridPoints([x0, x1], [y0, y1], nx, ny) {
  const n = nx * ny;
  return { x: Float64Array.from({ length: n }, (_, k) => x0 + ((x1 - x0) * (k % nx)) / (nx - 1)), y: Float64Array.from({ length: n }, (_, k) => y0 + ((y1 - y0) * Math.floor(k / nx)) / (ny - 1)) };
}

export const range = ([a, b], n) => Float64Array.from({ length: n }, (_, i) => a + ((b - a) * i) / (n - 1));
export const pretty = (name) => name.replaceAll('_', ' ');

/** One metric, without its interval: intervals are resampled, and a slider should not wait for them. */
export const metric = (ken, task, truth, predicted, name) => ken.metrics(task, truth, predicted, undefined, { names: [name], interval: false })[0]?.value ?? NaN;

/** Roles of a split with what is set aside as test rows (2): no fit sees them. */
export const keepOut = (roles) => Uint8Array.from(roles, (r) => (r ? 2 : 0));

/** `most` of n row numbers, rising, spread evenly whatever the order of the rows: steps of the golden ratio. */
export function someRows(n, most) {
  const place = (i) => (i * 0.6180339887498949) % 1;
  return Array.from({ length: n }, (_, i) => i).sort((a, b) => place(a) - place(b)).slice(0, most).sort((a, b) => a - b);
}
