// Every <ken-widget>: becomes ready, Tab reaches its controls, arrow keys change it, Escape leaves, its link restores it, drag by keys, own data.
import { open, settle } from './browser.mjs';

const READY = 20000;

export async function checkWidgets({ browser, base }, name) {
  const view = await open(browser, base), { page } = view, faults = [];
  let count = 0;
  try {
    await page.goto(base + name);
    await settle(page);
    for (const id of await page.evaluate(() => [...document.querySelectorAll('ken-widget')].map((n) => n.id))) {
      count++;
      try {
        faults.push(...(await checkOne(page, base + name, id)).map((f) => `widget ${id}: ${f}`));
      } catch (error) {
        faults.push(`widget ${id}: ${error.message.split('\n')[0]}`);
      }
    }
    return { count, faults: [...faults, ...view.faults] };
  } finally {
    await view.close();
  }
}

const wake = (page, id) => page.evaluate(([i, limit]) => {
  const widget = document.getElementById(i);
  widget.scrollIntoView();
  return Promise.race([Promise.resolve(widget.ready).then(() => ''), new Promise((done) => { setTimeout(done, limit, `not ready after ${limit} ms`); })]).catch((e) => `${e.message} ${e.hint ?? ''}`);
}, [id, READY]);
const state = (page, id) => page.evaluate(async (i) => { const w = document.getElementById(i); await w.settle?.(); return JSON.stringify(w.state); }, id);
const failure = (page, id) => page.evaluate((i) => { const box = document.getElementById(i).querySelector('.kw-error'); return box && !box.hidden ? box.innerText : ''; }, id);

async function checkOne(page, url, id) {
  const faults = [], late = await wake(page, id);
  if (late) return [late];
  const before = await state(page, id);
  const reached = await tabThrough(page, id);
  if (reached.missed.length) faults.push(`Tab does not reach ${reached.missed.slice(0, 4).join(', ')}`);
  const moved = await arrows(page, id);
  if (!moved.some(Boolean)) faults.push('no control changes the state by arrow keys');
  const changed = await state(page, id);
  if (changed === before) faults.push('the state is what it was');
  await page.waitForTimeout(400); // the address follows a little later
  const link = page.url();
  if (!link.includes(`${id}=`)) faults.push('the address does not carry the state');
  await page.reload();
  const again = await wake(page, id);
  if (again) return [...faults, `from its link: ${again}`];
  const restored = await state(page, id);
  if (restored !== changed) faults.push(`its link restores another state: ${difference(changed, restored)}`);
  faults.push(...await drags(page, id));
  await page.evaluate((to) => history.replaceState(null, '', to), url);
  await page.reload();
  await wake(page, id);
  if (await page.locator(`[id="${id}"] [data-tool="own"]`).count()) faults.push(...await ownData(page, id));
  return faults;
}

function difference(a, b) {
  const [x, y] = [JSON.parse(a), JSON.parse(b)];
  return Object.keys({ ...x, ...y }).filter((k) => JSON.stringify(x[k]) !== JSON.stringify(y[k])).map((k) => `${k} ${JSON.stringify(x[k])} → ${JSON.stringify(y[k])}`).join(', ').slice(0, 200);
}

const FOCUSABLE = 'input:not([disabled]), select:not([disabled]), button:not([disabled]), [tabindex="0"], textarea, summary';

// Which focusable parts Tab visits, from just before the widget to just after it. Radios of one group count once.
async function tabThrough(page, id) {
  return page.evaluate(([i, selector]) => {
    const widget = document.getElementById(i), anchor = document.createElement('button');
    anchor.id = 'ken-before';
    widget.before(anchor);
    anchor.focus();
    for (const more of widget.querySelectorAll('details')) more.open = true;
    const visible = (n) => n.checkVisibility() && !n.closest('[hidden], [inert]');
    globalThis.kenParts = [...widget.querySelectorAll(selector)].filter(visible).filter((n) => n.type !== 'radio' || n.checked);
  }, [id, FOCUSABLE]).then(async () => {
    const total = await page.evaluate(() => globalThis.kenParts.length), seen = new Set();
    for (let k = 0; k < total + 3; k++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => globalThis.kenParts.indexOf(document.activeElement));
      if (at >= 0) seen.add(at);
    }
    const inside = await page.evaluate((i) => document.getElementById(i).contains(document.activeElement), id);
    const missed = await page.evaluate((got) => globalThis.kenParts.filter((_, k) => !got.includes(k)).map((n) => n.getAttribute('aria-label') ?? n.dataset.name ?? n.textContent.trim().slice(0, 30) ?? n.localName), [...seen]);
    await page.evaluate(() => document.getElementById('ken-before').remove());
    return { missed: inside ? [...missed, 'the way out (Tab is trapped)'] : missed };
  });
}

