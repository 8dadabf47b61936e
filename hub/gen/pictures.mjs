// The static picture of each widget, drawn in Node by the widget itself with the lesson's module.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashOf, once, treeHash } from './cache.mjs';
import { loadModule } from './module.mjs';
import { HUB, WIDGETS } from './paths.mjs';

const STATIC = path.join(HUB, 'runtime', 'static.mjs');
let runtime;

// Map id → {html, svg, summary}.
export async function picturesOf(lesson, module, folder) {
  const out = new Map();
  const nodes = [...lesson.widgets, ...lesson.compares];
  if (!nodes.length) return out;
  if (!existsSync(STATIC)) {
    lesson.problems.warn(nodes[0], 'widgets have no pictures: hub/runtime/static.mjs is not there');
    return out;
  }
  runtime ??= treeHash(path.join(HUB, 'runtime'), (n) => n.endsWith('.mjs'));
  const { renderCompare, renderStatic } = await import(pathToFileURL(STATIC).href);
  for (const node of nodes) {
    const kind = lesson.rooms.kinds?.get(node.attrs.kind);
    if (!kind || !module) continue;
    const { sym, caption, ...given } = node.attrs;
    const raw = { ...given, module: path.basename(module.file) }; // beside the page
    const hash = hashOf(raw, node.name, module.hash, runtime, treeHash(path.join(WIDGETS, raw.kind)), treeHash(path.join(WIDGETS, 'shared')));
    try {
      const made = await once(path.join(folder, `picture-${raw.id}.json`), hash, async () => {
        const ken = await loadModule(module);
        const { html, svg, summary } = await (node.name === 'compare' ? renderCompare : renderStatic)(kind, raw, ken);
        return { html, svg, summary };
      });
      const shown = caption ? `<figure class="widget">${made.html}<figcaption>${caption.replace(/[&<>]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;' })[c])}</figcaption></figure>` : made.html;
      out.set(raw.id, { ...made, html: shown });
    } catch (error) {
      lesson.problems.error(node, `the widget "${raw.id}" cannot be drawn: ${error.message}`, { hint: error.hint || (process.env.KEN_HUB_TRACE ? error.stack : undefined) });
    }
  }
  return out;
}
