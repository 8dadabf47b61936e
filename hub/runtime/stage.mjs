// The live plots of one widget: draws a scene, and turns pointer and keys into what the scene's marks allow (drag, click,
// add, remove, hover). It knows the page's DOM, and nothing about states or computing.

import { layoutScene, invert, gridValue, symbolPath, FONT } from './geometry.mjs';
import { backSVG, marksSVG, cssColor, itemSVG, FALLBACK } from './svg.mjs';
import { escapeHTML, formatNumber, px } from './format.mjs';

const CANVAS_ABOVE = 2000;
const REACH = 24; // px: how far from a mark a pointer still means it
const NS = 'http://www.w3.org/2000/svg';

const distance = (hit, x, y) => {
  if (hit.w === undefined) return Math.hypot(hit.x - x, hit.y - y);
  return Math.hypot(Math.max(0, Math.abs(hit.x - x) - hit.w / 2), Math.max(0, Math.abs(hit.y - y) - hit.h / 2));
};

const nearest = (list, x, y, reach) => {
  let best = null;
  let least = reach;
  for (const hit of list) {
    const d = distance(hit, x, y) + (hit.faint ? 4 : 0);
    if (d < least) [best, least] = [hit, d];
  }
  return best;
};

/** Data coordinates as short as the picture is exact: a link should not carry 17 digits of a pointer. */
export function roundTo(value, [a, b], log) {
  if (typeof value !== 'number') return value;
  if (log) return Number(value.toPrecision(3));
  const digits = Math.max(0, Math.min(12, 3 - Math.floor(Math.log10(Math.abs(b - a) || 1))));
  return Number(value.toFixed(digits));
}

export class Stage {
  /** acts: {drag, click, add, remove, hover, allows: {click, add, remove}} */
  constructor(host, id, title, acts) {
    this.host = host;
    this.id = id;
    this.acts = acts;
    this.active = 0; // the handle that Tab reaches
    host.classList.add('kw-live');
    host.innerHTML = `<canvas hidden></canvas><svg role="group" aria-label="${escapeHTML(title)}" font-size="${FONT}"><g class="kw-back"></g><g class="kw-over" aria-hidden="true"></g><g class="kw-handles"></g></svg><div class="kw-tip" hidden></div>`;
    [this.canvas, this.svg, this.tip] = [host.children[0], host.children[1], host.children[2]];
    [this.back, this.over, this.handles] = this.svg.children;
    this.listen();
  }

  draw(scene) {
    this.scene = scene;
    const width = Math.max(200, this.host.clientWidth);
    this.layout = layoutScene(scene, width);
    const { height } = this.layout;
    this.svg.setAttribute('viewBox', `0 0 ${px(width)} ${px(height)}`);
    const big = this.layout.count > CANVAS_ABOVE;
    this.canvas.hidden = !big;
    const heavy = (m) => big && m.items.length > 200;
    this.back.innerHTML = this.layout.plots
      .map((p, i) => `<g data-plot="${escapeHTML(p.id)}">${backSVG(p)}${marksSVG(p, `${this.id}-clip${i}`, heavy)}</g>`).join('');
    if (big) this.paint(heavy, width, height);
    this.drawHandles();
    this.highlight(this.litKey);
    if (this.litSym) this.light(this.litSym);
  }

  /** Marks by the thousand go to the canvas, from the same display list. */
  paint(heavy, width, height) {
    const ratio = globalThis.devicePixelRatio || 1;
    [this.canvas.width, this.canvas.height] = [Math.round(width * ratio), Math.round(height * ratio)];
    const g = this.canvas.getContext('2d');
    const style = getComputedStyle(this.host);
    const colors = new Map();
    const color = (name) => {
      if (!FALLBACK[name]) return name;
      if (!colors.has(name)) colors.set(name, style.getPropertyValue(`--${name}`).trim() || FALLBACK[name]);
      return colors.get(name);
    };
    g.scale(ratio, ratio);
    for (const p of this.layout.plots) {
      g.save();
      g.beginPath();
      g.rect(p.inner.x, p.inner.y, p.inner.width, p.inner.height);
      g.clip();
      for (const m of p.marks) if (heavy(m)) for (const item of m.items) paintItem(g, item, color);
      g.restore();
    }
  }

