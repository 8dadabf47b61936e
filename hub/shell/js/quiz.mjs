// <ken-quiz>: eight kinds, graded at once, a reason with every answer. The page's own markup is the question; this only wakes it.
import { all, announce, button, h, plainText } from './dom.mjs';
import { random, shuffled } from './random.mjs';
import { FormulaError, parse, sameFormula, variables } from './expression.mjs';
import { noteAnswer, answerOf } from './progress.mjs';

const NAMES = { choice: 'Question', many: 'Question, several answers', number: 'Question, a number', order: 'Put in order', match: 'Match', trace: 'Trace the code', plot: 'Point at it', fill: 'Fill in' };

// The frame that questions and exercises share: a label, a place for the verdict, attempts counted.
export class Graded extends HTMLElement {
  frame(name) {
    this.setAttribute('role', 'group');
    this.stateMark = h('span.state');
    const label = h('p.label', { id: `${this.id}-label` }, name, this.stateMark);
    this.setAttribute('aria-labelledby', label.id);
    this.prepend(label);
    this.result = h('div.result', { role: 'status', 'aria-live': 'polite' });
    this.tries = 0;
    this.key = this.querySelector(':scope > .key')?.dataset ?? {};
    this.reason = this.querySelector(':scope > details.reason');
    this.slips = all(':scope > .slips > li', this);
    answerOf(this).then((answer) => { if (answer === 'right' || answer === 'done') this.stateMark.textContent = 'solved before'; });
  }

  // Shows the verdict; nodes are copied, so that they can be shown again.
  verdict(right, text, ...why) {
    this.tries++;
    this.result.className = `result ${right ? 'good' : 'bad'}`;
    this.result.replaceChildren(h('p.verdict', {}, text), ...why.filter(Boolean).map((node) => (typeof node === 'string' ? h('p', {}, node) : node.cloneNode(true))));
    noteAnswer(this, right);
    if (right) {
      this.stateMark.textContent = 'solved';
      this.check.textContent = 'Check again';
      this.show?.remove();
    } else if (this.tries === 1 && this.offer) this.offer();
  }

  // A hint that is no verdict: nothing chosen, formula unreadable.
  ask(text) {
    this.result.className = 'result';
    this.result.replaceChildren(h('p', {}, text));
  }

  get why() { // the reason's content, without its summary
    if (!this.reason) return null;
    const copy = this.reason.cloneNode(true);
    copy.querySelector('summary')?.remove();
    return h('div', {}, ...copy.childNodes);
  }

  slip(matches) {
    const found = this.slips.find((li) => li.dataset.answer !== undefined && matches(li.dataset.answer));
    return found ? h('div', {}, ...found.cloneNode(true).childNodes) : null;
  }

  buttons(grade) {
    this.check = button('Check', grade, { primary: true });
    this.row = h('div.row', {}, this.check);
    return this.row;
  }
}

class KenQuiz extends Graded {
  connectedCallback() {
    if (this.stateMark) return;
    const kind = this.getAttribute('kind') || 'choice';
    this.frame(NAMES[kind] ?? 'Question');
    this.stem = this.querySelector(':scope > .stem');
    if (this.stem) this.stem.id ||= `${this.id}-stem`;
    this[kind]?.();
    if (this.reason) this.reason.hidden = true;
    this.offer ??= () => {
      if (this.reason) this.row.append(this.show = button('Show the answer', () => { this.show.remove(); this.reveal?.(); this.reason.hidden = false; this.reason.open = true; this.reason.querySelector('summary').focus(); }));
    };
  }

  choice() { choices(this, 'radio'); }
  many() { choices(this, 'checkbox'); }

