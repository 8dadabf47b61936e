// Questions and exercises, by keyboard alone: a wrong answer gets a reason, the key is accepted, the verdict is announced.
import { open, settle } from './browser.mjs';

export async function checkAnswers({ browser, base }, name) {
  const view = await open(browser, base), { page } = view, faults = [];
  try {
    await page.goto(base + name);
    await settle(page);
    for (const { id, tag, kind } of await page.evaluate(() => [...document.querySelectorAll('ken-quiz, ken-exercise, ken-predict')].map((n) => ({ id: n.id, tag: n.localName, kind: n.getAttribute('kind') ?? 'choice' })))) {
      try {
        const fault = await answer(page, tag, kind, id);
        if (fault) faults.push(`${tag} ${id}: ${fault}`);
      } catch (error) {
        faults.push(`${tag} ${id}: ${error.message.split('\n')[0]}`);
      }
    }
    return [...faults, ...view.faults];
  } finally {
    await view.close();
  }
}

const $ = (id, rest) => `[id="${id}"] ${rest}`;
const verdict = (page, id) => page.locator($(id, '.result')).getAttribute('class');
const press = async (page, id, name) => { const b = page.locator($(id, 'button'), { hasText: name }).first(); await b.focus(); await page.keyboard.press('Enter'); };
const check = (page, id) => press(page, id, 'Check');

async function answer(page, tag, kind, id) {
  const way = tag === 'ken-predict' ? predict : ways[`${tag === 'ken-exercise' ? 'exercise-' : ''}${kind}`];
  if (!way) return `no such kind: ${kind}`;
  const live = await page.locator($(id, '.result')).getAttribute('aria-live');
  if (live !== 'polite') return 'its verdict is not announced';
  return way(page, id, await page.evaluate((i) => ({ ...document.getElementById(i).key }), id));
}

const expectGood = async (page, id) => (/good/.test(await verdict(page, id)) ? '' : `the key is not accepted: ${await page.locator($(id, '.result')).textContent()}`);
const expectBad = async (page, id) => (/bad/.test(await verdict(page, id)) ? '' : 'a wrong answer is not refused');

async function choose(page, id) {
  const right = await page.evaluate((i) => document.getElementById(i).items.map((o) => o.right), id);
  if (!right.includes(true)) return 'no right answer';
  const inputs = page.locator($(id, '.choices input'));
  const set = async (wanted) => {
    for (const [i, on] of wanted.entries()) {
      if (await inputs.nth(i).isChecked() === on) continue;
      if (!on && await inputs.nth(i).getAttribute('type') === 'radio') continue;
      await inputs.nth(i).focus();
      await page.keyboard.press('Space');
    }
  };
  if (right.includes(false)) {
    const wrong = right.indexOf(false);
    await set(right.map((_, i) => i === wrong));
    await check(page, id);
    const bad = await expectBad(page, id);
    if (bad) return bad;
    if (!(await page.locator($(id, '.choices li')).nth(wrong).locator('.because').innerText()).trim()) return 'a wrong option has no reason';
  }
  await set(right);
  await check(page, id);
  return expectGood(page, id);
}

async function typed(page, id, right, wrong, last = 'Enter') {
  const field = page.locator($(id, ':is(.answer input, .answer textarea, .blank input)')).first();
  for (const [text, expected] of [[wrong, expectBad], [right, expectGood]]) {
    if (text === null) continue;
    await field.focus();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(text);
    if (last && await field.evaluate((n) => n.localName === 'input')) await page.keyboard.press('Enter'); else await check(page, id);
    const fault = await expected(page, id);
    if (fault) return fault;
  }
  return '';
}

async function predict(page, id) {
  await page.locator($(id, 'input')).first().focus();
  await page.keyboard.press('Space');
  await press(page, id, 'That is my guess');
  const shown = await page.locator($(id, '.because')).allInnerTexts();
  return shown.every((t) => t.trim()) ? '' : 'an option has no reason after the guess';
}