  // --- handles: what can be dragged -------------------------------------------------------------------------------

  drawHandles() {
    const list = this.layout.plots.flatMap((p) => p.handles.map((h) => ({ ...h, p })));
    while (this.handles.children.length > list.length) this.handles.lastChild.remove();
    while (this.handles.children.length < list.length) {
      const g = document.createElementNS(NS, 'g');
      g.setAttribute('class', 'kw-handle');
      g.setAttribute('role', 'button');
      g.innerHTML = '<circle r="22" fill="transparent"/><circle class="kw-ring" r="11"/><path class="kw-dot"/>';
      this.handles.append(g);
    }
    this.active = Math.max(0, Math.min(this.active, list.length - 1));
    this.handleList = list;
    list.forEach((h, i) => this.placeHandle(this.handles.children[i], h, i));
  }

  placeHandle(g, h, i) {
    const { p } = h;
    const set = (name, value) => g.getAttribute(name) !== String(value) && g.setAttribute(name, value);
    set('transform', `translate(${px(h.x)},${px(h.y)})`);
    set('tabindex', i === this.active ? 0 : -1);
    const where = h.rule ? formatNumber(h.axis === 'x' ? h.dataX : h.dataY) : `${formatNumber(h.dataX)}, ${formatNumber(h.dataY)}`;
    set('aria-label', `${h.name}${h.rule ? '' : ` ${h.index + 1}`}: ${where}`);
    set('aria-roledescription', 'draggable point');
    const more = this.acts.allows.remove && h.removable ? ', Enter adds one beside it, Delete removes it' : '';
    set('aria-description', `Arrow keys move it, Page Up and Page Down go to other points${more}`);
    set('data-plot', p.id);
    g.children[2].setAttribute('d', symbolPath(h.shape, h.r));
    g.children[2].setAttribute('fill', cssColor(h.color));
    g.children[2].setAttribute('stroke', cssColor('bg'));
    g.children[2].setAttribute('stroke-width', 1.5);
    g.children[1].setAttribute('r', h.r + 5);
  }

  moveTo(h, x, y) {
    const { p } = h;
    const [cx, cy] = [clamp(x, p.inner.x, p.inner.x + p.inner.width), clamp(y, p.inner.y, p.inner.y + p.inner.height)];
    const data = this.dataAt(p, cx, cy);
    this.acts.drag({ plot: p.id, mark: h.mark, index: h.index, x: h.axis === 'y' ? h.dataX : data.x, y: h.axis === 'x' ? h.dataY : data.y });
  }

  dataAt(p, x, y) {
    const data = invert(p, x, y);
    return { x: roundTo(data.x, p.sx.domain(), p.xAxis.log), y: roundTo(data.y, p.sy.domain(), p.yAxis.log) };
  }

  // --- pointer and keys -------------------------------------------------------------------------------------------

  point(event) {
    const box = this.svg.getBoundingClientRect();
    const scale = this.layout.width / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  }

  plotAt(x, y) {
    return this.layout.plots.find((p) => x >= p.inner.x && x <= p.inner.x + p.inner.width && y >= p.inner.y && y <= p.inner.y + p.inner.height);
  }

  listen() {
    const { svg } = this;
    svg.addEventListener('pointerdown', (e) => this.down(e));
    svg.addEventListener('pointermove', (e) => this.move(e));
    svg.addEventListener('pointerup', (e) => this.up(e));
    svg.addEventListener('pointercancel', () => this.drop());
    svg.addEventListener('pointerleave', () => this.drag || this.leave());
    svg.addEventListener('dblclick', (e) => this.double(e));
    svg.addEventListener('keydown', (e) => this.key(e));
    this.handles.addEventListener('focusin', (e) => {
      const i = [...this.handles.children].indexOf(e.target);
      if (i < 0) return;
      this.active = i;
      [...this.handles.children].forEach((g, j) => g.setAttribute('tabindex', j === i ? 0 : -1));
    });
  }

