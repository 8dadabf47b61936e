// <ken-widget>: the live form of a widget. It finds its static form in the page, and takes its place when it is seen or
// touched: same frame, same picture, now with the library behind it.
//   el.ready   a promise of the first live picture; also the event "ken-ready"
//   el.state   the state as JSON; setting it is as if a person had

import { Stage } from './stage.mjs';
import { frameHTML, controlsHTML, scrubText, readoutsHTML, tableHTML, icon, scrubHTML } from './frame.mjs';
import { resolveControls, fromSlider, toSlider, valueText, clampValue } from './controls.mjs';
import { admit, decodeState, encodeState, equalJSON, formatHash, getPath, parseHash, setPath } from './state.mjs';
import { readAttrs, listControls, needsCompute } from './kind.mjs';
import { hostOf, loadKind } from './host.mjs';
import { openOwn } from './own.mjs';
import { mainSeries, play } from './sound.mjs';
import { escapeHTML } from './format.mjs';

const PLAY_MS = 3000;
const SPEAK_MS = 900;
const still = () => globalThis.matchMedia?.('(prefers-reduced-motion: reduce)').matches;

/** How a page makes hosts; main.mjs sets the one with a Worker. */
export const page = { makeHost: () => { throw new Error('no host'); } };

export class KenWidget extends HTMLElement {
  constructor() {
    super();
    this.ready = new Promise((resolve, reject) => Object.assign(this, { resolveReady: resolve, rejectReady: reject }));
    this.ready.catch(() => {}); // the frame shows the error; a test may wait on it
  }

  connectedCallback() {
    if (this.watch) return;
    this.watch = new IntersectionObserver((entries) => entries.some((e) => e.isIntersecting) && this.wake(), { rootMargin: '200px' });
    this.watch.observe(this);
    for (const event of ['pointerenter', 'focusin']) this.addEventListener(event, () => this.wake(), { once: true });
  }

  disconnectedCallback() {
    this.watch?.disconnect();
    this.watch = null;
    this.resize?.disconnect();
    this.abort?.abort();
    this.silence?.();
    for (const [target, name, fn] of this.listeners ?? []) target.removeEventListener(name, fn);
    this.listeners = [];
  }

  // --- waking -----------------------------------------------------------------------------------------------------

  async wake() {
    if (this.awake) return;
    this.awake = true;
    this.watch?.disconnect();
    try {
      const raw = Object.fromEntries([...this.attributes].filter((a) => !/^(data-|aria-|style$|role$|tabindex$)/.test(a.name)).map((a) => [a.name, a.value]));
      const module = raw.module ?? document.querySelector('meta[name=ken-module]')?.content ?? '';
      this.kind = await loadKind(raw.kind, raw.source);
      delete raw.source;
      this.host = hostOf(module, page.makeHost);
      this.attrs = readAttrs(this.kind, raw);
      this.things = await this.host.things();
      this.initial = this.kind.state(this.attrs, this.things);
      this.now = this.fromLink() ?? this.initial;
      this.result = await this.host.compute(this.task());
      this.computed = this.now;
      this.build();
      this.resolveReady(this);
      this.dispatchEvent(new CustomEvent('ken-ready', { bubbles: true, detail: { id: this.id } }));
    } catch (error) {
      this.failStill(error);
      this.rejectReady(error);
    }
  }

  task() {
    return { kind: this.kind.kind, state: this.now, attrs: this.attrs, own: this.own, key: this.id };
  }

  fromLink() {
    const text = parseHash(location.hash).get(this.id);
    const state = text && decodeState(this.initial, text);
    return state ? this.legal(admit(this.initial, state)) : null;
  }

  /** Values of a link, brought into what the parameters allow. */
  legal(state) {
    let out = state;
    for (const row of resolveControls(listControls(this.kind, this.attrs, this.things, state), this.things, state, null)) {
      if (row.type === 'scrub' || row.type === 'button' || getPath(out, row.name) == null) continue; // null: the widget chooses
      const value = clampValue(row, getPath(out, row.name));
      if (!equalJSON(value, getPath(out, row.name))) out = setPath(out, row.name, value);
    }
    return out;
  }

  scene() {
    return this.kind.scene(this.result, this.now, this.attrs);
  }

