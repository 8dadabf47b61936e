// From a scene to a display list: every mark becomes paths, circles and texts with positions in pixels. Pure; the
// static picture (svg.mjs), the live picture and the canvas all draw this list, so they cannot disagree.

import { scaleBand, scaleLinear, scaleLog } from './scale.mjs';
import { contours as d3contours } from 'd3-contour';
import { formatNumber, formatLogTick, px } from './format.mjs';

export const NARROW = 560;
export const FONT = 12.5;
/** Marks of about one size: circle, square, triangle, diamond, triangle down, cross, star, x. */
const polygon = (n, r, turn = 0, inner = r) => Array.from({ length: n }, (_, i) => {
  const angle = (2 * Math.PI * (i + turn)) / n;
  const at = i % 2 ? inner : r;
  return `${px(at * Math.sin(angle))},${px(-at * Math.cos(angle))}`;
});
const bars = (r, turn) => {
  const w = 0.36 * r;
  const outline = [[-w, -r], [w, -r], [w, -w], [r, -w], [r, w], [w, w], [w, r], [-w, r], [-w, w], [-r, w], [-r, -w], [-w, -w]];
  const [c, s] = [Math.cos(turn), Math.sin(turn)];
  return outline.map(([x, y]) => `${px(c * x - s * y)},${px(s * x + c * y)}`);
};
const SHAPES = [
  null,
  (r) => polygon(4, 1.22 * r, 0.5),
  (r) => polygon(3, 1.35 * r),
  (r) => polygon(4, 1.3 * r),
  (r) => polygon(3, 1.35 * r, 0.5),
  (r) => bars(1.15 * r, 0),
  (r) => polygon(10, 1.4 * r, 0, 0.6 * r),
  (r) => bars(1.15 * r, Math.PI / 4),
];
export const DASHES = ['', '6 4', '2 3', '8 3 2 3', '12 4', '1 3', '4 2', '10 3 2 3 2 3'];
const HEAT_BANDS = 12;

/** c1 … c8 by name or by number from 0; anything else is a color itself. */
export function colorName(color, otherwise = 'c1') {
  if (color === undefined || color === null) return otherwise;
  if (typeof color === 'number') return color < 0 || !Number.isFinite(color) ? 'muted' : `c${(Math.round(color) % 8) + 1}`;
  return color;
}

// --- where the plots stand ------------------------------------------------------------------------------------------

const rowsOf = (plots) => {
  const rows = new Map();
  for (const plot of plots) {
    const row = plot.row ?? 0;
    rows.set(row, [...(rows.get(row) ?? []), plot]);
  }
  return [...rows.entries()].sort((a, b) => a[0] - b[0]).map(([, list]) => list);
};

const WIDE_HEIGHT = [0, 0.56, 0.46, 0.37, 0.3];
const GAP = 16;

/** Height of all plots as a share of the width; the page reserves it before anything runs. */
export function sceneAspect(scene, narrow) {
  if (narrow) return scene.plots.reduce((sum, plot) => sum + (plot.narrow ?? plot.aspect ?? 0.82), 0);
  return rowsOf(scene.plots).reduce((sum, row) => sum + rowHeight(row), 0);
}

function rowHeight(row) {
  const given = row.map((plot) => plot.height).filter(Boolean);
  return given.length ? Math.max(...given) : WIDE_HEIGHT[Math.min(row.length, 4)];
}

/** Boxes of the plots at `width` pixels. */
export function placePlots(scene, width) {
  const narrow = width < NARROW;
  const boxes = [];
  let top = 0;
  if (narrow) {
    for (const plot of scene.plots) {
      const height = width * (plot.narrow ?? plot.aspect ?? 0.82);
      boxes.push({ plot, x: 0, y: top, width, height });
      top += height;
    }
    return { boxes, width, height: top, narrow };
  }
  for (const row of rowsOf(scene.plots)) {
    const height = width * rowHeight(row);
    const weight = row.reduce((sum, plot) => sum + (plot.width ?? 1), 0);
    const room = width - GAP * (row.length - 1);
    let left = 0;
    for (const plot of row) {
      const share = (room * (plot.width ?? 1)) / weight;
      boxes.push({ plot, x: left, y: top, width: share, height });
      left += share + GAP;
    }
    top += height;
  }
  return { boxes, width, height: top, narrow };
}

// --- scales and axes --------------------------------------------------------------------------------------------

