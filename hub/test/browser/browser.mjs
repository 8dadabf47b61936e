// Debian's Chromium, driven by playwright-core. Pages that count what must not happen: console errors and foreign requests.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const ARGS = ['--no-sandbox', '--headless', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
export const CHROMIUM = [process.env.KEN_CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => file && existsSync(file));

export function tools(modules) {
  const require = createRequire(path.join(path.resolve(modules), 'package.json'));
  return { chromium: require('playwright-core').chromium, axe: require.resolve('axe-core/axe.min.js') };
}

export const available = (modules) => {
  try { tools(modules); return Boolean(CHROMIUM); } catch { return false; }
};

export const launch = (modules) => tools(modules).chromium.launch({ executablePath: CHROMIUM, args: ARGS });

// A page in its own context. `faults` fills with everything that must not happen.
export async function open(browser, base, { width = 1280, theme = 'light', script = true, worker = false, motion = 'no-preference', init } = {}) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme: theme, javaScriptEnabled: script, serviceWorkers: worker ? 'allow' : 'block', reducedMotion: motion, acceptDownloads: true });
  const faults = [];
  await context.route('**/*', (route) => {
    const url = route.request().url();
    if (url.startsWith(base) || /^(data|blob):/.test(url)) return route.continue();
    faults.push(`foreign request ${url}`);
    return route.abort();
  });
  if (init) await context.addInitScript(init);
  const page = await context.newPage();
  page.on('console', (message) => {
    if (message.type() === 'error') faults.push(`console: ${message.text()} (${message.location().url.replace(base, '')})`);
  });
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  return { page, context, faults, close: () => context.close() };
}

// Elements are there, fonts too, nothing moves any more.
export async function settle(page) {
  await page.waitForLoadState('load');
  await page.evaluate(async () => {
    await document.fonts.ready;
    await new Promise((done) => { requestAnimationFrame(() => requestAnimationFrame(done)); });
  });
}
