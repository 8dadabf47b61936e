// <ken-exercise>: four kinds are checked here; C is written in the notebook, its hints and its solution are here.
import { all, button, h } from './dom.mjs';
import { parse, FormulaError, variables } from './expression.mjs';
import { Graded, gradeFormula } from './quiz.mjs';

const NAMES = { c: 'Exercise in C', param: 'Exercise: move the control', expression: 'Exercise: a formula', trace: 'Exercise: trace it', blanks: 'Exercise: fill the blanks' };

class KenExercise extends Graded {
  connectedCallback() {
    if (this.stateMark) return;
    const kind = this.getAttribute('kind') || 'c';
    this.frame(NAMES[kind] ?? 'Exercise');
    this.stem = this.querySelector(':scope > .stem');
    if (this.stem) this.stem.id ||= `${this.id}-stem`;
    this.solution = this.querySelector(':scope > details.solution');
    this.hints = all(':scope > details.hint', this);
    for (const hidden of [this.solution, ...this.hints]) if (hidden) hidden.hidden = true;
    const slips = this.querySelector(':scope > .slips'), written = slips?.querySelector('li:not([data-answer])');
    this.offer = () => this.allowSolution();
    const before = this.solution ?? this.querySelector(':scope > details.tests') ?? null;
    this.place = h('div');
    this.insertBefore(this.place, before);
    (this[kind] ?? this.c).call(this);
    this.addHelp(written ? slips : null);
  }

  addHelp(slips) {
    let next = 0;
    if (this.hints.length) {
      const shelf = h('div.hints', { 'aria-live': 'polite' });
      const more = button(`Hint 1 of ${this.hints.length}`, () => {
        const hint = this.hints[next++];
        hint.hidden = false;
        hint.open = true;
        hint.querySelector('summary').textContent = `Hint ${next}`;
        shelf.append(hint);
        if (next < this.hints.length) more.textContent = `Hint ${next + 1} of ${this.hints.length}`;
        else more.remove();
        this.allowSolution();
        hint.querySelector('summary').focus();
      });
      this.row.append(more);
      this.row.after(shelf);
    }
    if (slips) {
      this.slipFold = h('details.fold', { hidden: true }, h('summary', {}, 'Common slips'), h('ul', {}, ...all(':scope > li:not([data-answer])', slips)));
      this.append(this.slipFold);
    }
  }

  // The solution opens after trying: an answer checked, a hint taken, or the notebook fetched.
  allowSolution() {
    if (this.asked || !this.solution) return;
    this.asked = true;
    const show = button('Show the solution', () => {
      show.remove();
      this.solution.hidden = false;
      this.solution.open = true;
      if (this.slipFold) this.slipFold.hidden = false;
      this.solution.querySelector('summary').focus();
    });
    this.row.append(show);
  }

  field(props) {
    return h('input', { type: 'text', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', ...props,
      onkeydown: (event) => { if (event.key === 'Enter') { event.preventDefault(); this.check.click(); } } });
  }

  c() {
    const file = document.querySelector('a[download][href$=".ipynb"]');
    const tried = button('I have tried it', () => { tried.remove(); this.allowSolution(); });
    this.row = h('div.row', {}, ...(file ? [h('a.button', { href: `${file.getAttribute('href')}`, download: true, onclick: () => this.allowSolution() }, 'Get the notebook')] : []), ...(this.solution ? [tried] : []));
    this.check = tried;
    this.place.append(h('p', {}, `Write it in the notebook; its tests are there${this.getAttribute('entry') ? ` and call ${this.getAttribute('entry')}` : ''}.`), this.row, this.result);
  }

  expression() {
    const field = this.field({ 'aria-labelledby': this.stem?.id }), names = variables(this.key.vars).map((v) => v.name);
    this.place.append(h('div.answer', {}, field, h('span.unit', {}, `in ${names.join(', ')}`)), this.buttons(() => gradeFormula(this, field.value, this.key)), this.result);
  }

  blanks() {
    const blanks = all('.blank[data-answer]', this);
    const fields = blanks.map((blank, i) => blank.appendChild(this.field({ 'aria-label': `Blank ${i + 1} of ${blanks.length}` })));
    this.gradeAll(fields.map((field, i) => ({ field, mark: field, key: blanks[i].dataset })), 'blank');
  }