function makeScale(axis = {}, range) {
  if (axis.bands) return scaleBand(axis.bands, range);
  let [a, b] = axis.domain ?? [0, 1];
  if (!(Number.isFinite(a) && Number.isFinite(b))) [a, b] = [0, 1];
  if (axis.log) {
    if (!(a > 0)) a = b > 0 ? b * 1e-6 : 1e-6;
    if (!(b > a)) b = a * 10;
    return scaleLog([a, b], range);
  }
  if (a === b) [a, b] = [a - 0.5, b + 0.5];
  return scaleLinear([a, b], range);
}

const at = (scale, value) => (scale.bandwidth ? scale(value) + scale.bandwidth() / 2 : scale(value));

function ticksOf(axis, scale, length, spacing) {
  const most = Math.max(2, Math.floor(length / spacing));
  if (axis.ticks) return axis.ticks.filter((_, i) => i % Math.ceil((axis.ticks.length * Math.min(spacing, 26)) / length) === 0).map((t) => (typeof t === 'object' ? t : { value: t, text: formatNumber(t) }));
  if (axis.bands) {
    const every = Math.ceil((axis.bands.length * spacing * 0.6) / Math.max(length, 1));
    return axis.bands.filter((_, i) => i % Math.max(1, every) === 0).map((value) => ({ value, text: String(value) }));
  }
  return scale.ticks(most).map((value) => ({ value, text: axis.log ? formatLogTick(value) : formatNumber(value, 6) }));
}

/** Names under an axis are cut so that neighbors do not touch. */
function fitTicks(ticks, scale, length) {
  const places = ticks.map((t) => at(scale, t.value)).sort((a, b) => a - b);
  const least = places.slice(1).reduce((m, x, i) => Math.min(m, x - places[i]), length);
  const letters = Math.max(2, Math.floor((least - 6) / 7));
  return ticks.map((t) => ({ ...t, text: cut(String(t.text), letters) }));
}

const textWidth = (text) => 7.5 * String(text).length;

/** Legend of a plot: labels of its marks, wrapped into lines. */
function legendOf(plot, width) {
  const entries = [];
  const seen = new Set();
  for (const mark of plot.marks) {
    for (const entry of mark.legend ?? (mark.label ? [{ ...mark, text: mark.label }] : [])) {
      const text = entry.text ?? entry.label;
      if (seen.has(text)) continue;
      seen.add(text);
      const color = Array.isArray(entry.color) ? entry.color[0] : entry.color;
      const shape = Array.isArray(entry.shape) ? entry.shape[0] : entry.shape;
      entries.push({ text, color: colorName(color, mark.type === 'rule' ? 'muted' : 'c1'), shape: shape ?? 0, dash: entry.dash ?? mark.dash, type: mark.type,
        hollow: entry.hollow ?? mark.hollow });
    }
  }
  let x = 0;
  let lines = entries.length ? 1 : 0;
  for (const entry of entries) {
    const needs = 22 + textWidth(entry.text) + 12;
    if (x > 0 && x + needs > width) {
      x = 0;
      lines++;
    }
    entry.x = x;
    entry.line = lines - 1;
    x += needs;
  }
  return { entries, lines };
}

function layoutPlot(box) {
  const { plot } = box;
  const bare = plot.axes === false;
  const yAxis = plot.y ?? {};
  const titleHeight = plot.title ? 22 : 4;
  const legend = legendOf(plot, box.width - 12);
  const top = titleHeight + legend.lines * 18 + 6;
  const bottom = bare ? 4 : plot.x?.label ? 40 : 24;
  const probe = makeScale(yAxis, [box.height - top - bottom, 0]);
  const yTicks = bare ? [] : ticksOf(yAxis, probe, box.height - top - bottom, yAxis.bands ? 16 : 46);
  const widest = Math.max(0, ...yTicks.map((t) => textWidth(t.text)));
  const left = bare ? 4 : Math.min(box.width * 0.4, 14 + widest + (yAxis.label ? 18 : 0));
  const inner = { x: box.x + left, y: box.y + top, width: Math.max(20, box.width - left - (bare ? 4 : 12)),
    height: Math.max(20, box.height - top - bottom) };
  let xAxis = plot.x ?? {};
  let yFinal = yAxis;
  if (plot.equal && xAxis.domain && yAxis.domain) [xAxis, yFinal] = equalize(xAxis, yAxis, inner);
  const sx = makeScale(xAxis, [inner.x, inner.x + inner.width]);
  const sy = makeScale(yFinal, [inner.y + inner.height, inner.y]);
  return { id: plot.id, plot, box, inner, bare, legend, titleHeight, xAxis, yAxis: yFinal, sx, sy,
    xTicks: bare ? [] : fitTicks(ticksOf(xAxis, sx, inner.width, xAxis.bands ? 70 : 62), sx, inner.width), yTicks: bare ? [] : ticksOf(yFinal, sy, inner.height, yAxis.bands ? 16 : 46) };
}

