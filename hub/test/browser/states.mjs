// What else can happen to a page: folds on paper, no WebAssembly, no storage, offline, a new build, search, progress.
import { readFile } from 'node:fs/promises';
import { open, settle } from './browser.mjs';
import { pages as pdfPages } from './pdf.mjs';
import { serve } from './serve.mjs';

// The folds open on paper: what they hold is in the print.
export async function foldsPrint({ browser, base }, name) {
  const view = await open(browser, base);
  try {
    await view.page.goto(base + name);
    await settle(view.page);
    const words = async (open_) => {
      await view.page.evaluate((o) => { for (const d of document.querySelectorAll('details.proof')) d.open = o; }, open_);
      return pdfPages(await view.page.pdf({ format: 'A4' })).reduce((sum, p) => sum + p.text, 0);
    };
    if (!(await view.page.locator('details.proof').count())) return [];
    const closed = await words(false), opened = await words(true);
    return closed === opened ? [] : [`folded derivations are lost on paper (${closed} shows of text, ${opened} when opened)`];
  } finally {
    await view.close();
  }
}

export async function withoutWebAssembly({ browser, base }, name) {
  const view = await open(browser, base, { init: () => { delete globalThis.WebAssembly; } });
  try {
    await view.page.goto(base + name);
    await settle(view.page);
    const faults = [...view.faults];
    if (!(await view.page.locator('.missing').first().isVisible())) faults.push('nothing says that WebAssembly is missing');
    const cell = view.page.locator('ken-cell').first();
    if (await cell.count()) {
      await cell.locator('button').first().focus();
      await view.page.keyboard.press('Enter');
      await view.page.waitForFunction(() => /WebAssembly/.test(document.querySelector('ken-cell [role=status]').textContent), null, { timeout: 3000 }).catch(() => faults.push('running a cell does not say why it cannot'));
      if (!(await cell.locator('.output').innerText()).trim()) faults.push('the native output is gone');
    }
    return faults;
  } finally {
    await view.close();
  }
}

// Private mode: every storage throws. Questions still grade; the cards page says that nothing is kept.
export async function withoutStorage({ browser, base }, name) {
  const view = await open(browser, base, { init: () => {
    Object.defineProperty(globalThis, 'indexedDB', { get() { throw new DOMException('refused', 'SecurityError'); } });
    Object.defineProperty(globalThis, 'localStorage', { get() { throw new DOMException('refused', 'SecurityError'); } });
  } });
  try {
    const { page } = view, faults = [];
    await page.goto(base + name);
    await settle(page);
    const quiz = page.locator('ken-quiz').first();
    if (await quiz.count()) {
      await quiz.locator('input').first().focus();
      await page.keyboard.press('Space');
      await quiz.locator('button', { hasText: 'Check' }).click();
      if (!/good|bad/.test(await quiz.locator('.result').getAttribute('class'))) faults.push('a question cannot be answered');
    }
    await page.goto(`${base}cards/`);
    await settle(page);
    await page.waitForFunction(() => /refuses storage/.test(document.querySelector('.storage').textContent), null, { timeout: 3000 }).catch(() => faults.push('the cards page does not say that nothing is kept'));
    return [...faults, ...view.faults];
  } finally {
    await view.close();
  }
}

// Offline: with the server gone, a visited lesson opens again, another says that it was not kept. And a new build is shown at once.
export async function offline({ browser, folder }, name, other) {
  const own = await serve(folder), view = await open(browser, own.url, { worker: true }), { page } = view, faults = [];
  try {
    await page.goto(own.url + name);
    await settle(page);
    const title = await page.title();
    await page.evaluate(() => navigator.serviceWorker.ready.then(() => new Promise((done) => { if (navigator.serviceWorker.controller) done(); else navigator.serviceWorker.addEventListener('controllerchange', done); })));
    await page.waitForFunction(async () => Boolean(await caches.match(location.href.split('#')[0])), null, { timeout: 5000 });
    const fresh = (await readFile(`${folder}/${name}index.html`, 'utf8')).replace(/<title>/, '<title>NEW ');
    own.swap.set(`/${name}index.html`, fresh);
    await page.reload();
    if (!(await page.title()).startsWith('NEW')) faults.push('a stale page was served while online');
    own.swap.clear();
    await page.reload();
    await own.close();
    await page.reload();
    await settle(page);
    if (await page.title() !== title) faults.push(`offline the page is "${await page.title()}"`);
    const styled = await page.evaluate(() => getComputedStyle(document.body).fontFamily.includes('Source Sans') && Boolean(document.querySelector('ken-quiz .choices, .label')));
    if (!styled) faults.push('offline the page lacks its style or its script');
    const response = await page.goto(own.url + other).catch(() => null);
    if (response?.status() !== 503) faults.push(`a page that was not kept answers ${response?.status() ?? 'nothing'}, expected 503 with a way back`);
    return faults;
  } finally {
    await view.close();
    await own.close().catch(() => {});
  }
}

