// The picture of a page before anything runs, small: each plot is drawn once and serves wide columns, where the plots
// stand as they live, and phones, where they stand in a column. Coordinates are rounded to a tenth of a pixel, lines lose
// the points that nobody would miss.

import { FONT, NARROW, layoutScene } from './geometry.mjs';
import { escapeHTML } from './format.mjs';
import { plotSVG } from './svg.mjs';

const WIDE = 720;
const LONE = 600; // a plot that fills its row: between the widths of a column and of a phone
const MISS = 0.35; // pixels by which a line may leave its points

const tenth = (value) => String(Math.round(value * 10) / 10).replace(/^(-?)0\./, '$1.');
const percent = (part, whole) => `${tenth((100 * part) / whole)}%`;

/** Ends of a run, and what lies more than `miss` off the line between (Douglas and Peucker 1973). */
export function simplify(points, miss = MISS) {
  const keep = new Uint8Array(points.length).fill(0);
  const parts = [[0, points.length - 1]];
  keep[0] = keep[points.length - 1] = 1;
  while (parts.length) {
    const [a, b] = parts.pop();
    const [[ax, ay], [bx, by]] = [points[a], points[b]];
    const length = Math.hypot(bx - ax, by - ay);
    let [far, at] = [miss, 0];
    for (let i = a + 1; i < b; i++) {
      const [x, y] = points[i];
      const off = length ? Math.abs((bx - ax) * (ay - y) - (ax - x) * (by - ay)) / length : Math.hypot(x - ax, y - ay);
      if (off > far) [far, at] = [off, i];
    }
    if (at) {
      keep[at] = 1;
      parts.push([a, at], [at, b]);
    }
  }
  return points.filter((_, i) => keep[i]);
}

/** The same outline in fewer letters. Only what is made of M, L and Z is simplified; the rest is rounded. */
export function smallPath(d, miss = MISS) {
  if (!/^[MLZ\d.,\s-]*$/.test(d)) return d.replace(/-?\d*\.\d+/g, (v) => tenth(Number(v)));
  let [out, px, py] = ['', 0, 0]; // where the pen really is, so that rounding does not add up
  for (const run of d.match(/M[^M]*/g) ?? []) {
    const closed = run.trimEnd().endsWith('Z');
    const points = [...run.matchAll(/(-?[\d.]+)[,\s]+(-?[\d.]+)/g)].map((m) => [Number(m[1]), Number(m[2])]);
    simplify(points, miss).forEach(([x, y], i) => {
      const [dx, dy] = [Math.round((x - px) * 10) / 10, Math.round((y - py) * 10) / 10];
      if (i && !dx && !dy && points.length > 2) return;
      const [sx, sy] = i ? [tenth(dx), tenth(dy)] : [tenth(x), tenth(y)];
      out += i ? (dy === 0 ? `h${sx}` : dx === 0 ? `v${sy}` : `l${sx}${sy.startsWith('-') ? '' : ','}${sy}`) : `M${sx},${sy}`;
      [px, py] = i ? [px + dx, py + dy] : [Math.round(x * 10) / 10, Math.round(y * 10) / 10];
    });
    if (closed) {
      out += 'Z';
    }
  }
  return out;
}

/** Text of an SVG, shorter: rounded, simplified, strokes of one look as one path. */
export function shrinkSVG(svg) {
  const rounded = svg.replace(/ (x|y|cx|cy|r|width|height|transform)="([^"]*)"/g, (all, name, value) => ` ${name}="${value.replace(/-?\d*\.\d+/g, (v) => tenth(Number(v)))}"`)
    .replace(/ d="([^"]*)"/g, (all, d) => ` d="${smallPath(d)}"`);
  return rounded.replace(/(?:<path d="[^"]*" fill="none"[^>]*\/>)+/g, (run) => {
    const paths = [];
    for (const [, d, look] of run.matchAll(/<path d="([^"]*)"( fill="none"[^>]*)\/>/g)) {
      if (paths.at(-1)?.look === look) paths.at(-1).d += d;
      else paths.push({ d, look });
    }
    return paths.map((p) => `<path d="${p.d}"${p.look}/>`).join('');
  });
}

/** HTML of the pictures of all plots of a scene. */
export function stillHTML(scene, id, title) {
  const wide = layoutScene(scene, WIDE);
  const lone = wide.plots.some((p) => p.box.width > NARROW) ? layoutScene(scene, LONE) : wide;
  const narrow = layoutScene(scene, NARROW - 1);
  const plots = wide.plots.map((p, i) => {
    const { box } = p;
    const drawn = box.width > NARROW ? lone.plots[i] : p;
    const place = `--l:${percent(box.x, WIDE)};--t:${percent(box.y, wide.height)};--w:${percent(box.width, WIDE)};--h:${percent(box.height, wide.height)};--n:${percent(narrow.plots[i].box.height, narrow.height)}`;
    const view = [drawn.box.x, drawn.box.y, drawn.box.width, drawn.box.height].map(tenth).join(' ');
    return `<svg viewBox="${view}" style="${place}" font-size="${FONT}">${shrinkSVG(plotSVG(drawn, `${id}-s${i}`))}</svg>`;
  });
  return `<div class="kw-still" role="img" aria-label="${escapeHTML(title)}">${plots.join('')}</div>`;
}