/** One unit of x as long as one unit of y: the domain that has room to spare grows on both sides. */
function equalize(xAxis, yAxis, inner) {
  const [a, b] = xAxis.domain;
  const [c, d] = yAxis.domain;
  const unit = Math.max((b - a) / inner.width, (d - c) / inner.height);
  const growX = (unit * inner.width - (b - a)) / 2;
  const growY = (unit * inner.height - (d - c)) / 2;
  return [{ ...xAxis, domain: [a - growX, b + growX] }, { ...yAxis, domain: [c - growY, d + growY] }];
}

// --- marks ----------------------------------------------------------------------------------------------------------
// Items of the display list: {k: 'path', d, fill, stroke, width, dash, opacity, fillOpacity}, {k: 'circle', x, y, r, …},
// {k: 'text', x, y, text, anchor, …}. Hits are what a pointer can point at: {x, y, title, key, plot, mark, index}.

const pick = (value, i) => (Array.isArray(value) || ArrayBuffer.isView(value) ? value[i] : value);
const finite = (...values) => values.every(Number.isFinite);

const MARKS = {
  points(mark, p, out) {
    const n = mark.x.length;
    for (let i = 0; i < n; i++) {
      const x = at(p.sx, mark.x[i]);
      const y = at(p.sy, mark.y[i]);
      if (!finite(x, y)) continue;
      const color = colorName(pick(mark.color, i));
      const r = pick(mark.size, i) ?? (mark.draggable ? 6.5 : n > 600 ? 2.5 : 4.5);
      const hollow = pick(mark.hollow, i);
      const opacity = pick(mark.opacity, i) ?? (n > 300 ? 0.7 : 1);
      const shape = pick(mark.shape, i) ?? 0;
      const item = { fill: hollow ? 'bg' : color, stroke: hollow ? color : 'bg', width: hollow ? 2 : 1, opacity, key: pick(mark.key, i) };
      if (shape === 0) out.items.push({ k: 'circle', x, y, r, ...item });
      else out.items.push({ k: 'symbol', x, y, d: symbolPath(shape, r), ...item });
      out.hits.push({ x, y, r, title: pick(mark.title, i) ?? pointTitle(p, mark, i), key: pick(mark.key, i), index: i });
      if (mark.draggable && pick(mark.draggable, i) !== false) {
        out.handles.push({ x, y, r, color, shape, index: i, dataX: mark.x[i], dataY: mark.y[i], name: pick(mark.name, i) ?? mark.label ?? 'point',
          axis: mark.drag ?? 'xy', removable: Boolean(mark.removable) });
      }
    }
  },
  line(mark, p, out) {
    const color = colorName(mark.color);
    const d = linePath(mark, p);
    if (d) out.items.push({ k: 'path', d, stroke: color, width: mark.width ?? 2, dash: dashOf(mark.dash), opacity: mark.opacity ?? 1 });
    if (mark.hover === false) return;
    for (let i = 0; i < mark.x.length; i++) {
      const x = at(p.sx, mark.x[i]);
      const y = at(p.sy, mark.y[i]);
      if (finite(x, y)) out.hits.push({ x, y, title: pick(mark.title, i) ?? pointTitle(p, mark, i), key: pick(mark.key, i), index: i, faint: true });
    }
  },
  area(mark, p, out) {
    const edge = (value) => Array.from(mark.x, (x, i) => [at(p.sx, x), p.sy(pick(value, i))]).filter(([x, y]) => finite(x, y));
    const ring = [...edge(mark.y1), ...edge(mark.y0).reverse()];
    if (ring.length > 2) out.items.push({ k: 'path', d: `${polyline(ring)}Z`, fill: colorName(mark.color), fillOpacity: mark.opacity ?? 0.2 });
  },
  bars(mark, p, out) {
    const n = mark.x.length;
    for (let i = 0; i < n; i++) {
      const lying = Boolean(p.yAxis.bands);
      const [along, across] = lying ? [p.sy, p.sx] : [p.sx, p.sy];
      const place = lying ? mark.y[i] : mark.x[i];
      const value = lying ? mark.x[i] : mark.y[i];
      const group = mark.group ?? [0, 1];
      const full = along.bandwidth ? along.bandwidth() : Math.abs(along(mark.barWidth ?? 0.8) - along(0));
      const start = (along.bandwidth ? along(place) : at(along, place) - full / 2) + (full * group[0]) / group[1];
      const zero = across(Math.max(pick(mark.base, i) ?? 0, p[lying ? 'xAxis' : 'yAxis'].log ? across.domain()[0] : -Infinity));
      const end = across(value);
      if (!finite(start, zero, end)) continue;
      const size = full / group[1];
      const rect = lying ? [Math.min(zero, end), start, Math.abs(end - zero), size] : [start, Math.min(zero, end), size, Math.abs(end - zero)];
      out.items.push({ k: 'path', d: rectPath(...rect), fill: colorName(pick(mark.color, i)), fillOpacity: pick(mark.opacity, i) ?? 0.85, key: pick(mark.key, i) });
      out.hits.push({ x: rect[0] + rect[2] / 2, y: rect[1] + rect[3] / 2, w: rect[2], h: rect[3], title: pick(mark.title, i) ?? `${place}: ${formatNumber(value)}`,
        key: pick(mark.key, i), index: i });
    }
  },
  rects(mark, p, out) {
    const n = (mark.x0.length ?? 0);
    for (let i = 0; i < n; i++) {
      const x0 = p.sx(mark.x0[i]);
      const x1 = p.sx(mark.x1[i]);
      const y0 = p.sy(mark.y0[i]);
      const y1 = p.sy(mark.y1[i]);
      if (!finite(x0, x1, y0, y1)) continue;
      const rect = [Math.min(x0, x1), Math.min(y0, y1), Math.abs(x1 - x0), Math.abs(y1 - y0)];
      out.items.push({ k: 'path', d: rectPath(...rect), fill: colorName(pick(mark.color, i)), fillOpacity: pick(mark.opacity, i) ?? 0.2,
        stroke: mark.outline ? colorName(pick(mark.color, i)) : undefined, width: 1, key: pick(mark.key, i) });
      if (pick(mark.title, i)) out.hits.push({ x: rect[0] + rect[2] / 2, y: rect[1] + rect[3] / 2, w: rect[2], h: rect[3], title: pick(mark.title, i), key: pick(mark.key, i), index: i });
    }
  },
  /** Squares on the segment (x, y0)–(x, y1), as wide as high on the screen: squared residuals. */
  squares(mark, p, out) {
    for (let i = 0; i < mark.x.length; i++) {
      const x = p.sx(mark.x[i]);
      const a = p.sy(mark.y0[i]);
      const b = p.sy(mark.y1[i]);
      if (!finite(x, a, b)) continue;
      const side = Math.abs(a - b);
      const left = x + side > p.inner.x + p.inner.width ? x - side : x;
      out.items.push({ k: 'path', d: rectPath(left, Math.min(a, b), side, side), fill: colorName(pick(mark.color, i)), fillOpacity: 0.14,
        stroke: colorName(pick(mark.color, i)), width: 1, opacity: 0.9, key: pick(mark.key, i) });
    }
  },
  segments(mark, p, out) {
    for (let i = 0; i < mark.x0.length; i++) {
      const c = [p.sx(mark.x0[i]), p.sy(mark.y0[i]), p.sx(mark.x1[i]), p.sy(mark.y1[i])];
      if (!finite(...c)) continue;
      out.items.push({ k: 'path', d: `M${px(c[0])},${px(c[1])}L${px(c[2])},${px(c[3])}`, stroke: colorName(pick(mark.color, i)), width: mark.width ?? 1.5,
        dash: dashOf(mark.dash), opacity: pick(mark.opacity, i) ?? 1, key: pick(mark.key, i) });
    }
  },
  rule(mark, p, out) {
    const { x, y, width, height } = p.inner;
    const lying = mark.y !== undefined;
    const value = lying ? at(p.sy, mark.y) : at(p.sx, mark.x);
    if (!Number.isFinite(value)) return;
    const d = lying ? `M${px(x)},${px(value)}H${px(x + width)}` : `M${px(value)},${px(y)}V${px(y + height)}`;
    out.items.push({ k: 'path', d, stroke: colorName(mark.color, 'muted'), width: mark.width ?? 1.5, dash: dashOf(mark.dash ?? 1) });
    if (mark.text) {
      const right = !lying && value > x + width * 0.7;
      out.items.push({ k: 'text', x: lying ? x + width - 4 : value + (right ? -5 : 5), y: lying ? value - 5 : y + 12, text: mark.text,
        anchor: lying || right ? 'end' : 'start', fill: colorName(mark.color, 'muted'), halo: true });
    }
    if (mark.draggable) {
      out.handles.push({ x: lying ? x + width - 10 : value, y: lying ? value : y + height - 10, r: 7, color: colorName(mark.color, 'muted'), shape: 1, index: 0,
        dataX: lying ? 0 : mark.x, dataY: lying ? mark.y : 0, name: mark.name ?? mark.label ?? 'line', axis: lying ? 'y' : 'x', grid: mark.grid, rule: true });
    }
  },
  contours(mark, p, out) {
    const levels = mark.levels && Array.isArray(mark.levels) ? mark.levels : contourLevels(mark.z, mark.levels ?? 14, mark.log, mark.low);
    const color = colorName(mark.color, 'muted');
    const paths = contourPaths(mark, p, levels);
    paths.forEach((d, i) => {
      if (!d) return;
      const item = { k: 'path', d, stroke: color, width: mark.width ?? 0.8, opacity: 0.7 };
      if (mark.fill !== false) Object.assign(item, { fill: mark.fill ?? 'c1', fillOpacity: i === 0 ? 0 : 0.5 / levels.length });
      out.items.push(item);
    });
    out.grids.push(mark);
  },
  heat(mark, p, out) {
    if (mark.smooth === false) heatCells(mark, p, out);
    else if (mark.scale === 'class') heatClasses(mark, p, out);
    else heatBands(mark, p, out);
    out.grids.push(mark);
  },
  vectors(mark, p, out) {
    for (let i = 0; i < mark.x.length; i++) {
      const x0 = p.sx(mark.x[i]);
      const y0 = p.sy(mark.y[i]);
      const x1 = p.sx(mark.x[i] + mark.dx[i]);
      const y1 = p.sy(mark.y[i] + mark.dy[i]);
      if (!finite(x0, y0, x1, y1)) continue;
      const length = Math.hypot(x1 - x0, y1 - y0);
      if (length < 1) continue;
      const head = Math.min(9, length * 0.5);
      const [ux, uy] = [(x1 - x0) / length, (y1 - y0) / length];
      const [bx, by] = [x1 - ux * head, y1 - uy * head];
      const d = `M${px(x0)},${px(y0)}L${px(bx)},${px(by)}M${px(x1)},${px(y1)}L${px(bx - uy * head * 0.45)},${px(by + ux * head * 0.45)}L${px(bx + uy * head * 0.45)},${px(by - ux * head * 0.45)}Z`;
      const color = colorName(pick(mark.color, i));
      out.items.push({ k: 'path', d, stroke: color, fill: color, width: mark.width ?? 2, opacity: mark.opacity ?? 1, key: pick(mark.key, i) });
    }
  },
  text(mark, p, out) {
    const xs = [mark.x].flat();
    for (let i = 0; i < xs.length; i++) {
      const x = at(p.sx, xs[i]);
      const y = at(p.sy, pick(mark.y, i));
      if (!finite(x, y)) continue;
      out.items.push({ k: 'text', x: x + (mark.dx ?? 0), y: y + (mark.dy ?? 0) + 4, text: pick(mark.text, i), anchor: mark.anchor ?? 'middle',
        fill: colorName(pick(mark.color, i), 'fg'), halo: mark.halo !== false, bold: mark.bold, key: pick(mark.key, i) });
    }
  },
  tree(mark, p, out) {
    treeItems(mark, p, out);
  },
};