// Each slider, scrubber, choice: does an arrow key change the state?
async function arrows(page, id) {
  const controls = page.locator(`[id="${id}"] :is(input[type="range"], select, input[type="radio"]:checked)`), out = [];
  for (let k = 0; k < await controls.count(); k++) {
    if (!(await controls.nth(k).isVisible())) continue;
    const from = await state(page, id);
    await controls.nth(k).focus();
    for (const key of ['ArrowRight', 'ArrowLeft', 'ArrowLeft']) {
      await page.keyboard.press(key);
      if (await state(page, id) !== from) break;
    }
    out.push(await state(page, id) !== from);
    const said = await failure(page, id);
    if (said) throw new Error(`moving control ${k} fails: ${said}`);
  }
  const boxes = page.locator(`[id="${id}"] input[type="checkbox"]`);
  if (!out.length && await boxes.count()) {
    const from = await state(page, id);
    await boxes.first().focus();
    await page.keyboard.press('Space');
    out.push(await state(page, id) !== from);
  }
  return out;
}

// Marks that a pointer can drag also move by arrow keys.
async function drags(page, id) {
  const marks = page.locator(`[id="${id}"] [data-draggable], [id="${id}"] [aria-roledescription*="drag"]`);
  if (!(await marks.count())) return [];
  const from = await state(page, id);
  await marks.first().focus();
  for (let k = 0; k < 3; k++) await page.keyboard.press('ArrowRight');
  return await state(page, id) === from ? ['a mark that can be dragged does not move by arrow keys'] : [];
}

// Bad files: a message inside the frame, the widget alive.
async function ownData(page, id) {
  const faults = [], at = (selector) => page.locator(`[id="${id}"] ${selector}`);
  const start = await page.evaluate((i) => JSON.stringify(document.getElementById(i).initial), id);
  await at('[data-tool="own"]').focus();
  await page.keyboard.press('Enter');
  const file = at('input[type="file"]');
  if (!(await file.count())) return ['own data: no control for a file'];
  const noise = Buffer.alloc(20 << 20, 'x1,2,3\n'), binary = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 197 + 13) & 255));
  const cases = [['20 MB', noise], ['a binary file', binary], ['one row', Buffer.from('x,y\n1,2\n')], ['no value at all', Buffer.from('x,y\nnan,nan\nnan,nan\nnan,nan\n')], ['an empty file', Buffer.from('')]];
  for (const [what, buffer] of cases) {
    await file.setInputFiles({ name: 'own.csv', mimeType: 'text/csv', buffer });
    await page.waitForFunction((i) => document.querySelector(`[id="${i}"] .kw-own-say`)?.textContent.trim(), id, { timeout: 6000 }).catch(() => faults.push(`own data, ${what}: nothing is said`));
    const use = at('[data-own="use"]');
    if (await use.count() && await use.isVisible()) {
      await use.click();
      await state(page, id);
    }
    await page.evaluate((i) => { const say = document.querySelector(`[id="${i}"] .kw-own-say`); if (say) say.textContent = ''; }, id);
    if (!(await at('.kw-plots').isVisible())) faults.push(`own data, ${what}: the picture is gone`);
  }
  await at('[data-tool="own"]').focus();
  await page.keyboard.press('Escape');
  if (await at('.kw-own').isVisible()) faults.push('Escape does not close the drawer of own data');
  await at('[data-tool="reset"]').first().click();
  if (await state(page, id) !== start) faults.push('reset does not lead back after own data');
  const said = await failure(page, id);
  if (said) faults.push(`after reset an error is still shown: ${said}`);
  return faults;
}