  input(props = {}) {
    const field = h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', 'aria-labelledby': this.stem?.id, ...props,
      onkeydown: (event) => { if (event.key === 'Enter') { event.preventDefault(); this.check.click(); } } });
    return field;
  }

  number() {
    const field = this.input({ class: 'short', inputmode: 'decimal' }), unit = this.key.unit ?? '';
    const want = Number(this.key.answer), tolerance = Number(this.key.tolerance ?? 0);
    const near = (value, target) => Math.abs(value - target) <= tolerance + 1e-12 * Math.abs(target);
    this.append(h('div.answer', {}, field, unit && h('span.unit', {}, unit)), this.buttons(() => {
      const text = field.value.trim().replace(/[−–]/g, '-').replace(/^(-?\d+),(\d+)/, '$1.$2');
      const said = unit && text.endsWith(unit) ? text.slice(0, -unit.length).trim() : text;
      const value = said === '' ? NaN : Number(said.replace(/%$/, ''));
      if (Number.isNaN(value)) return this.ask(text ? `“${text}” is not a number${unit ? ` in ${unit}` : ''}.` : 'Type a number first.');
      if (near(value, want)) return this.verdict(true, 'Right.', this.why);
      const slip = this.slip((answer) => near(value, Number(answer)));
      const size = Math.abs(value - want) <= 3 * tolerance ? 'Close; look at the last digits.' : near(-value, want) ? 'The sign is the other way round.' : 'Not yet.';
      return this.verdict(false, slip ? 'Not yet.' : size, slip);
    }), this.result);
  }

  trace() {
    const long = this.key.answer.includes('\n'), squeeze = (text) => text.replace(/\s+/g, ' ').trim();
    const field = long ? h('textarea', { rows: 4, spellcheck: 'false', 'aria-labelledby': this.stem?.id }) : this.input();
    this.append(h('div.answer', {}, field), this.buttons(() => {
      const said = squeeze(field.value);
      if (!said) return this.ask('Type what is printed first.');
      if (said === squeeze(this.key.answer)) return this.verdict(true, 'Right, that is what it prints.', this.why);
      return this.verdict(false, 'It prints something else.', this.slip((answer) => squeeze(answer) === said));
    }), this.result);
  }

  fill() {
    const blank = this.querySelector('.blank'), field = this.input({ 'aria-label': 'The missing part', 'aria-labelledby': undefined });
    if (blank) blank.append(field);
    this.append(...(blank ? [] : [h('div.answer', {}, field)]), this.buttons(() => gradeFormula(this, field.value, this.key)), this.result);
  }

  order() {
    const list = this.querySelector(':scope > .steps'), right = all(':scope > li', list);
    const box = h('ol.sorting', { 'aria-labelledby': this.stem?.id });
    const rename = () => all(':scope > li', box).forEach((li, i, every) => {
      const [up, down] = all('button', li), name = plainText(li.querySelector('.what'));
      up.setAttribute('aria-label', `Move up: ${name}, now ${i + 1} of ${every.length}`);
      down.setAttribute('aria-label', `Move down: ${name}, now ${i + 1} of ${every.length}`);
      up.disabled = i === 0;
      down.disabled = i === every.length - 1;
      li.classList.remove('is-right', 'is-wrong');
    });
    const move = (li, by) => {
      const every = all(':scope > li', box), to = every.indexOf(li) + by;
      if (to < 0 || to >= every.length) return;
      if (by < 0) every[to].before(li); else every[to].after(li);
      rename();
      const again = all('button', li)[by < 0 ? 0 : 1];
      (again.disabled ? all('button', li)[by < 0 ? 1 : 0] : again).focus();
      announce(`${to + 1} of ${every.length}`);
    };
    const items = right.map((step, place) => {
      const li = h('li', { 'data-place': place }, h('div.what', {}, ...step.childNodes));
      li.append(button('↑', () => move(li, -1)), button('↓', () => move(li, 1)));
      draggable(li, box, rename);
      return li;
    });
    box.append(...shuffled(items, this.id));
    list.replaceWith(box);
    rename();
    this.append(this.buttons(() => {
      const every = all(':scope > li', box), wrong = every.filter((li, i) => Number(li.dataset.place) !== i);
      every.forEach((li, i) => li.classList.add(Number(li.dataset.place) === i ? 'is-right' : 'is-wrong'));
      if (!wrong.length) return this.verdict(true, 'Right order.', this.why);
      return this.verdict(false, `${every.length - wrong.length} of ${every.length} stand in their place.`, `First to move: “${plainText(wrong[0].querySelector('.what'))}” in place ${every.indexOf(wrong[0]) + 1}.`);
    }), this.result);
    this.reveal = () => { box.append(...items); rename(); };
  }

  match() {
    const list = this.querySelector(':scope > .pairs'), names = all('dt', list), meanings = all('dd', list);
    const mixed = shuffled(meanings, this.id), formulas = meanings.some((dd) => dd.querySelector('.katex'));
    const letters = formulas ? h('ol', { style: 'list-style:upper-alpha' }, ...mixed.map((dd) => h('li', {}, ...dd.cloneNode(true).childNodes))) : null;
    const rows = names.map((dt, i) => {
      const label = h('label', { for: `${this.id}-m${i}` }, ...dt.cloneNode(true).childNodes);
      const select = h('select', { id: `${this.id}-m${i}`, onchange: () => row.classList.remove('is-right', 'is-wrong') }, h('option', { value: '' }, 'choose …'),
        ...mixed.map((dd, k) => h('option', { value: meanings.indexOf(dd) }, formulas ? String.fromCharCode(65 + k) : plainText(dd))));
      const row = h('div', {}, label, select);
      return { row, select };
    });
    list.replaceWith(h('div.matching', {}, ...rows.map((r) => r.row)));
    if (letters) this.querySelector('.matching').before(letters);
    this.append(this.buttons(() => {
      const open = rows.find((r) => r.select.value === '');
      if (open) { open.select.focus(); return this.ask('Choose a meaning for each one first.'); }
      const good = rows.filter((r, i) => Number(r.select.value) === i).length;
      rows.forEach((r, i) => { r.row.classList.toggle('is-right', Number(r.select.value) === i); r.row.classList.toggle('is-wrong', Number(r.select.value) !== i); });
      return this.verdict(good === rows.length, good === rows.length ? 'All matched.' : `${good} of ${rows.length} match.`, good === rows.length ? this.why : null);
    }), this.result);
    this.reveal = () => rows.forEach((r, i) => { r.select.value = i; r.row.classList.remove('is-wrong'); });
  }

  plot() {
    const figure = this.querySelector(':scope > figure');
    const [x0, x1] = figure.dataset.x.split(',').map(Number), [y0, y1] = figure.dataset.y.split(',').map(Number);
    const at = { u: 0.5, v: 0.5, set: false }, aim = h('span.aim', { hidden: true });
    const pad = h('div.plotpick', { tabindex: 0, role: 'application', 'aria-roledescription': 'plot', 'aria-label': 'Plot. Arrow keys move the aim, with Shift in larger steps; Enter checks.', 'aria-describedby': this.stem?.id });
    const words = () => `x ${Number((x0 + at.u * (x1 - x0)).toPrecision(3))}, y ${Number((y0 + at.v * (y1 - y0)).toPrecision(3))}`;
    const show = () => { at.set = true; aim.hidden = false; aim.style.left = `${at.u * 100}%`; aim.style.top = `${(1 - at.v) * 100}%`; };
    const clamp = (t) => Math.min(1, Math.max(0, t));
    const point = (event) => {
      const box = pad.getBoundingClientRect();
      at.u = clamp((event.clientX - box.left) / box.width);
      at.v = clamp(1 - (event.clientY - box.top) / box.height);
      show();
    };
    pad.append(...figure.childNodes, aim);
    figure.replaceWith(pad);
    pad.addEventListener('pointerdown', (event) => { pad.setPointerCapture(event.pointerId); point(event); });
    pad.addEventListener('pointermove', (event) => { if (pad.hasPointerCapture(event.pointerId)) point(event); });
    pad.addEventListener('keydown', (event) => {
      const step = event.shiftKey ? 0.1 : 0.02, by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, step], ArrowDown: [0, -step] }[event.key];
      if (event.key === 'Enter') { event.preventDefault(); this.check.click(); }
      if (event.key === 'Escape') pad.blur();
      if (!by) return;
      event.preventDefault();
      at.u = clamp(at.u + by[0]);
      at.v = clamp(at.v + by[1]);
      show();
      announce(words());
    });
    const truth = this.truth = { u: this.key.x === undefined ? null : (Number(this.key.x) - x0) / (x1 - x0), v: this.key.y === undefined ? null : (Number(this.key.y) - y0) / (y1 - y0) };
    this.reveal = () => {
      const mark = h('span.aim.truth');
      mark.style.left = `${(truth.u ?? at.u) * 100}%`;
      mark.style.top = `${(1 - (truth.v ?? at.v)) * 100}%`;
      pad.append(mark);
    };
    this.append(this.buttons(() => {
      if (!at.set) { pad.focus(); return this.ask('Point at a place in the plot first: click it, or focus it and use the arrow keys.'); }
      const away = Math.hypot(truth.u === null ? 0 : at.u - truth.u, truth.v === null ? 0 : at.v - truth.v);
      if (away <= Number(this.key.tolerance ?? 0.05)) { this.reveal(); return this.verdict(true, `Right (${words()}).`, this.why); }
      const side = [truth.u === null ? '' : truth.u > at.u + 0.01 ? 'to the right' : truth.u < at.u - 0.01 ? 'to the left' : '', truth.v === null ? '' : truth.v > at.v + 0.01 ? 'higher' : truth.v < at.v - 0.01 ? 'lower' : ''].filter(Boolean).join(' and ');
      return this.verdict(false, away < 0.2 ? 'Near.' : 'Not there.', `You pointed at ${words()}; look ${side || 'again'}.`);
    }), this.result);
  }
}