/** Gaps where a value is missing; points a hundred screens away are as good as infinite. */
function linePath(mark, p) {
  const far = 100 * (p.inner.width + p.inner.height);
  const runs = [[]];
  for (let i = 0; i < mark.x.length; i++) {
    const [x, y] = [at(p.sx, mark.x[i]), at(p.sy, mark.y[i])];
    if (!finite(x, y) || Math.abs(x) > far || Math.abs(y) > far) runs.push([]);
    else {
      const run = runs.at(-1);
      if (mark.step && run.length) run.push([x, run.at(-1)[1]]);
      run.push([x, y]);
    }
  }
  return runs.filter((run) => run.length).map(polyline).join('');
}

const rectPath = (x, y, w, h) => `M${px(x)},${px(y)}h${px(w)}v${px(h)}h${px(-w)}Z`;
export function symbolPath(shape, r) {
  const corners = SHAPES[shape % SHAPES.length];
  if (corners) return `M${corners(r).join('L')}Z`;
  return `M${px(r)},0A${px(r)},${px(r)} 0 1 1 ${px(-r)},0A${px(r)},${px(r)} 0 1 1 ${px(r)},0Z`;
}
export const dashOf = (dash) => (typeof dash === 'number' ? DASHES[dash % DASHES.length] : dash === true ? DASHES[1] : dash || undefined);