  down(event) {
    if (event.button !== 0 || !this.layout) return;
    const [x, y] = this.point(event);
    const h = nearest(this.handleList.map((item, i) => ({ ...item, i })), x, y, event.pointerType === 'touch' ? 28 : 16);
    this.start = { x, y, moved: false };
    if (!h) return;
    event.preventDefault();
    this.drag = { i: h.i, dx: h.x - x, dy: h.y - y };
    this.svg.setPointerCapture(event.pointerId);
    this.active = h.i;
    this.handles.children[h.i].focus({ preventScroll: true });
    this.leave();
  }

  move(event) {
    if (!this.layout) return;
    const [x, y] = this.point(event);
    if (this.start && Math.hypot(x - this.start.x, y - this.start.y) > 4) this.start.moved = true;
    if (!this.drag) {
      if (event.pointerType !== 'touch') this.hover(x, y);
      return;
    }
    const h = this.handleList[this.drag.i];
    if (h && this.start?.moved) this.moveTo(h, x + this.drag.dx, y + this.drag.dy);
  }

  up(event) {
    const clicked = this.start && !this.start.moved;
    this.drop();
    if (!clicked) return;
    const [x, y] = this.point(event);
    const p = this.plotAt(x, y);
    if (event.pointerType === 'touch') this.hover(x, y);
    if (!p || !this.acts.allows.click) return;
    const hit = nearest(p.hits, x, y, REACH);
    this.acts.click({ plot: p.id, ...this.dataAt(p, x, y), mark: hit?.mark, index: hit?.index, key: hit?.key });
  }

  drop() {
    this.drag = null;
    this.start = null;
  }

  double(event) {
    const [x, y] = this.point(event);
    const p = this.plotAt(x, y);
    if (!p || !this.acts.allows.add || nearest(this.handleList, x, y, 10)) return;
    event.preventDefault();
    this.acts.add({ plot: p.id, ...this.dataAt(p, x, y) });
  }

