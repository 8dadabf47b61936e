// A scene as SVG text: the static picture of a page, the picture of a notebook, and what the live widget shows.
// Colors are tokens with fallbacks, so one picture serves light and dark.

import { layoutScene, symbolPath, dashOf, FONT } from './geometry.mjs';
import { escapeHTML, px } from './format.mjs';

export const FALLBACK = { bg: '#ffffff', fg: '#1b1f24', muted: '#6a737d', line: '#d5dae0', accent: '#0b62d6', c1: '#0072b2', c2: '#d55e00', c3: '#009e73', c4: '#cc79a7',
  c5: '#e69f00', c6: '#56b4e9', c7: '#7b5bd6', c8: '#8c6d1f' };

export const cssColor = (name) => (FALLBACK[name] ? `var(--${name},${FALLBACK[name]})` : name);

const attr = (name, value) => (value === undefined || value === null || value === '' ? '' : ` ${name}="${value}"`);

export function itemSVG(item) {
  const style = attr('fill', item.fill ? cssColor(item.fill) : 'none') + attr('fill-opacity', item.fillOpacity) +
    (item.stroke ? attr('stroke', cssColor(item.stroke)) + attr('stroke-width', item.width ?? 1) + attr('stroke-dasharray', item.dash) : '') +
    attr('opacity', item.opacity === 1 ? undefined : item.opacity);
  if (item.k === 'circle') return `<circle cx="${px(item.x)}" cy="${px(item.y)}" r="${px(item.r)}"${style}/>`;
  if (item.k === 'symbol') return `<path transform="translate(${px(item.x)},${px(item.y)})" d="${item.d}"${style}/>`;
  if (item.k === 'text') return textSVG(item);
  return `<path d="${item.d}"${style}${item.stroke ? ' stroke-linejoin="round"' : ''}/>`;
}

const textSVG = (t) =>
  `<text x="${px(t.x)}" y="${px(t.y)}"${attr('text-anchor', t.anchor === 'start' ? '' : t.anchor)} fill="${cssColor(t.fill ?? 'fg')}"${attr('font-size', t.size)}${t.bold ? ' font-weight="600"' : ''}${attr('opacity', t.opacity === 1 ? '' : t.opacity)}` +
  `${t.halo ? ` paint-order="stroke" stroke="${cssColor('bg')}" stroke-width="3" stroke-linejoin="round"` : ''}${attr('transform', t.transform)}>${escapeHTML(t.text)}</text>`;

function axesSVG(p) {
  if (p.bare) return '';
  const { x, y, width, height } = p.inner;
  const bottom = y + height;
  let grid = '';
  let labels = '';
  for (const tick of p.xTicks) {
    const at = p.sx.bandwidth ? p.sx(tick.value) + p.sx.bandwidth() / 2 : p.sx(tick.value);
    if (!p.sx.bandwidth) grid += `M${px(at)},${px(y)}V${px(bottom)}`;
    labels += textSVG({ x: at, y: bottom + 15, text: tick.text, anchor: 'middle', fill: 'muted' });
  }
  for (const tick of p.yTicks) {
    const at = p.sy.bandwidth ? p.sy(tick.value) + p.sy.bandwidth() / 2 : p.sy(tick.value);
    if (!p.sy.bandwidth) grid += `M${px(x)},${px(at)}H${px(x + width)}`;
    labels += textSVG({ x: x - 6, y: at + 4, text: tick.text, anchor: 'end', fill: 'muted' });
  }
  if (p.xAxis.label) labels += textSVG({ x: x + width / 2, y: bottom + 33, text: p.xAxis.label, anchor: 'middle', fill: 'fg' });
  if (p.yAxis.label) {
    const [cx, cy] = [p.box.x + 12, y + height / 2];
    labels += textSVG({ x: cx, y: cy, text: p.yAxis.label, anchor: 'middle', fill: 'fg', transform: `rotate(-90 ${px(cx)} ${px(cy)})` });
  }
  return `<path d="${grid}" stroke="${cssColor('line')}" fill="none"/><path d="M${px(x)},${px(y)}V${px(bottom)}H${px(x + width)}" stroke="${cssColor('muted')}" fill="none"/>${labels}`;
}

function legendSVG(p) {
  let out = p.plot.title ? textSVG({ x: p.box.x + 2, y: p.box.y + 15, text: p.plot.title, fill: 'fg', bold: true, size: 13.5 }) : '';
  for (const entry of p.legend.entries) {
    const x = p.box.x + 2 + entry.x;
    const y = p.box.y + p.titleHeight + entry.line * 18 + 8;
    const lines = entry.type === 'line' || entry.type === 'rule' || entry.type === 'segments' || entry.type === 'contours' || entry.type === 'vectors';
    if (lines) out += itemSVG({ k: 'path', d: `M${px(x)},${px(y)}h18`, stroke: entry.color, width: 2.5, dash: dashOf(entry.dash) });
    else if (entry.type === 'points') out += itemSVG({ k: 'symbol', x: x + 9, y, d: symbolPath(entry.shape, 5), fill: entry.hollow ? 'bg' : entry.color, stroke: entry.hollow ? entry.color : 'bg', width: entry.hollow ? 2 : 1 });
    else out += itemSVG({ k: 'path', d: `M${px(x + 3)},${px(y - 5)}h12v10h-12Z`, fill: entry.color, fillOpacity: 0.6 });
    out += textSVG({ x: x + 23, y: y + 4, text: entry.text, fill: 'fg' });
  }
  return out;
}

/** Title, grid, ticks and legend lie under the marks. */
export const backSVG = (p) => legendSVG(p) + axesSVG(p);

export function marksSVG(p, clipId, skip = () => false) {
  const { x, y, width, height } = p.inner;
  let out = `<clipPath id="${clipId}"><rect x="${px(x)}" y="${px(y)}" width="${px(width)}" height="${px(height)}"/></clipPath>`;
  p.marks.forEach((m, i) => {
    if (skip(m)) return;
    const points = m.mark.type === 'points' || m.mark.type === 'tree' || m.mark.type === 'vectors';
    out += `<g data-mark="${i}"${attr('data-sym', m.sym)}${m.clip && !points ? ` clip-path="url(#${clipId})"` : ''}>${m.items.map(itemSVG).join('')}</g>`;
  });
  return out;
}

export const plotSVG = (p, clip) => `<g data-plot="${escapeHTML(p.id)}">${backSVG(p)}${marksSVG(p, clip)}</g>`;

/** All plots of a layout, without the <svg> around them. */
export const layoutSVG = (layout, id = 'w') => layout.plots.map((p, i) => plotSVG(p, `${id}-clip${i}`)).join('');

/** opts: width (720), id (prefix of ids inside), title (accessible name), standalone (xmlns, font). */
export function sceneToSVG(scene, opts = {}) {
  const layout = layoutScene(scene, opts.width ?? 720);
  const [w, h] = [px(layout.width), px(layout.height)];
  const name = escapeHTML(opts.title ?? scene.summary ?? '');
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${w} ${h}"${opts.standalone ? ` width="${w}" height="${h}"` : ''} role="img" aria-label="${name}" font-family="inherit" font-size="${FONT}">` +
    `${layoutSVG(layout, opts.id ?? 'w')}</svg>`;
}