function pointTitle(p, mark, i) {
  const name = mark.label ? `${mark.label}: ` : '';
  const xName = p.xAxis.short ?? p.xAxis.label ?? 'x';
  const yName = p.yAxis.short ?? p.yAxis.label ?? 'y';
  return `${name}${xName} ${formatNumber(mark.x[i])}, ${yName} ${formatNumber(mark.y[i])}`;
}

// --- fields over a grid: z[j * nx + i] stands at (x_i, y_j), i from left to right, j from bottom to top -------------

export function extent(z) {
  let lo = Infinity;
  let hi = -Infinity;
  for (const v of z) {
    if (!Number.isFinite(v)) continue;
    if (v < lo) lo = v;
    if (v > hi) hi = v;
  }
  return lo <= hi ? [lo, hi] : [0, 1];
}

/** Levels that show the bottom of a valley as well as its walls: evenly in the root, or in the logarithm. */
export function contourLevels(z, count, log, low) {
  const [lo, hi] = extent(z);
  const base = low ?? lo;
  const span = hi - base || 1;
  const levels = [];
  for (let k = 1; k <= count; k++) {
    const t = (k - 0.5) / count;
    levels.push(base + (log ? span * 10 ** (-3.4 * (1 - t)) : span * t * t));
  }
  return levels;
}

