// Node and Chromium draw the same marks at the same places, and waking a widget moves nothing.
// node same.mjs MODULES   (Chromium; builds the site of kinds itself)

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { available, launch, open, settle } from '../browser/browser.mjs';
import { serve } from '../browser/serve.mjs';
import { kindPath } from '../../runtime/bundle.mjs';
import { layoutScene } from '../../runtime/geometry.mjs';
import { runWidget } from '../../runtime/static.mjs';
import { layoutSVG } from '../../runtime/svg.mjs';
import { library } from './library.mjs';
import { buildSite } from './site.mjs';

const MOST_SHIFT = 0.02; // cumulative layout shift
const places = (svg) => [...svg.matchAll(/\s(d|cx|cy|r|transform|x|y)="([^"]*)"/g)].map((m) => `${m[1]} ${m[2]}`);

const WATCH = () => {
  window.kenShift = 0;
  new PerformanceObserver((list) => list.getEntries().forEach((e) => { if (!e.hadRecentInput) window.kenShift += e.value; })).observe({ type: 'layout-shift', buffered: true });
};

async function inNode(raw, width) {
  const ken = (await library()).scope();
  const kind = (await import(kindPath(raw.kind))).default;
  const { scene } = await runWidget(kind, raw, ken);
  ken.release();
  return places(layoutSVG(layoutScene(scene, width), raw.id));
}

async function checkKind(browser, base, name, raws, width) {
  const { page, faults, close } = await open(browser, base, { width, init: WATCH });
  await page.goto(`${base}${name}/`);
  await settle(page);
  for (const raw of raws) {
    const live = await page.evaluate(async (id) => {
      const widget = document.getElementById(id);
      widget.scrollIntoView();
      await widget.ready;
      await widget.settle();
      return { svg: widget.stage.back.innerHTML, width: widget.stage.layout.width, canvas: !widget.stage.canvas.hidden };
    }, raw.id);
    if (live.canvas) continue; // what is on the canvas is not in the SVG
    const [here, there] = [await inNode(raw, live.width), places(live.svg)];
    const at = here.findIndex((p, i) => p !== there[i]);
    if (here.length !== there.length || at >= 0) faults.push(`${raw.id}: Node has ${here.length} places, Chromium ${there.length}; first difference: ${here[at]} | ${there[at]}`);
  }
  await page.waitForTimeout(200);
  const shift = await page.evaluate(() => window.kenShift);
  if (shift > MOST_SHIFT) faults.push(`waking moves the page by ${shift.toFixed(3)}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  if (wide > 0) faults.push(`the page is ${wide} px too wide`);
  await close();
  return faults;
}

const [modules] = process.argv.slice(2);
if (!available(modules)) {
  console.log('no Chromium or no playwright-core');
  process.exit(77);
}
const out = mkdtempSync(join(tmpdir(), 'ken-kinds-'));
const widgets = await buildSite(out);
const server = await serve(out);
const browser = await launch(modules);
let failed = 0;
for (const name of [...new Set(Object.values(widgets).map((w) => w.kind))]) {
  for (const width of [1280, 360]) {
    const faults = await checkKind(browser, server.url, name, Object.values(widgets).filter((w) => w.kind === name), width).catch((e) => [e.message]);
    failed += faults.length > 0;
    console.log(`${faults.length ? 'FAILED' : 'ok    '} ${name} at ${width} px`);
    for (const fault of faults) console.log(`       ${fault}`);
  }
}
await browser.close();
server.close();
rmSync(out, { recursive: true });
process.exit(failed ? 1 : 0);
