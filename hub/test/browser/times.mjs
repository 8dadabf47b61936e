// Times of a page, median of five; for people, no gate: the machine is shared.
import { launch, open } from './browser.mjs';
import { serve } from './serve.mjs';

const RUNS = 5, THROTTLE = 4;
const sorted = (list) => [...list].sort((a, b) => a - b);
const median = (list) => { const s = sorted(list.filter(Number.isFinite)); return s.length ? s[s.length >> 1] : NaN; };
const high = (list) => { const s = sorted(list.filter(Number.isFinite)); return s.length ? s[Math.min(s.length - 1, Math.floor(s.length * 0.95))] : NaN; };
const ms = (value) => (Number.isFinite(value) ? `${value.toFixed(value < 10 ? 1 : 0)} ms` : 'none');

export async function timesOf({ site, name, modules }) {
  const server = await serve(site), browser = await launch(modules);
  const seen = { paint: [], live: [], shift: [], slide: [], scrub: [] };
  try {
    for (let k = 0; k < RUNS; k++) {
      const view = await open(browser, server.url, { init: () => {
        globalThis.kenShift = 0;
        new PerformanceObserver((list) => { for (const e of list.getEntries()) if (!e.hadRecentInput) globalThis.kenShift += e.value; }).observe({ type: 'layout-shift', buffered: true });
        document.addEventListener('ken-ready', () => { globalThis.kenLive ??= performance.now(); });
      } });
      const cdp = await view.context.newCDPSession(view.page);
      await cdp.send('Emulation.setCPUThrottlingRate', { rate: THROTTLE });
      await view.page.goto(`${server.url}${name}/`);
      await view.page.evaluate(() => document.querySelector('ken-widget').scrollIntoView());
      await view.page.waitForFunction(() => globalThis.kenLive, null, { timeout: 30000 }).catch(() => {});
      const got = await view.page.evaluate(() => ({ paint: performance.getEntriesByName('first-contentful-paint')[0]?.startTime, live: globalThis.kenLive, shift: globalThis.kenShift }));
      for (const [what, value] of Object.entries(got)) seen[what].push(value);
      await cdp.send('Emulation.setCPUThrottlingRate', { rate: 1 });
      seen.slide.push(...await move(view.page, '.kw-controls input[type="range"]'));
      seen.scrub.push(...await move(view.page, '.kw-scrubs input[type="range"]'));
      await view.close();
    }
  } finally {
    await browser.close();
    await server.close();
  }
  console.log(`${name}: first paint ${ms(median(seen.paint))}, first widget live ${ms(median(seen.live))} (CPU ${THROTTLE}x slower); slider to paint ${ms(median(seen.slide))}, p95 ${ms(high(seen.slide))}; scrub step ${ms(median(seen.scrub))}; layout shift ${median(seen.shift).toFixed(3)}`);
}

// Ten small moves: from the input event to the frame after everything is settled.
const move = (page, selector) => page.evaluate(async (s) => {
  const input = [...document.querySelectorAll(`ken-widget ${s}`)].find((n) => n.getClientRects().length);
  if (!input) return [];
  const widget = input.closest('ken-widget'), out = [];
  for (let k = 0; k < 10; k++) {
    input.value = Number(input.value) + (k % 2 ? -1 : 1) * Number(input.step || 1);
    const from = performance.now();
    input.dispatchEvent(new Event('input', { bubbles: true }));
    await new Promise((done) => { requestAnimationFrame(done); });
    while (widget.computing || widget.frame) await new Promise((done) => { requestAnimationFrame(done); });
    out.push(performance.now() - from);
  }
  return out;
}, selector);