/** Drawing again without a new field (a scrubber, a drag) finds its lines here. */
const drawn = new WeakMap();

function contourPaths(mark, p, levels) {
  const { nx, ny } = mark;
  const key = [nx, ny, mark.x, mark.y, levels, p.sx.range(), p.sx.domain(), p.sy.range(), p.sy.domain()].join();
  const known = drawn.get(mark.z) ?? new Map();
  if (known.has(key)) return known.get(key);
  const place = gridPlace(mark, p);
  const make = d3contours().size([nx, ny]).smooth(true);
  const z = Array.from(mark.z, (v) => (Number.isFinite(v) ? v : v === -Infinity ? -1e300 : 1e300));
  const paths = levels.map((level) => multiPath(make.contour(z, level).coordinates, place));
  if (known.size > 8) known.clear();
  drawn.set(mark.z, known.set(key, paths));
  return paths;
}

/** d3-contour puts sample i at i + 0.5; its border runs half a cell outside, which is cut back. */
function gridPlace({ nx, ny, x, y }, p) {
  const clamp = (v, n) => Math.min(1, Math.max(0, (v - 0.5) / (n - 1)));
  return ([gx, gy]) => [p.sx(x[0] + (x[1] - x[0]) * clamp(gx, nx)), p.sy(y[0] + (y[1] - y[0]) * clamp(gy, ny))];
}

function multiPath(polygons, place) {
  let d = '';
  for (const polygon of polygons) for (const ring of polygon) d += `${polyline(ring.slice(0, -1).map(place))}Z`;
  return d;
}

/** A path in tenths of a pixel, by differences: a third of the bytes. */
export function polyline(points) {
  let d = '';
  let [lastX, lastY] = [NaN, NaN];
  for (const [x, y] of points) {
    const [tx, ty] = [Math.round(x * 10), Math.round(y * 10)];
    if (tx === lastX && ty === lastY) continue;
    d += Number.isNaN(lastX) ? `M${tx / 10},${ty / 10}l` : join(tx - lastX, ty - lastY);
    [lastX, lastY] = [tx, ty];
  }
  return d.replace(/l$/, 'h0');
}

const tenth = (t) => String(t / 10).replace(/^(-?)0\./, '$1.');
const join = (dx, dy) => `${dx < 0 ? '' : ' '}${tenth(dx)}${dy < 0 ? '' : ' '}${tenth(dy)}`;

const images = new WeakMap();
/** A field made from another one, the same array each time. */
function derived(z, name, of) {
  const known = images.get(z) ?? new Map();
  if (!known.has(name)) images.set(z, known.set(name, Float64Array.from(z, of)));
  return known.get(name);
}

/** Bands of one color (sequential) or two (diverging around mark.mid), each a little more opaque: works in both themes. */
function heatBands(mark, p, out) {
  const [lo, hi] = mark.domain ?? extent(mark.z);
  const step = 0.6 / HEAT_BANDS;
  const add = (z, levels, color) =>
    contourPaths({ ...mark, z }, p, levels).forEach((d) => d && out.items.push({ k: 'path', d, fill: color, fillOpacity: step }));
  if (mark.scale === 'diverging') {
    const mid = mark.mid ?? 0;
    const reach = Math.max(hi - mid, mid - lo) || 1;
    const [below, above] = mark.colors ?? ['c1', 'c2'];
    const levels = Array.from({ length: HEAT_BANDS }, (_, k) => (reach * k) / HEAT_BANDS);
    add(mark.z, levels.map((v) => mid + v), above);
    add(derived(mark.z, 'minus', (v) => -v), levels.map((v) => v - mid + 1e-12 * reach), below);
  } else {
    add(mark.z, Array.from({ length: HEAT_BANDS }, (_, k) => lo + ((hi - lo) * (k + 0.5)) / HEAT_BANDS), colorName(mark.color));
  }
}

