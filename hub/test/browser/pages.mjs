// Every page, both themes, two widths: no console error, no foreign request, axe, no sideways scroll, CSP, landmarks, headings.
import { readFileSync } from 'node:fs';
import { open, settle } from './browser.mjs';
import { pages as pdfPages } from './pdf.mjs';

const CSP = ["default-src 'self'", "script-src 'self' 'wasm-unsafe-eval'", "worker-src 'self'"];

export async function checkPage({ browser, base, axe }, name, { rules = true } = {}) {
  const faults = [];
  for (const theme of ['light', 'dark']) {
    const view = await open(browser, base, { theme });
    try {
      await view.page.goto(base + name);
      await settle(view.page);
      if (theme === 'light') faults.push(...await structure(view.page));
      for (const width of [1280, 360]) {
        await view.page.setViewportSize({ width, height: 900 });
        await settle(view.page);
        const wide = await sideways(view.page);
        if (wide) faults.push(`${theme} ${width}: scrolls sideways (${wide})`);
        // Colors do not depend on the width: the dark theme is judged once.
        if (rules && !(theme === 'dark' && width === 360)) faults.push(...(await accessible(view.page, axe)).map((f) => `${theme} ${width}: ${f}`));
      }
      if (theme === 'light') faults.push(...await still(view.page), ...await onPaper(view.page));
      faults.push(...view.faults.map((f) => `${theme}: ${f}`));
    } finally {
      await view.close();
    }
  }
  return faults;
}

// Who asked for stillness gets it.
async function still(page) {
  await page.emulateMedia({ reducedMotion: 'reduce' });
  const seen = await page.evaluate(() => ({ scroll: getComputedStyle(document.documentElement).scrollBehavior, running: document.getAnimations().filter((a) => a.effect.getTiming().duration > 1).length }));
  await page.emulateMedia({ reducedMotion: null });
  return [...(seen.scroll === 'auto' ? [] : ['scrolling is animated in spite of reduced motion']), ...(seen.running ? [`${seen.running} animations run in spite of reduced motion`] : [])];
}

// No empty sheet, no controls on paper.
async function onPaper(page) {
  await page.setViewportSize({ width: 1280, height: 900 });
  const sheets = pdfPages(await page.pdf({ format: 'A4' }));
  const faults = sheets.map((s, i) => (s.text ? '' : `page ${i + 1} of ${sheets.length} has no text`)).filter(Boolean);
  if (!sheets.length) faults.push('no page was found in the PDF');
  await page.emulateMedia({ media: 'print' });
  const shown = await page.evaluate(() => [...document.querySelectorAll('.site, .foot, .toc, button')].filter((n) => n.getClientRects().length).map((n) => n.className || n.localName));
  await page.emulateMedia({ media: null });
  if (shown.length) faults.push(`on paper: ${[...new Set(shown)].join(', ')}`);
  return faults;
}

// What sticks out, if anything does.
const sideways = (page) => page.evaluate(() => {
  const room = document.documentElement.clientWidth;
  if (document.scrollingElement.scrollWidth <= room) return '';
  const node = [...document.querySelectorAll('body *')].find((n) => n.getBoundingClientRect().right > room + 1 && getComputedStyle(n).position !== 'fixed');
  return node ? `${node.localName}${node.id ? `#${node.id}` : ''}.${node.getAttribute('class') ?? ''}` : 'something';
});

let source;
async function accessible(page, axe) {
  source ??= readFileSync(axe, 'utf8');
  await page.evaluate(source); // runs past the page's CSP, which stays in force for the page itself
  const found = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'], runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] }));
  return found.violations.filter((v) => v.impact === 'serious' || v.impact === 'critical')
    .map((v) => `axe ${v.id}: ${v.help}: ${v.nodes.slice(0, 2).map((n) => `${n.target.join(' ')} ${n.any?.[0]?.message ?? ''}`.slice(0, 220)).join(' | ')}`);
}