  rows() {
    return resolveControls(listControls(this.kind, this.attrs, this.things, this.now), this.things, this.now, this.result);
  }

  build() {
    const scene = this.scene();
    const rows = this.rows();
    const title = this.attrs.title ?? this.getAttribute('alt') ?? scene.summary;
    this.innerHTML = frameHTML({ id: this.id, title, rows, scene, own: Boolean(this.kind.own), live: true });
    const part = (name) => this.querySelector(`.kw-${name}`);
    this.parts = { controls: part('controls'), plots: part('plots'), scrubs: part('scrubs'), readouts: part('readouts'), summary: part('summary'),
      error: part('error'), tools: part('tools'), drawer: part('drawer'), frame: part('frame') ?? this.firstElementChild };
    const { kind } = this;
    this.stage = new Stage(this.parts.plots, this.id, this.getAttribute('alt') ?? title, {
      allows: { click: Boolean(kind.click), add: Boolean(kind.add), remove: Boolean(kind.remove) },
      drag: (e) => this.act(kind.drag(this.now, e, this.attrs, this.result)),
      click: (e) => this.act(kind.click(this.now, e, this.attrs, this.result)),
      add: (e) => this.act(kind.add(this.now, e, this.attrs, this.result)),
      remove: (e) => this.act(kind.remove(this.now, e, this.attrs, this.result)),
      hover: (key) => this.dispatchEvent(new CustomEvent('ken-hover', { bubbles: true, detail: { key } })),
    });
    this.shape = this.shapeOf(rows);
    this.listen();
    this.show(scene, rows);
    this.resize = new ResizeObserver(() => this.stage.layout && this.stage.layout.width !== Math.max(200, this.parts.plots.clientWidth) && this.stage.draw(this.lastScene));
    this.resize.observe(this.parts.plots);
    if (this.attrs.play && !still()) this.playOnce();
  }

  listen() {
    const { controls, tools } = this.parts;
    this.addEventListener('input', (e) => this.input(e));
    this.addEventListener('change', (e) => this.input(e));
    this.addEventListener('click', (e) => this.press(e));
    this.addEventListener('keydown', (e) => this.keys(e));
    const on = (target, name, fn) => {
      target.addEventListener(name, fn);
      (this.listeners ??= []).push([target, name, fn]);
    };
    on(document, 'ken-sym', (e) => {
      const sym = e.detail?.sym ?? null;
      this.stage.light(sym);
      for (const el of this.parts.readouts.querySelectorAll('[data-sym]')) el.classList.toggle('kw-lit', el.dataset.sym === sym);
    });
    on(window, 'hashchange', () => {
      const state = this.fromLink() ?? this.initial;
      if (!equalJSON(state, this.now)) this.setState(state, { link: false });
    });
    on(matchMedia('(prefers-color-scheme: dark)'), 'change', () => this.stage.draw(this.lastScene));
    return [controls, tools];
  }

  // --- state ------------------------------------------------------------------------------------------------------

  get state() {
    return structuredClone(this.now ?? null);
  }

  set state(state) {
    this.setState(this.legal(admit(this.initial, state)));
  }

  act(state) {
    if (state && state !== this.now) {
      this.touched();
      this.setState(state);
    }
  }

  touched() {
    this.stopPlay();
    if (this.done) return;
    this.done = true;
    document.dispatchEvent(new CustomEvent('ken-done', { detail: { id: this.id } }));
  }

  setState(state, { link = true } = {}) {
    this.now = state;
    if (link) this.writeLink();
    this.dispatchEvent(new CustomEvent('ken-state', { bubbles: true, detail: { state } }));
    this.request();
  }

  /** The address follows at most a few times a second: browsers limit how often it may change. */
  writeLink() {
    clearTimeout(this.linkTimer);
    this.linkTimer = setTimeout(() => {
      const map = parseHash(location.hash);
      map.set(this.id, encodeState(this.initial, this.now));
      const hash = formatHash(map);
      if (hash !== location.hash) history.replaceState(history.state, '', hash || location.pathname + location.search);
    }, 150);
  }

  /** A new picture in the next frame; computing first where the state asks for it. Only the latest state counts. */
  request() {
    if (this.frame) return;
    this.frame = requestAnimationFrame(() => {
      this.frame = 0;
      if (this.freshOwn || needsCompute(this.kind, this.computed, this.now)) this.compute();
      else if (!this.computing) this.refresh();
    });
  }