function heatClasses(mark, p, out) {
  const classes = [...new Set(mark.z)].filter((c) => Number.isFinite(c)).sort((a, b) => a - b);
  for (const c of classes) {
    const inside = derived(mark.z, c, (v) => (v === c ? 1 : 0));
    const [d] = contourPaths({ ...mark, z: inside }, p, [0.5]);
    if (d) out.items.push({ k: 'path', d, fill: c < 0 ? 'muted' : colorName(c), fillOpacity: c < 0 ? 0.28 : 0.2, stroke: 'bg', width: 1 });
  }
}

function heatCells(mark, p, out) {
  const { nx, ny, x, y, z } = mark;
  const [lo, hi] = mark.domain ?? extent(z);
  for (let j = 0; j < ny; j++) {
    for (let i = 0; i < nx; i++) {
      const v = z[j * nx + i];
      if (!Number.isFinite(v)) continue;
      const cell = [p.sx(x[0] + ((x[1] - x[0]) * i) / nx), p.sx(x[0] + ((x[1] - x[0]) * (i + 1)) / nx), p.sy(y[0] + ((y[1] - y[0]) * j) / ny), p.sy(y[0] + ((y[1] - y[0]) * (j + 1)) / ny)];
      const rect = [Math.min(cell[0], cell[1]), Math.min(cell[2], cell[3]), Math.abs(cell[1] - cell[0]), Math.abs(cell[3] - cell[2])];
      const t = (v - lo) / (hi - lo || 1);
      const color = mark.scale === 'class' ? colorName(v) : mark.scale === 'diverging' ? ((mark.colors ?? ['c1', 'c2'])[v > (mark.mid ?? 0) ? 1 : 0]) : colorName(mark.color);
      out.items.push({ k: 'path', d: rectPath(...rect), fill: color, fillOpacity: mark.scale === 'class' ? 0.3 : 0.06 + 0.74 * Math.min(1, Math.max(0, t)) });
      const text = pick(mark.text, j * nx + i);
      if (text !== undefined) out.items.push({ k: 'text', x: rect[0] + rect[2] / 2, y: rect[1] + rect[3] / 2 + 4, text, anchor: 'middle', fill: 'fg', bold: true });
      const title = pick(mark.title, j * nx + i);
      if (title) out.hits.push({ x: rect[0] + rect[2] / 2, y: rect[1] + rect[3] / 2, w: rect[2], h: rect[3], title, index: j * nx + i });
    }
  }
}

/** The value of a field under a point of the plot, for the readout. */
export function gridValue(mark, x, y) {
  const i = Math.round(((x - mark.x[0]) / (mark.x[1] - mark.x[0])) * (mark.nx - 1));
  const j = Math.round(((y - mark.y[0]) / (mark.y[1] - mark.y[0])) * (mark.ny - 1));
  return i >= 0 && j >= 0 && i < mark.nx && j < mark.ny ? mark.z[j * mark.nx + i] : NaN;
}

// --- trees ----------------------------------------------------------------------------------------------------------
// node: {text, sub?, color?, shares?: [per class], left?, right?, key?, on?: on the path of the row in hand, off?: pruned}

