// A site with every kind of widget on one page each, for the gates in a real browser.   node site.mjs OUT

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildRuntime, kindPath } from '../../runtime/bundle.mjs';
import { renderCompare, renderStatic } from '../../runtime/static.mjs';
import { library, modulePath } from './library.mjs';
import { COMPARED, SAMPLES } from './samples.mjs';

const HUB = join(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');

const page = (title, body, root) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>${title}</title>
<link rel="icon" href="data:,"><link rel="stylesheet" href="${root}theme.css"><link rel="stylesheet" href="${root}widget.css"><meta name="ken-module" content="${root}widgets.wasm">
<meta http-equiv="Content-Security-Policy" content="default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; worker-src 'self'"></head>
<body><main><h1>${title}</h1>${body}</main><script type="module" src="${root}runtime.js"></script></body></html>`;

/** Writes OUT/<kind>/index.html for each kind; gives the raw attributes of each widget by id. */
export async function buildSite(out) {
  mkdirSync(out, { recursive: true });
  await buildRuntime({ out });
  const ken = (await library()).scope();
  const byKind = new Map();
  const widgets = {};
  for (const [i, { kind: name, ...sample }] of SAMPLES.entries()) {
    const raw = { id: `w${i}`, alt: `A picture of ${name}`, ...sample };
    const kind = (await import(kindPath(name))).default;
    widgets[raw.id] = { kind: name, ...raw };
    byKind.set(name, `${byKind.get(name) ?? ''}<h2>${name} ${i}</h2>${(await renderStatic(kind, raw, ken)).html}`);
    ken.release();
  }
  for (const { kind: name, ...raw } of COMPARED) {
    const kind = (await import(kindPath(name))).default;
    byKind.set('compare', `${byKind.get('compare') ?? ''}<h2>${name}</h2>${(await renderCompare(kind, raw, ken)).html}`);
    ken.release();
  }
  for (const [name, html] of byKind) {
    mkdirSync(join(out, name), { recursive: true });
    writeFileSync(join(out, name, 'index.html'), page(name, html, '../'));
  }
  writeFileSync(join(out, 'index.html'), page('Kinds of widgets', `<ul>${[...byKind.keys()].map((k) => `<li><a href="${k}/">${k}</a></li>`).join('')}</ul>`, ''));
  writeFileSync(join(out, 'theme.css'), readFileSync(join(HUB, 'shell/theme.css'), 'utf8').replace(/@font-face \{[^}]*\}/g, '')); // the font is not built here
  copyFileSync(modulePath, join(out, 'widgets.wasm'));
  return widgets;
}

if (process.argv[1]?.endsWith('widgets/site.mjs')) await buildSite(process.argv[2]);
