// The static form of a widget, made at build time in Node by the widget itself: same kind, same library, same frame.

import { frameHTML } from './frame.mjs';
import { stillHTML } from './still.mjs';
import { resolveControls } from './controls.mjs';
import { readAttrs, listControls } from './kind.mjs';
import { sceneToSVG } from './svg.mjs';
import { escapeHTML } from './format.mjs';

const buildEnv = (table = null) => ({ cancelled: () => false, slice: async () => {}, data: table });

/** {state, result, scene} of a widget in its initial state. `raw`: the attributes of ::widget as text. */
export async function runWidget(kind, raw, ken, state) {
  const attrs = readAttrs(kind, raw);
  const things = ken.things();
  const initial = kind.state(attrs, things);
  const now = state ?? initial;
  const result = await kind.compute(ken, now, attrs, buildEnv());
  const scene = kind.scene(result, now, attrs);
  return { attrs, things, initial, state: now, result, scene };
}

/** {html, svg, summary, state, scene}: html is the whole <ken-widget>, svg a picture that stands alone (notebook, print). */
export async function renderStatic(kind, raw, ken) {
  const run = await runWidget(kind, raw, ken);
  const rows = resolveControls(listControls(kind, run.attrs, run.things, run.state), run.things, run.state, run.result);
  const title = raw.title ?? raw.alt ?? run.scene.summary;
  const inside = frameHTML({ id: raw.id, title, rows, scene: run.scene, own: Boolean(kind.own), live: false,
    pictures: stillHTML(run.scene, raw.id, raw.alt ?? title) });
  const attrs = Object.entries({ ...raw, kind: kind.kind }).map(([name, value]) => ` ${name}="${escapeHTML(value)}"`).join('');
  return { html: `<ken-widget${attrs}>${inside}</ken-widget>`, svg: sceneToSVG(run.scene, { width: 720, id: raw.id, title, standalone: true }),
    summary: run.scene.summary, state: run.state, scene: run.scene };
}

/** Two states of one kind beside each other. left, right: settings as text, "alpha=1 steps=20", or attributes as objects. */
export async function renderCompare(kind, raw, ken) {
  const { left, right, ...shared } = raw;
  const settings = (v) => (typeof v === 'object' ? v : Object.fromEntries(String(v).split(/[\s,]+/).filter(Boolean).map((t) => (t.includes('=') ? [t.slice(0, t.indexOf('=')), t.slice(t.indexOf('=') + 1)] : ['model', t]))));
  const sides = [];
  for (const [suffix, side] of [['a', left], ['b', right]]) sides.push(await renderStatic(kind, { ...shared, ...settings(side), id: `${raw.id}-${suffix}` }, ken));
  const html = `<ken-compare id="${escapeHTML(raw.id)}"${raw.alt ? ` aria-label="${escapeHTML(raw.alt)}" role="group"` : ''}>${sides.map((s) => s.html).join('')}</ken-compare>`;
  return { html, svg: sides[0].svg, summary: sides.map((s) => s.summary).join(' '), sides };
}