export async function progressKept({ browser, base }, name) {
  const view = await open(browser, base), { page } = view, faults = [];
  try {
    await page.goto(base + name);
    await settle(page);
    const quiz = page.locator('ken-quiz[kind="choice"]').first(), id = await quiz.getAttribute('id');
    await quiz.evaluate((q) => { q.items.find((o) => o.right).input.checked = true; });
    await quiz.locator('button', { hasText: 'Check' }).click();
    await page.waitForFunction(() => /1 of/.test(document.querySelector('ken-progress').textContent), null, { timeout: 3000 }).catch(() => faults.push('the bar does not follow'));
    await page.reload();
    await settle(page);
    await page.waitForFunction((i) => /solved/.test(document.getElementById(i).querySelector('.label').textContent), id, { timeout: 3000 }).catch(() => faults.push('a solved question is forgotten'));
    await page.goto(`${base}cards/`);
    await settle(page);
    const [download] = await Promise.all([page.waitForEvent('download'), page.locator('[data-do="export"]').click()]);
    const file = await readFile(await download.path(), 'utf8'), state = JSON.parse(file);
    if (state.ken !== 'progress' || state.version !== 1 || state.lessons[name.replace(/\/$/, '')]?.quizzes[id] !== 'right') faults.push('the exported file lacks the answer');
    await page.locator('[data-do="wipe"]').click();
    await page.locator('[data-do="wipe"]').click();
    await page.waitForFunction(() => /gone/.test(document.querySelector('.toast')?.textContent ?? ''));
    for (const [text, expected] of [['{"ken": "else"}', /no progress of ken/], ['no JSON', /not JSON/], [file, /Progress of 1 lesson/]]) {
      const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.locator('[data-do="import"]').click()]);
      await chooser.setFiles({ name: 'p.json', mimeType: 'application/json', buffer: Buffer.from(text) });
      await page.waitForFunction((source) => new RegExp(source).test(document.querySelector('.toast')?.textContent ?? ''), expected.source, { timeout: 3000 }).catch(() => faults.push(`import of ${text.slice(0, 20)} does not say ${expected}`));
    }
    await page.goto(base + name);
    await page.waitForFunction((i) => /solved/.test(document.getElementById(i).querySelector('.label')?.textContent ?? ''), id, { timeout: 3000 }).catch(() => faults.push('the imported answer is not shown'));
    return [...faults, ...view.faults];
  } finally {
    await view.close();
  }
}

// A path chosen on the start page: said there, and in the head of its lessons.
export async function pathChosen({ browser, base }) {
  const view = await open(browser, base), { page } = view, faults = [];
  try {
    await page.goto(base);
    await settle(page);
    const control = page.locator('[data-do="path"]').first(), first = page.locator('.paths > li').first().locator('a.button');
    if (!(await first.count())) return [];
    await control.focus();
    await page.keyboard.press('Enter');
    await page.waitForFunction(() => document.querySelector('[data-do="path"]').getAttribute('aria-pressed') === 'true', null, { timeout: 3000 }).catch(() => faults.push('the button does not say that its path is chosen'));
    await first.focus();
    await Promise.all([page.waitForNavigation(), page.keyboard.press('Enter')]);
    await page.waitForFunction(() => /lesson 1 of/.test(document.querySelector('ken-path').textContent), null, { timeout: 3000 }).catch(() => faults.push('the lesson does not say where it stands on the path'));
    return [...faults, ...view.faults];
  } finally {
    await view.close();
  }
}