// Options as radio buttons or boxes: the reason of each chosen one is shown, of the others only once solved.
function choices(quiz, type) {
  const list = quiz.querySelector(':scope > .options');
  const items = all(':scope > li', list).map((li, i) => {
    const input = h('input', { type, name: `${quiz.id}-choice`, value: i, id: `${quiz.id}-o${i}` });
    const verdict = h('span.verdict'), because = h('div.because', { hidden: true });
    const option = h('span', {}, ...(li.querySelector('.option') ?? li).childNodes);
    const reason = li.querySelector('.reason');
    reason?.querySelector('summary')?.remove();
    if (reason) because.append(...reason.childNodes);
    const item = h('li', {}, h('label', { for: input.id }, input, option, verdict), because);
    input.addEventListener('change', clear);
    return { input, right: 'right' in li.dataset, verdict, because, item };
  });
  function clear() {
    for (const o of items) { o.item.classList.remove('is-right', 'is-wrong'); o.verdict.textContent = ''; o.because.hidden = true; }
    quiz.result.replaceChildren();
    quiz.result.className = 'result';
  }
  const open = (o, good) => {
    o.item.classList.add(good ? 'is-right' : 'is-wrong');
    o.verdict.textContent = good ? 'right' : 'no';
    o.because.hidden = false;
  };
  list.replaceWith(h('fieldset', { 'aria-labelledby': quiz.stem?.id }, h('ul.choices', { role: 'list' }, ...items.map((o) => o.item))));
  quiz.items = items;
  quiz.append(quiz.buttons(() => {
    const chosen = items.filter((o) => o.input.checked);
    clear();
    if (!chosen.length) return quiz.ask(type === 'radio' ? 'Choose an answer first.' : 'Choose at least one answer first.');
    for (const o of chosen) open(o, o.right);
    const missed = items.filter((o) => o.right && !o.input.checked).length, wrong = chosen.filter((o) => !o.right);
    if (!missed && !wrong.length) {
      for (const o of items) if (!o.input.checked) { o.because.hidden = false; o.verdict.textContent = ''; }
      return quiz.verdict(true, 'Right.', ...chosen.map((o) => h('p.sr', {}, plainText(o.because))));
    }
    const text = wrong.length ? 'Not this.' : missed === 1 ? 'One right answer is missing.' : `${missed} right answers are missing.`;
    return quiz.verdict(false, text, ...wrong.map((o) => h('p.sr', {}, plainText(o.because))));
  }), quiz.result);
  quiz.offer = () => quiz.row.append(quiz.show = button('Show the answer', () => {
    for (const o of items) { o.input.checked = o.right; o.because.hidden = false; o.item.classList.toggle('is-right', o.right); o.item.classList.remove('is-wrong'); o.verdict.textContent = o.right ? 'right' : ''; }
    quiz.show.remove();
    items.find((o) => o.right)?.input.focus();
  }));
}