  key(event) {
    const i = [...this.handles.children].indexOf(event.target);
    const h = this.handleList?.[i];
    if (!h || event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 5 : 1;
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const { p } = h;
    if (step && h.grid) this.acts.drag({ plot: p.id, mark: h.mark, index: h.index, x: h.axis === 'y' ? h.dataX : h.dataX + step[0] * far * h.grid, y: h.axis === 'x' ? h.dataY : h.dataY - step[1] * far * h.grid });
    else if (step) this.moveTo(h, h.x + (step[0] * far * p.inner.width) / 50, h.y + (step[1] * far * p.inner.height) / 50);
    else if (event.key === 'PageDown' || event.key === 'PageUp') this.rove(i + (event.key === 'PageDown' ? 1 : -1));
    else if (event.key === 'Enter' && this.acts.allows.add && h.removable) this.acts.add({ plot: p.id, ...this.dataAt(p, h.x + p.inner.width / 25, h.y - p.inner.height / 25), index: h.index });
    else if ((event.key === 'Delete' || event.key === 'Backspace') && this.acts.allows.remove && h.removable) this.acts.remove({ plot: p.id, mark: h.mark, index: h.index });
    else if (event.key === 'Escape') event.target.blur();
    else return;
    event.preventDefault();
  }

  rove(i) {
    const n = this.handles.children.length;
    this.handles.children[((i % n) + n) % n].focus();
  }

  // --- hover ------------------------------------------------------------------------------------------------------

  hover(x, y) {
    const p = this.layout.plots.find((q) => x >= q.box.x && x <= q.box.x + q.box.width && y >= q.box.y && y <= q.box.y + q.box.height);
    const hit = p && nearest(p.hits, x, y, REACH);
    if (hit) {
      this.highlight(hit.key, hit);
      this.say(hit.title, hit.x, hit.y - (hit.h ?? 0) / 2);
      this.acts.hover?.(hit.key);
      return;
    }
    this.highlight(null);
    this.acts.hover?.(null);
    const grid = p?.grids.at(-1);
    if (!grid || !this.plotAt(x, y) || grid.readout === false) return this.say('');
    const data = invert(p, x, y);
    const z = gridValue(grid, data.x, data.y);
    const text = typeof grid.readout === 'object' ? grid.readout[z] ?? '' : `${grid.label ?? 'value'} ${formatNumber(z)}`;
    return this.say(Number.isNaN(z) ? '' : `${text}\n${p.xAxis.short ?? p.xAxis.label ?? 'x'} ${formatNumber(data.x, 3)}, ${p.yAxis.short ?? p.yAxis.label ?? 'y'} ${formatNumber(data.y, 3)}`, x, y);
  }

  say(text, x = 0, y = 0) {
    this.tip.hidden = !text;
    if (!text) return;
    this.tip.textContent = text;
    const scale = this.host.clientWidth / this.layout.width;
    const [w, h] = [this.tip.offsetWidth, this.tip.offsetHeight];
    const left = clamp(x * scale - w / 2, 0, this.host.clientWidth - w);
    const top = y * scale - h - 12 < 0 ? y * scale + 16 : y * scale - h - 12;
    this.tip.style.transform = `translate(${left}px,${top}px)`;
    this.tip.style.top = this.tip.style.left = '0';
  }

  /** Rings on all marks of one key, in every plot. */
  highlight(key, only) {
    this.litKey = key ?? null;
    const hits = this.layout.plots.flatMap((p) => p.hits).filter((h) => (key !== undefined && key !== null ? h.key === key : h === only));
    this.over.innerHTML = hits.slice(0, 200).map((h) => (h.w === undefined
      ? itemSVG({ k: 'circle', x: h.x, y: h.y, r: (h.r ?? 4) + 4, stroke: 'fg', width: 2 })
      : `<rect x="${px(h.x - h.w / 2 - 1)}" y="${px(h.y - h.h / 2 - 1)}" width="${px(h.w + 2)}" height="${px(h.h + 2)}" fill="none" stroke="${cssColor('fg')}" stroke-width="2" rx="3"/>`)).join('');
  }

  light(sym) {
    this.litSym = sym;
    for (const g of this.back.querySelectorAll('[data-sym]')) g.classList.toggle('kw-lit', g.dataset.sym.split(' ').includes(sym));
  }

  leave() {
    this.say('');
    if (this.litKey !== null) this.acts.hover?.(null);
    this.highlight(null);
  }
}

const clamp = (v, lo, hi) => Math.min(Math.max(v, lo), Math.max(lo, hi));

function paintItem(g, item, color) {
  g.globalAlpha = item.opacity ?? 1;
  if (item.k === 'text') {
    g.fillStyle = color(item.fill ?? 'fg');
    g.textAlign = item.anchor === 'middle' ? 'center' : item.anchor === 'end' ? 'right' : 'left';
    g.fillText(item.text, item.x, item.y);
    return;
  }
  let path;
  if (item.k === 'circle') {
    path = new Path2D();
    path.arc(item.x, item.y, item.r, 0, 2 * Math.PI);
  } else if (item.k === 'symbol') {
    path = new Path2D();
    path.addPath(new Path2D(item.d), new DOMMatrix([1, 0, 0, 1, item.x, item.y]));
  } else path = new Path2D(item.d);
  if (item.fill) {
    g.fillStyle = color(item.fill);
    g.globalAlpha = (item.opacity ?? 1) * (item.fillOpacity ?? 1);
    g.fill(path);
  }
  if (item.stroke) {
    g.globalAlpha = item.opacity ?? 1;
    g.strokeStyle = color(item.stroke);
    g.lineWidth = item.width ?? 1;
    g.setLineDash(item.dash ? item.dash.split(' ').map(Number) : []);
    g.stroke(path);
  }
}