  async compute() {
    if (this.computing) {
      this.abort.abort();
      this.again = true;
      return;
    }
    this.computing = true;
    this.again = false;
    this.abort = new AbortController();
    const [state, fresh] = [this.now, this.freshOwn];
    this.freshOwn = false;
    try {
      const result = await this.host.compute(this.task(), this.abort.signal);
      if (result !== null && !(this.abort.signal.aborted && this.again)) {
        [this.result, this.computed] = [result, state];
        this.fail(null);
        this.refresh();
      }
    } catch (error) {
      this.freshOwn ||= fresh && this.again;
      if (!this.again && error?.code !== 'KEN_E_CANCELLED') {
        this.computed = state;
        this.fail(error);
      }
    }
    this.computing = false;
    if (this.again || needsCompute(this.kind, this.computed, this.now)) this.request();
    else this.settled?.();
  }

  /** Resolves when what is on the page is the present state: for tests. */
  async settle() {
    await new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    if (this.computing || this.frame) await new Promise((resolve) => (this.settled = resolve));
  }

  // --- drawing ----------------------------------------------------------------------------------------------------

  shapeOf(rows) {
    return rows.map((r) => [r.name, r.type, r.label, r.min, r.type === 'scrub' ? 0 : r.max, r.choices?.map((c) => c.label).join()].join(':')).join('|');
  }

  refresh() {
    try {
      this.show(this.scene(), this.rows());
    } catch (error) {
      this.fail(error);
    }
  }

  show(scene, rows) {
    this.lastScene = scene;
    this.stage.draw(scene);
    this.showControls(rows);
    this.showScrub(rows.find((row) => row.type === 'scrub'), scene);
    const readouts = readoutsHTML(scene.readouts);
    if (this.parts.readouts.innerHTML !== readouts) this.parts.readouts.innerHTML = readouts;
    this.speak(scene.summary);
    if (this.drawer === 'table') this.parts.drawer.innerHTML = tableHTML(scene.table);
    this.parts.frame.style.setProperty('--kw-ready', 1);
  }

  showControls(rows) {
    const shape = this.shapeOf(rows);
    if (shape !== this.shape) {
      const focus = document.activeElement?.dataset?.name;
      const open = this.parts.controls.querySelector('details')?.open;
      this.parts.controls.innerHTML = controlsHTML(this.id, rows);
      const details = this.parts.controls.querySelector('details');
      if (details && open) details.open = true;
      if (focus) this.parts.controls.querySelector(`[data-name="${CSS.escape(focus)}"]`)?.focus({ preventScroll: true });
      this.shape = shape;
    }
    for (const row of rows) {
      const inputs = this.parts.controls.querySelectorAll(`[data-name="${CSS.escape(row.name)}"]`);
      inputs.forEach((input) => this.showValue(input, row));
    }
  }

  showValue(input, row) {
    if (row.type === 'range') {
      const text = valueText(row, row.value);
      const at = String(toSlider(row, row.value));
      if (input.value !== at && !(input === document.activeElement && equalJSON(fromSlider(row, Number(input.value)), row.value))) input.value = at;
      input.setAttribute('aria-valuetext', text);
      const output = input.parentElement.querySelector('output');
      if (output.textContent !== text) output.textContent = text;
    } else if (row.type === 'choice') {
      const i = String(row.choices.findIndex((c) => c.value === row.value));
      if (input.type === 'radio') input.checked = input.value === i;
      else input.value = i;
    } else if (row.type === 'multi') input.checked = row.value.includes(row.choices[Number(input.value)].value);
    else if (row.type === 'bool') input.checked = Boolean(row.value);
  }

  showScrub(row, scene) {
    if (!row || !this.parts.scrubs) return;
    if (!this.parts.scrubs.firstElementChild) this.parts.scrubs.innerHTML = scrubHTML(this.id, row, scene.objective);
    const input = this.parts.scrubs.querySelector('input');
    const shown = { ...row, value: Math.min(row.value, row.max) };
    input.max = row.max;
    if (input.value !== String(shown.value)) input.value = shown.value;
    const text = scrubText(shown, scene.objective);
    input.setAttribute('aria-valuetext', text);
    this.parts.scrubs.querySelector('output').textContent = text;
    this.scrub = row;
  }