// Symbols light up together, by pointer and by keyboard, and say what they are.
export async function symbols({ browser, base }, name) {
  const view = await open(browser, base), { page } = view, faults = [];
  try {
    await page.goto(base + name);
    await settle(page);
    if (!(await page.locator('a.sym').count())) return [];
    await page.evaluate(() => { globalThis.heard = []; document.addEventListener('ken-sym', (e) => globalThis.heard.push(e.detail.sym)); });
    const [at, places] = await page.evaluate(() => [...document.querySelectorAll('a.sym')].map((a, i) => [i, document.querySelectorAll(`[data-sym~="${a.dataset.sym}"]`).length]).sort((a, b) => b[1] - a[1])[0]);
    const link = page.locator('a.sym').nth(at), sym = await link.getAttribute('data-sym');
    await link.focus();
    if (!(await page.locator('.pop').isVisible())) faults.push('no definition on focus');
    if (await link.getAttribute('aria-describedby') !== 'ken-pop') faults.push('the definition is not tied to the symbol');
    const lit = await page.locator('.lit').count();
    if (lit !== places) faults.push(`${lit} of ${places} places light up`);
    await page.keyboard.press('Escape');
    if (await page.locator('.pop').isVisible()) faults.push('Escape does not close the definition');
    if ((await page.evaluate(() => globalThis.heard))[0] !== sym) faults.push('no ken-sym event');
    await link.hover();
    if (!(await page.locator('.pop').isVisible())) faults.push('no definition under the pointer');
    return [...faults, ...view.faults];
  } finally {
    await view.close();
  }
}

export async function search({ browser, base }, word) {
  const view = await open(browser, base), { page } = view, faults = [];
  try {
    await page.goto(base);
    await settle(page);
    await page.keyboard.press('Control+K');
    await page.keyboard.type(word);
    await page.waitForSelector('.search [role="option"]', { timeout: 8000 }).catch(() => faults.push(`nothing found for "${word}"`));
    if (faults.length) return [...faults, ...view.faults];
    await page.keyboard.press('ArrowDown');
    if (!(await page.locator('.search input').getAttribute('aria-activedescendant'))) faults.push('arrow keys choose nothing');
    await Promise.all([page.waitForURL((url) => url.pathname !== '/'), page.keyboard.press('Enter')]).catch(() => faults.push('Enter opens nothing'));
    return [...faults, ...view.faults];
  } finally {
    await view.close();
  }
}

// A card is turned and graded by keys; the scheduler is libken's, and the card is not due again today.
export async function reviewsCards({ browser, base }) {
  const view = await open(browser, base), { page } = view, faults = [];
  try {
    await page.goto(`${base}cards/`);
    await settle(page);
    if (!(await page.evaluate(() => document.documentElement.dataset.recall))) return [];
    const due = () => page.locator('ken-cards .meta').innerText();
    const turn = page.locator('ken-cards button', { hasText: 'Show the answer' });
    await turn.waitFor({ timeout: 8000 });
    const fresh = Number(/(\d+) new/.exec(await due())[1]);
    await turn.focus();
    await page.keyboard.press('Enter');
    await page.locator('.grades button').first().waitFor({ timeout: 8000 });
    const waits = await page.locator('.grades small').allInnerTexts();
    if (!/^\d+ (d|mo)$|^\d+\.\d y$/.test(waits[3])) faults.push(`the intervals read ${waits.join(', ')}`);
    await page.keyboard.press('3');
    await turn.waitFor({ timeout: 8000 });
    await page.reload();
    await turn.waitFor({ timeout: 8000 });
    if (Number(/(\d+) new/.exec(await due())[1]) !== fresh - 1) faults.push(`after one review: ${await due()}, before ${fresh} new`);
    if (!/^0 due/.test(await due())) faults.push(`a card just known is due again: ${await due()}`);
    return [...faults, ...view.faults];
  } finally {
    await view.close();
  }
}

// Cells run in the page and come out as the native build printed them.
export async function cellsRun({ browser, base }, name) {
  const view = await open(browser, base), { page } = view, faults = [];
  try {
    await page.goto(base + name);
    await settle(page);
    if (!(await page.evaluate(() => document.documentElement.dataset.module))) return [];
    for (const id of await page.evaluate(() => [...document.querySelectorAll('ken-cell')].map((n) => n.id))) {
      const cell = page.locator(`[id="${id}"]`);
      await cell.locator('.cellbar button').focus();
      await page.keyboard.press('Enter');
      await page.waitForFunction((i) => document.getElementById(i).querySelector('.same, .differs'), id, { timeout: 20000 }).catch(() => {});
      const said = await cell.locator('[role=status]').innerText();
      if (!/same to the last bit/.test(said)) faults.push(`cell ${id}: ${said}`);
    }
    return [...faults, ...view.faults];
  } finally {
    await view.close();
  }
}
