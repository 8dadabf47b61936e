// Figures of cells (Vega-Lite) as SVG, by the same vega that reports carry: build/release/assets.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { hashOf, once } from './cache.mjs';
import { RELEASE } from './paths.mjs';

// Colors that stand out on white and on black; the styles are those of ken/report/figures.h, as the notebook shows them.
const BLUE = '#3b7dd8', ORANGE = '#e07b00';
const CONFIG = {
  background: null, font: 'inherit', axis: { labelColor: '#777', titleColor: '#777', gridColor: '#8884', domainColor: '#888', tickColor: '#888' },
  legend: { labelColor: '#777', titleColor: '#777', orient: 'top' }, header: { labelColor: '#777', titleColor: '#777' }, title: { color: '#777' }, text: { color: '#777' }, view: { stroke: null },
  bar: { color: BLUE }, line: { color: BLUE }, area: { color: BLUE }, rect: { color: BLUE }, point: { color: BLUE, filled: true }, circle: { color: BLUE }, rule: { color: '#888' }, tick: { color: '#888' },
  style: {
    'ken-second': { color: ORANGE }, 'ken-base': { color: '#999', strokeDash: [4, 4], strokeWidth: 1.2 }, 'ken-mark': { color: ORANGE, size: 150, opacity: 1 },
    'ken-thin': { color: BLUE, strokeWidth: 0.8, strokeOpacity: 0.25 }, 'ken-tick': { color: BLUE, opacity: 0.28 }, 'ken-error': { color: '#888', strokeWidth: 1.4 },
    'ken-rug': { color: '#888', strokeWidth: 1, opacity: 0.8 }, 'ken-dot': { color: BLUE, size: 70, opacity: 1 }, 'ken-cloud': { color: BLUE, size: 22, opacity: 0.4 },
  },
};
// Nothing gives a figure its width while the page is built.
const SIZES = { width: 560, height: 300 };
const sized = (key, value) => (value === 'container' && key in SIZES ? SIZES[key] : value);

// Map "cell/key" → svg. Without vega the page shows a line instead.
export async function figuresOf(lines, folder) {
  const out = new Map();
  for (const line of lines) {
    const record = JSON.parse(line);
    if (record.type !== 'figure') continue;
    const { svg } = await once(path.join(folder, `figure-${record.cell}-${hashOf(record.key).slice(0, 8)}.json`), hashOf(line, CONFIG, SIZES), async () => ({ svg: await draw(record) }));
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
  const spec = JSON.parse(JSON.stringify(record.value), sized);
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