  /** The summary is heard politely and not at every pixel of a slider. */
  speak(text) {
    const { summary } = this.parts;
    if (summary.textContent === text) return;
    clearTimeout(this.speakTimer);
    const wait = Math.max(0, SPEAK_MS - (performance.now() - (this.spoke ?? -Infinity)));
    this.speakTimer = setTimeout(() => {
      summary.textContent = text;
      this.spoke = performance.now();
    }, wait);
  }

  fail(error) {
    const { error: box } = this.parts;
    box.hidden = !error;
    if (!error) return;
    box.innerHTML = `<p><strong>${escapeHTML(error.message)}</strong></p>${error.hint ? `<p>${escapeHTML(error.hint)}</p>` : ''}<p><button type="button" data-tool="reset">Back to the start</button></p>`;
  }

  /** It could not wake: the static picture stays, with the reason under it. */
  failStill(error) {
    const box = this.querySelector('.kw-error') ?? this.appendChild(document.createElement('div'));
    box.hidden = false;
    box.className = 'kw-error';
    box.innerHTML = `<p><strong>This picture does not move: ${escapeHTML(error.message)}</strong></p>${error.hint ? `<p>${escapeHTML(error.hint)}</p>` : ''}`;
  }

  // --- what people do ---------------------------------------------------------------------------------------------

  rowOf(name) {
    return this.rows().find((row) => row.name === name);
  }

  input(event) {
    const { name } = event.target.dataset ?? {};
    const row = name && this.stage && this.rowOf(name);
    if (!row) return;
    const value = this.valueOf(event.target, row);
    if (equalJSON(value, getPath(this.now, name))) return;
    this.touched();
    const next = setPath(this.now, name, value);
    this.setState(this.kind.changed ? this.kind.changed(next, name, this.attrs, this.now) : next);
  }

  valueOf(input, row) {
    if (row.type === 'scrub') return Number(input.value);
    if (row.type === 'range') return fromSlider(row, Number(input.value));
    if (row.type === 'bool') return input.checked;
    const choice = row.choices[Number(input.value)]?.value;
    if (row.type === 'multi') return row.choices.map((c) => c.value).filter((v) => (v === choice ? input.checked : row.value.includes(v)));
    return choice;
  }

  press(event) {
    const button = event.target.closest?.('button');
    if (!button || !this.contains(button) || !this.stage) return;
    const { tool, scrub, button: name } = button.dataset;
    if (tool) this.useTool(tool, button);
    if (scrub) this.useScrub(scrub);
    if (name) this.act(this.rowOf(name)?.press(this.now, this.attrs, this.result));
  }

  useScrub(what) {
    const { scrub: row } = this;
    const at = Math.min(getPath(this.now, row.name), row.max);
    if (what === 'play') return this.playing ? this.stopPlay() : this.playFrom(at >= row.max ? row.min : at);
    this.touched();
    return this.setStep(at + (what === 'forth' ? 1 : -1));
  }

  setStep(step) {
    const { scrub: row } = this;
    const value = Math.min(row.max, Math.max(row.min, step));
    if (value !== getPath(this.now, row.name)) this.setState(setPath(this.now, row.name, value));
  }

  playFrom(from, ms = PLAY_MS, to = this.scrub.max) {
    const row = this.scrub;
    const begin = performance.now();
    const button = this.parts.scrubs.querySelector('[data-scrub=play]');
    button.innerHTML = icon('pause');
    button.setAttribute('aria-label', 'Pause');
    this.playing = true;
    const tick = (time) => {
      if (!this.playing || !this.isConnected) return;
      const part = Math.min(1, (time - begin) / ms);
      this.setStep(Math.round(from + part * (Math.min(to, row.max) - from)));
      if (part < 1) requestAnimationFrame(tick);
      else this.stopPlay();
    };
    requestAnimationFrame(tick);
  }

  stopPlay() {
    if (!this.playing) return;
    this.playing = false;
    const button = this.parts.scrubs.querySelector('[data-scrub=play]');
    button.innerHTML = icon('play');
    button.setAttribute('aria-label', 'Play');
  }