  trace() {
    const cells = all('td[data-answer]', this);
    const fields = cells.map((cell) => {
      const row = cell.closest('tr'), head = cell.closest('table').querySelectorAll('thead th')[cell.cellIndex];
      return cell.appendChild(this.field({ 'aria-label': `${head?.textContent ?? 'value'}, ${row.cells[0] === cell ? `row ${row.rowIndex}` : row.cells[0].textContent}` }));
    });
    this.gradeAll(fields.map((field, i) => ({ field, mark: field, key: cells[i].dataset })), 'value');
  }

  gradeAll(parts, word) {
    this.place.append(this.buttons(() => {
      const open = parts.find(({ field }) => !field.value.trim());
      if (open) { open.field.focus(); return this.ask(`Fill every ${word} first.`); }
      const wrong = parts.filter(({ field, key }) => !agrees(field.value, key, this));
      for (const { field } of parts) { const bad = wrong.some((w) => w.field === field); field.setAttribute('aria-invalid', String(bad)); field.classList.toggle('is-wrong', bad); field.classList.toggle('is-right', !bad); }
      if (!wrong.length) return this.verdict(true, 'All right.');
      wrong[0].field.focus();
      return this.verdict(false, `${parts.length - wrong.length} of ${parts.length} are right.`, this.slip((answer) => squeeze(answer) === squeeze(wrong[0].field.value)));
    }), this.result);
  }

  // Reached when the widget's state and readouts make the goal true: goal="r2 > 0.8", with names as the widget shows them.
  param() {
    const goal = this.key.goal ?? '', widget = document.getElementById(this.key.widget);
    const names = [...new Set(goal.match(/[A-Za-z_]\w*/g) ?? [])], test = parse(goal, names);
    const holds = (have) => names.every((n) => typeof have[n] === 'number') && test.run(have);
    let moved = false;
    const grade = () => {
      if (!moved) return this.ask('Move the widget first; its numbers are read from it.');
      const have = valuesOf(widget), text = names.map((n) => `${n} = ${have[n] === undefined ? 'not shown' : Number(have[n].toPrecision(4))}`).join(', ');
      return holds(have) ? this.verdict(true, `Reached: ${text}.`) : this.verdict(false, `Not yet: ${text}.`, `The goal is ${goal}.`);
    };
    widget?.addEventListener('ken-state', async () => {
      moved = true;
      await widget.settle?.();
      if (!this.reached && holds(valuesOf(widget))) { this.reached = true; grade(); }
    });
    this.place.append(h('p', {}, 'Goal: ', h('code', {}, goal)), this.buttons(grade), this.result);
    if (widget) this.row.append(h('a.button', { href: `#${this.key.widget}` }, 'To the widget'));
  }
}

// "Held-out R²" → held_out_r2
const nameOf = (label) => label.toLowerCase().replace(/²/g, '2').replace(/[^a-z0-9]+/g, '_').replace(/^_|_$/g, '');

export function valuesOf(widget) {
  const values = {};
  for (const [name, value] of Object.entries(widget?.state ?? {})) if (typeof value === 'number') values[name] = value;
  for (const { label, value } of widget?.lastScene?.readouts ?? []) {
    const number = typeof value === 'number' ? value : Number(String(value).replace('−', '-').replace(/\s*(%|points?)$/, '')); // "97.1 %" is 97.1
    if (!Number.isNaN(number)) values[nameOf(label)] = number;
  }
  return values;
}

const squeeze = (text) => text.replace(/[\s;]+/g, '');

function agrees(text, key, exercise) {
  if (squeeze(text) === squeeze(key.answer)) return true;
  const want = Number(key.answer), got = Number(text.replace(/[−–]/g, '-'));
  if (Number.isFinite(want) && key.answer.trim() !== '' && !key.vars) return Number.isFinite(got) && Math.abs(got - want) <= Number(key.tolerance ?? 1e-9 * Math.max(1, Math.abs(want)));
  if (!key.vars) return false;
  let right = false;
  const judge = { id: exercise.id, slip: () => null, why: null, ask: () => {}, verdict: (good) => { right = good; } };
  try { gradeFormula(judge, text, key); } catch (error) { if (!(error instanceof FormulaError)) throw error; }
  return right;
}

export const defineExercises = () => customElements.define('ken-exercise', KenExercise);