function treeItems(mark, p, out) {
  const { root } = mark;
  if (!root) return;
  const places = [];
  let leaves = 0;
  const walk = (node, depth) => {
    const children = [node.left, node.right].filter(Boolean).map((child) => walk(child, depth + 1));
    const slot = children.length ? (children[0].slot + children[children.length - 1].slot) / 2 : leaves++;
    const place = { node, depth, slot, children };
    places.push(place);
    return place;
  };
  walk(root, 0);
  const deepest = Math.max(...places.map((q) => q.depth));
  const { x, y, width, height } = p.inner;
  const pitch = width / leaves;
  const rowHeight = height / (deepest + 1);
  const boxWidth = Math.max(10, Math.min(132, pitch * (leaves > 1 ? 0.94 : 1) , width));
  const boxHeight = Math.min(46, rowHeight * 0.66);
  const cx = (q) => x + (q.slot + 0.5) * pitch;
  const cy = (q) => y + (q.depth + 0.5) * rowHeight;
  for (const q of places) {
    q.children.forEach((child, side) => {
      const [x0, y0, x1, y1] = [cx(q), cy(q) + boxHeight / 2, cx(child), cy(child) - boxHeight / 2];
      const middle = (y0 + y1) / 2;
      out.items.push({ k: 'path', d: `M${px(x0)},${px(y0)}C${px(x0)},${px(middle)} ${px(x1)},${px(middle)} ${px(x1)},${px(y1)}`, stroke: child.node.on ? 'accent' : 'muted',
        width: child.node.on ? 3 : Math.max(1, Math.min(8, 8 * (child.node.weight ?? 0.15))), opacity: child.node.off ? 0.25 : child.node.on ? 1 : 0.55 });
      if (q.depth === 0 && pitch > 30) {
        out.items.push({ k: 'text', x: (x0 + x1) / 2 + (side ? 6 : -6), y: middle - 4, text: side ? 'no' : 'yes', anchor: side ? 'start' : 'end', fill: 'muted', size: 11.5 });
      }
    });
  }
  const letters = Math.floor((boxWidth - 8) / 6.6);
  for (const q of places) {
    const { node } = q;
    const [left, top] = [cx(q) - boxWidth / 2, cy(q) - boxHeight / 2];
    const opacity = node.off ? 0.35 : 1;
    const color = colorName(node.color, 'muted');
    out.items.push({ k: 'path', d: roundedRect(left, top, boxWidth, boxHeight, 6), fill: 'bg', stroke: node.on ? 'accent' : color, width: node.on ? 2.5 : 1.5, opacity, key: node.key });
    if (q.children.length === 0) out.items.push({ k: 'path', d: roundedRect(left, top, boxWidth, boxHeight, 6), fill: color, fillOpacity: 0.18, opacity });
    if (letters >= 4) {
      out.items.push({ k: 'text', x: cx(q), y: top + (node.sub && boxHeight > 32 ? boxHeight * 0.42 : boxHeight * 0.55) + 2, text: cut(node.text, letters), anchor: 'middle', fill: 'fg', size: 12, opacity });
      if (node.sub && boxHeight > 32) out.items.push({ k: 'text', x: cx(q), y: top + boxHeight * 0.78, text: cut(node.sub, letters + 1), anchor: 'middle', fill: 'muted', size: 11, opacity });
    }
    if (node.shares) shareBar(node.shares, left + 3, top + boxHeight - 5, boxWidth - 6, opacity, out);
    out.hits.push({ x: cx(q), y: cy(q), w: boxWidth, h: boxHeight, title: node.title ?? [node.text, node.sub].filter(Boolean).join(', '), key: node.key, index: node.index ?? 0 });
  }
}

function shareBar(shares, x, y, width, opacity, out) {
  const total = shares.reduce((sum, v) => sum + v, 0) || 1;
  let left = x;
  shares.forEach((share, c) => {
    const w = (width * share) / total;
    if (w > 0.2) out.items.push({ k: 'path', d: rectPath(left, y, w, 3), fill: colorName(c), fillOpacity: 1, opacity });
    left += w;
  });
}

const cut = (text, most) => (text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`);
const roundedRect = (x, y, w, h, r) =>
  `M${px(x + r)},${px(y)}h${px(w - 2 * r)}a${r},${r} 0 0 1 ${r},${r}v${px(h - 2 * r)}a${r},${r} 0 0 1 ${-r},${r}h${px(2 * r - w)}a${r},${r} 0 0 1 ${-r},${-r}v${px(2 * r - h)}a${r},${r} 0 0 1 ${r},${-r}Z`;

// --- the whole scene ------------------------------------------------------------------------------------------------

/** {width, height, narrow, plots: [{id, inner, sx, sy, xTicks, yTicks, legend, marks: [{items, …}], hits, handles, grids}]} */
export function layoutScene(scene, width) {
  const placed = placePlots(scene, width);
  const plots = placed.boxes.map((box) => {
    const p = layoutPlot(box);
    p.hits = [];
    p.handles = [];
    p.grids = [];
    p.marks = p.plot.marks.map((mark, m) => {
      const out = { items: [], hits: [], handles: [], grids: p.grids };
      const draw = MARKS[mark.type];
      if (!draw) throw new Error(`a plot has a mark of type "${mark.type}"; known are ${Object.keys(MARKS).join(', ')}`);
      draw(mark, p, out);
      const tag = (item) => ({ ...item, plot: p.id, mark: m });
      p.hits.push(...out.hits.map(tag));
      p.handles.push(...out.handles.map(tag));
      return { mark, items: out.items, sym: mark.sym, clip: mark.type !== 'text' && mark.type !== 'rule' && mark.clip !== false };
    });
    return p;
  });
  return { ...placed, plots, count: plots.reduce((sum, p) => sum + p.marks.reduce((s, m) => s + m.items.length, 0), 0) };
}

/** From pixels to data: what a pointer says. */
export function invert(p, x, y) {
  return { x: p.sx.invert(x), y: p.sy.invert(y) };
}