// A formula against its key, at sample points; without variables, as text.
export function gradeFormula(quiz, text, key, good = 'Right.') {
  const ranges = variables(key.vars), names = ranges.map((r) => r.name), squeeze = (s) => s.replace(/[\s;]+/g, '');
  if (!text.trim()) return quiz.ask('Type a formula first.');
  if (squeeze(text) === squeeze(key.answer)) return quiz.verdict(true, good, quiz.why);
  let given;
  try {
    given = parse(text.replace(/;\s*$/, ''), names);
  } catch (error) {
    if (!(error instanceof FormulaError)) throw error;
    const slip = quiz.slip((answer) => squeeze(answer) === squeeze(text));
    return slip ? quiz.verdict(false, 'Not yet.', slip) : ranges.length ? quiz.ask(error.message) : quiz.verdict(false, 'Not yet.');
  }
  const same = (answer) => { try { return sameFormula(given, parse(answer, names), ranges, random(quiz.id)); } catch { return false; } };
  if (same(key.answer)) return quiz.verdict(true, good, quiz.why);
  const slip = quiz.slip(same);
  return quiz.verdict(false, 'Not the same function.', slip ?? (given.uses.size < names.length ? `Your formula does not use ${names.filter((n) => !given.uses.has(n)).join(', ')}.` : null));
}