const ways = {
  choice: choose,
  many: choose,
  number: (page, id, key) => typed(page, id, key.answer, String(Number(key.answer) + 10 * (Number(key.tolerance || 0) + Math.abs(Number(key.answer)) + 1))),
  trace: (page, id, key) => typed(page, id, key.answer, 'nothing of the sort'),
  fill: (page, id, key) => typed(page, id, key.answer, '12345'),
  'exercise-expression': (page, id, key) => typed(page, id, `0 + ${key.answer}`, '12345'),
  async order(page, id) {
    const places = () => page.evaluate((i) => [...document.getElementById(i).querySelectorAll('.sorting > li')].map((li) => Number(li.dataset.place)), id);
    await check(page, id);
    const bad = await expectBad(page, id);
    if (bad) return bad;
    for (let round = 0; round < 60; round++) {
      const now = await places(), at = now.findIndex((place, i) => place > now[i + 1]);
      if (at < 0) break;
      await page.locator($(id, '.sorting > li')).nth(at).locator('button').nth(1).focus();
      await page.keyboard.press('Enter');
    }
    await check(page, id);
    return expectGood(page, id);
  },
  async match(page, id) {
    const selects = page.locator($(id, 'select')), n = await selects.count();
    const put = async (value) => {
      for (let i = 0; i < n; i++) {
        await selects.nth(i).focus();
        await selects.nth(i).selectOption(String(value(i)));
      }
      await check(page, id);
    };
    await put((i) => (i + 1) % n);
    const bad = await expectBad(page, id);
    if (bad) return bad;
    await put((i) => i);
    return expectGood(page, id);
  },
  async plot(page, id) {
    const pad = page.locator($(id, '.plotpick'));
    await pad.focus();
    const { u, v } = await page.evaluate((i) => document.getElementById(i).truth, id);
    // Into the corner away from the answer, then from there to it: each step of a key is a fiftieth, with Shift a tenth.
    const walk = async (key, tenths, fiftieths) => {
      for (let i = 0; i < tenths; i++) await page.keyboard.press(`Shift+Arrow${key}`);
      for (let i = 0; i < fiftieths; i++) await page.keyboard.press(`Arrow${key}`);
    };
    const [awayX, backX, awayY, backY] = [u > 0.5 ? 'Left' : 'Right', u > 0.5 ? 'Right' : 'Left', v > 0.5 ? 'Down' : 'Up', v > 0.5 ? 'Up' : 'Down'];
    await walk(awayX, 10, 0);
    await walk(awayY, 10, 0);
    await page.keyboard.press('Enter');
    const bad = await expectBad(page, id);
    if (bad) return bad;
    const parts = (t) => { const far = Math.round((t > 0.5 ? t : 1 - t) * 50); return [Math.floor(far / 5), far % 5]; };
    if (u !== null) await walk(backX, ...parts(u));
    if (v !== null) await walk(backY, ...parts(v));
    await page.keyboard.press('Enter');
    return expectGood(page, id);
  },
  async 'exercise-blanks'(page, id) { return fields(page, id, '.blank', '.blank input'); },
  async 'exercise-trace'(page, id) { return fields(page, id, 'td[data-answer]', 'td[data-answer] input'); },
  async 'exercise-c'(page, id) {
    const hints = await page.locator($(id, 'details.hint')).count();
    if (await page.locator($(id, 'details.solution')).isVisible()) return 'the solution shows before any trying';
    if (hints) {
      await press(page, id, 'Hint 1');
      if (!(await page.locator($(id, 'details.hint:not([hidden])')).first().isVisible())) return 'the hint does not show';
    } else await press(page, id, 'I have tried it');
    await press(page, id, 'Show the solution');
    return await page.locator($(id, 'details.solution')).isVisible() ? '' : 'the solution does not show';
  },
  async 'exercise-param'(page, id) {
    await check(page, id);
    return await page.evaluate((i) => { const { key } = document.getElementById(i); return Boolean(key.goal && document.getElementById(key.widget)); }, id) ? '' : 'no goal, or no widget of that id';
  },
};

async function fields(page, id, holders, inputs) {
  const answers = await page.evaluate(([i, s]) => [...document.getElementById(i).querySelectorAll(s)].map((n) => n.dataset.answer), [id, holders]);
  const boxes = page.locator($(id, inputs));
  const type = async (texts) => {
    for (const [i, text] of texts.entries()) { await boxes.nth(i).focus(); await page.keyboard.press('Control+A'); await page.keyboard.type(text); }
    await check(page, id);
  };
  await type(answers.map(() => '12345'));
  const bad = await expectBad(page, id);
  if (bad) return bad;
  await type(answers);
  return expectGood(page, id);
}