async function structure(page) {
  const seen = await page.evaluate(() => ({
    csp: document.querySelector('meta[http-equiv="Content-Security-Policy"]')?.content ?? '',
    lang: document.documentElement.lang, title: document.title, main: document.querySelectorAll('main').length, h1: document.querySelectorAll('h1').length,
    levels: [...document.querySelectorAll('h1, h2, h3, h4, h5')].map((n) => [Number(n.localName[1]), n.textContent.trim()]),
    ids: [...document.querySelectorAll('[id]')].map((n) => n.id),
    dead: [...document.querySelectorAll('a[href^="#"]')].map((a) => decodeURIComponent(a.getAttribute('href').slice(1))).filter((id) => id && !id.includes('=') && !document.getElementById(id)),
    inline: [...document.querySelectorAll('*')].filter((n) => [...n.attributes].some((a) => a.name.startsWith('on'))).length,
    skip: document.querySelector('a.skip')?.getAttribute('href'),
  }));
  const faults = [];
  for (const rule of CSP) if (!seen.csp.includes(rule)) faults.push(`CSP lacks "${rule}"`);
  if (seen.csp.includes("'unsafe-eval'") || /script-src[^;]*unsafe-inline/.test(seen.csp)) faults.push('CSP lets scripts in');
  if (!seen.lang || !seen.title) faults.push('no language or title');
  if (seen.main !== 1 || seen.h1 !== 1) faults.push(`${seen.main} main and ${seen.h1} h1; one of each expected`);
  if (seen.skip !== '#main') faults.push('no skip link to #main');
  if (seen.inline) faults.push(`${seen.inline} elements with inline handlers`);
  seen.levels.forEach(([level, text], i) => { if (i && level > seen.levels[i - 1][0] + 1) faults.push(`heading "${text}" jumps to h${level}`); });
  const twice = seen.ids.filter((id, i) => seen.ids.indexOf(id) !== i);
  if (twice.length) faults.push(`ids twice: ${[...new Set(twice)].slice(0, 5).join(', ')}`);
  if (seen.dead.length) faults.push(`links to nothing: #${[...new Set(seen.dead)].slice(0, 5).join(', #')}`);
  return faults;
}

// The policy is not only written: a script in the page is refused.
export async function policyWorks({ browser, base }) {
  const view = await open(browser, base);
  try {
    await view.page.goto(base);
    const refused = await view.page.evaluate(() => new Promise((done) => {
      document.addEventListener('securitypolicyviolation', (event) => done(event.violatedDirective));
      const script = document.createElement('script');
      script.textContent = 'globalThis.kenBroken = true';
      document.body.append(script);
      setTimeout(() => done(globalThis.kenBroken ? 'ran' : 'nothing'), 500);
    }));
    return /script-src/.test(refused) ? [] : [`an inline script was not refused: ${refused}`];
  } finally {
    await view.close();
  }
}

// JavaScript off: text, answers, static pictures with their description, and a line that says what is missing.
export async function withoutScript({ browser, base }, name) {
  const view = await open(browser, base, { script: false });
  try {
    await view.page.goto(base + name);
    const faults = [];
    const count = (selector) => view.page.locator(selector).count();
    if (!(await view.page.locator('noscript').textContent()).includes('JavaScript is off')) faults.push('nothing says that JavaScript is off');
    if (!(await view.page.locator('h1').isVisible())) faults.push('no visible heading');
    for (const button of await view.page.locator('[data-do]:not(a)').all()) if (await button.isVisible()) faults.push(`a button that does nothing is shown: ${await button.textContent()}`);
    const quizzes = await count('ken-quiz'), answers = await count('ken-quiz details.reason');
    if (quizzes && answers < quizzes) faults.push(`${quizzes} questions, ${answers} reasons to unfold`);
    for (const widget of await view.page.locator('ken-widget').all()) {
      const alt = await widget.locator('[role="img"], img').first().getAttribute('aria-label', { timeout: 1000 }).catch(() => null) ?? await widget.locator('img').first().getAttribute('alt', { timeout: 500 }).catch(() => null);
      if (!alt || alt.length < 20) faults.push(`widget ${await widget.getAttribute('id')}: no static picture with a description`);
    }
    return faults;
  } finally {
    await view.close();
  }
}