// Pointer order: the grabbed row goes where the pointer is; keys have their own buttons.
function draggable(li, box, changed) {
  const grip = li.querySelector('.what');
  grip.addEventListener('pointerdown', (event) => {
    if (event.button) return;
    const mouse = event.pointerType === 'mouse';
    if (mouse) event.preventDefault();
    const move = (e) => {
      li.classList.add('dragging');
      const other = all(':scope > li', box).find((row) => row !== li && e.clientY > row.getBoundingClientRect().top && e.clientY < row.getBoundingClientRect().bottom);
      if (!other) return;
      const after = other.compareDocumentPosition(li) & Node.DOCUMENT_POSITION_PRECEDING;
      if (after) other.after(li); else other.before(li);
    };
    const end = () => {
      removeEventListener('pointermove', move);
      removeEventListener('pointerup', end);
      removeEventListener('pointercancel', end);
      li.classList.remove('dragging');
      changed();
    };
    addEventListener('pointermove', move);
    addEventListener('pointerup', end);
    addEventListener('pointercancel', end);
  });
}

// <ken-predict>: a guess before the reveal; nothing is graded, nothing is kept.
class KenPredict extends Graded {
  connectedCallback() {
    if (this.stateMark) return;
    this.frame('Guess first');
    this.stem = this.querySelector(':scope > .stem');
    if (this.stem) this.stem.id ||= `${this.id}-stem`;
    const reveal = this.querySelector(':scope > .reveal');
    if (reveal) reveal.hidden = true;
    choices(this, 'radio');
    this.check.textContent = 'That is my guess';
    this.offer = null;
    this.verdict = (right) => {
      for (const o of this.items) {
        o.because.hidden = false;
        o.item.classList.remove('is-wrong');
        o.item.classList.toggle('is-right', o.right);
        o.verdict.textContent = o.right ? (o.input.checked ? 'your guess, and so it is' : 'what happens') : o.input.checked ? 'your guess' : '';
      }
      if (reveal) reveal.hidden = false;
      this.result.className = `result ${right ? 'good' : ''}`;
      this.result.replaceChildren(h('p', {}, right ? 'You saw it coming.' : 'It comes out otherwise. Surprises are what is remembered.'));
      this.check.hidden = true;
    };
  }
}

export function defineQuizzes() {
  customElements.define('ken-quiz', KenQuiz);
  customElements.define('ken-predict', KenPredict);
}
