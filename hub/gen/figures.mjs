// Figures of cells (Vega-Lite) as SVG, by the same vega that reports carry: build/release/assets.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { hashOf, once } from './cache.mjs';
import { RELEASE } from './paths.mjs';

const CONFIG = { background: null, font: 'inherit', axis: { labelColor: '#666', titleColor: '#666', gridColor: '#8884', domainColor: '#888', tickColor: '#888' }, legend: { labelColor: '#666', titleColor: '#666' }, title: { color: '#666' }, view: { stroke: '#8884' } };

// Map "cell/key" → svg. Without vega the page shows a line instead.
export async function figuresOf(lines, folder) {
  const out = new Map();
  for (const line of lines) {
    const record = JSON.parse(line);
    if (record.type !== 'figure') continue;
    const { svg } = await once(path.join(folder, `figure-${record.cell}-${hashOf(record.key).slice(0, 8)}.json`), hashOf(line, CONFIG), async () => ({ svg: await draw(record) }));
    if (svg) out.set(`${record.cell}/${record.key}`, svg);
  }
  return out;
}

async function draw(record) {
  const assets = path.join(RELEASE, 'assets');
  if (!existsSync(path.join(assets, 'node_modules', 'vega'))) return null;
  const require = createRequire(path.join(assets, 'package.json'));
  const vega = await load(require, 'vega');
  const lite = await load(require, 'vega-lite');
  const spec = typeof record.value === 'string' ? JSON.parse(record.value) : record.value;
  const compiled = lite.compile(spec, { config: CONFIG }).spec;
  const view = new vega.View(vega.parse(compiled), { renderer: 'none', logLevel: 0 });
  const svg = await view.toSVG();
  view.finalize();
  return svg.replace(/<svg\b/, `<svg role="img" aria-label="${String(spec.title?.text ?? spec.title ?? record.key).replace(/[<>&"]/g, ' ')}"`);
}

async function load(require, name) {
  try {
    return require(name);
  } catch {
    return import(require.resolve(name));
  }
}