  /** Once, when half of it is seen, for 3 s at most, and only where nobody asked for stillness. */
  playOnce() {
    const seen = new IntersectionObserver((entries) => {
      if (!entries.some((e) => e.isIntersecting)) return;
      seen.disconnect();
      if (this.scrub && !this.done) this.playFrom(this.scrub.min, PLAY_MS, getPath(this.now, this.scrub.name) || this.scrub.max);
    }, { threshold: 0.5 });
    seen.observe(this);
  }

  keys(event) {
    if (event.key === 'Escape' && this.drawer) this.openDrawer(null);
  }

  useTool(tool, button) {
    if (tool === 'reset') {
      this.own = null;
      this.freshOwn = true;
      this.fail(null);
      this.openDrawer(null);
      this.setState(this.initial);
    } else if (tool === 'table' || tool === 'own') this.openDrawer(this.drawer === tool ? null : tool);
    else if (tool === 'sound') this.sing(button);
    else if (tool === 'link') this.copyLink(button);
  }

  openDrawer(name) {
    const { drawer, tools } = this.parts;
    if (this.drawer && !name) tools.querySelector(`[data-tool=${this.drawer}]`)?.focus({ preventScroll: true });
    this.drawer = name;
    drawer.hidden = !name;
    for (const t of ['table', 'own']) tools.querySelector(`[data-tool=${t}]`)?.setAttribute('aria-expanded', String(name === t));
    drawer.replaceChildren();
    if (name === 'table') {
      Object.assign(drawer, { tabIndex: 0 }).setAttribute('role', 'region');
      drawer.setAttribute('aria-label', `Table of: ${this.getAttribute('alt') ?? this.id}`);
      drawer.innerHTML = tableHTML(this.lastScene.table);
    } else if (name === 'own') {
      drawer.removeAttribute('tabindex');
      openOwn(drawer, this.kind.own, { inspect: (bytes) => this.host.inspect(bytes), use: (bytes, pick) => this.useOwn(bytes, pick) });
    }
  }

  useOwn(bytes, pick) {
    this.own = { bytes, pick };
    this.freshOwn = true;
    this.touched();
    this.setState(this.kind.adopt ? this.kind.adopt(this.now, pick, this.attrs) : { ...this.now });
  }

  sing(button) {
    if (this.silence) {
      this.silence();
      return;
    }
    const series = mainSeries(this.lastScene.table);
    if (!series) return;
    button.setAttribute('aria-pressed', 'true');
    button.title = `Pitch follows ${series.name}`;
    this.silence = play(series.values, () => {
      this.silence = null;
      button.setAttribute('aria-pressed', 'false');
    });
  }

  async copyLink(button) {
    const map = new Map([[this.id, encodeState(this.initial, this.now)]]);
    const url = location.href.split('#')[0] + (formatHash(map) || `#${this.id}`);
    const label = button.textContent;
    try {
      await navigator.clipboard.writeText(url);
      button.textContent = 'Copied';
    } catch {
      history.replaceState(history.state, '', url);
      button.textContent = 'See address';
    }
    setTimeout(() => (button.textContent = label), 1500);
  }
}

/** <ken-compare>: two widgets of one kind whose shared members (kind.linked) and hover move together. */
export class KenCompare extends HTMLElement {
  connectedCallback() {
    if (this.wired) return;
    this.wired = true;
    const others = (el) => [...this.querySelectorAll('ken-widget')].filter((w) => w !== el && w.stage);
    this.addEventListener('ken-state', (event) => {
      const from = event.target;
      const linked = from.kind.linked ?? [...(from.kind.cosmetic ?? []), 'seed', 'points'];
      for (const other of others(from)) {
        const next = { ...other.now };
        for (const name of linked) if (name in from.now && name in next) next[name] = from.now[name];
        if (!equalJSON(next, other.now)) other.setState(next);
      }
    });
    this.addEventListener('ken-hover', (event) => others(event.target).forEach((w) => w.stage.highlight(event.detail.key)));
  }
}

export function define() {
  if (!customElements.get('ken-widget')) customElements.define('ken-widget', KenWidget);
  if (!customElements.get('ken-compare')) customElements.define('ken-compare', KenCompare);
}
