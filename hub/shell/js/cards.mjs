// <ken-cards>: review of cards. When a card comes back is decided by ken/stats/recall, through engine.mjs.
import { all, button, h } from './dom.mjs';
import { recall } from './engine.mjs';
import { read, update } from './store.mjs';

const NEW_A_SESSION = 20;
const GRADES = [[1, 'Again'], [2, 'Hard'], [3, 'Good'], [4, 'Easy']];

const today = () => { const d = new Date(); return `${d.getFullYear()}-${String(d.getMonth() + 1).padStart(2, '0')}-${String(d.getDate()).padStart(2, '0')}`; };
const daysBetween = (from, to) => Math.max(0, Math.round((Date.parse(`${to}T00:00Z`) - Date.parse(`${from}T00:00Z`)) / 864e5));
const interval = (days) => (days < 1 ? 'today' : days < 31 ? `${Math.round(days)} d` : days < 365 ? `${Math.round(days / 30.4)} mo` : `${(days / 365).toFixed(1)} y`);

class KenCards extends HTMLElement {
  async connectedCallback() {
    if (this.faces) return;
    this.faces = all('details.card');
    const decks = [...new Map(this.faces.map((c) => [c.dataset.deck, c.closest('.deck')?.previousElementSibling?.textContent ?? c.dataset.deck]))];
    const lesson = new URLSearchParams(location.search).get('lesson');
    this.choice = h('select', { 'aria-label': 'Deck', onchange: () => this.begin() }, h('option', { value: '' }, 'All decks'), ...decks.map(([id, title]) => h('option', { value: id }, title)),
      ...(lesson ? [h('option', { value: `lesson:${lesson}`, selected: true }, `Lesson “${lesson}”`)] : []));
    this.status = h('p.meta', { role: 'status' });
    this.stage = h('div');
    this.append(h('div.row', {}, this.choice, this.status), h('p', {}), this.stage);
    try { this.memory = await recall(); } catch (error) {
      this.append(h('div.missing', {}, h('p', {}, `${error.message} The cards can be read and turned; when they should come back cannot be worked out.`)));
    }
    this.addEventListener('keydown', (event) => {
      if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest('select, input')) return;
      if (!this.turned) {
        const turns = (event.key === 'Enter' || event.key === ' ') && this.turn?.isConnected && !event.target.closest('button, a');
        if (turns) { event.preventDefault(); this.flip(); }
        return;
      }
      if (/^[1-4]$/.test(event.key)) { event.preventDefault(); this.grade(Number(event.key)); }
    });
    await this.begin();
  }

  async begin() {
    const wanted = this.choice.value, state = await read(), now = today();
    const mine = this.faces.filter((c) => !wanted || (wanted.startsWith('lesson:') ? c.dataset.lesson === wanted.slice(7) : c.dataset.deck === wanted));
    const due = [], fresh = [];
    for (const card of mine) {
      const memory = state.cards[card.id];
      if (!memory) { fresh.push(card); continue; }
      if (!this.memory) { due.push([0, card]); continue; }
      const days = daysBetween(memory.last, now), { probability, interval: wait } = await this.memory.now(memory, days);
      if (days >= wait) due.push([probability, card]);
    }
    due.sort((a, b) => a[0] - b[0]);
    this.queue = [...due.map(([, card]) => card), ...fresh.slice(0, NEW_A_SESSION)];
    this.left = { due: new Set(due.map(([, card]) => card.id)), fresh: new Set(fresh.map((card) => card.id)), all: mine.length };
    this.tell();
    this.next(false);
  }

  tell() { this.status.textContent = `${this.left.due.size} due, ${this.left.fresh.size} new, ${this.left.all} in all`; }

  next(focus = true) {
    this.turned = false;
    this.card = this.queue.shift();
    if (!this.card) {
      this.stage.replaceChildren(h('div.flash', {}, h('p.front', { tabindex: -1 }, 'Nothing is due.'), h('p', {}, 'Come back tomorrow, or read the cards below.')));
      if (focus) this.stage.querySelector('.front').focus();
      return;
    }
    const front = h('div.front', { tabindex: -1 }, ...this.card.querySelector('summary').cloneNode(true).childNodes);
    this.turn = button('Show the answer', () => this.flip(), { primary: true });
    this.flash = h('div.flash', { role: 'group', 'aria-label': 'Card' }, front, h('p.from', {}, `${this.queue.length} more after this one`));
    this.stage.replaceChildren(this.flash, h('p', {}), h('div.row', {}, this.turn));
    if (focus) front.focus();
  }

  async flip() {
    if (this.turned) return;
    const back = h('div.back', { tabindex: -1 }, ...all(':scope > :not(summary)', this.card).map((node) => node.cloneNode(true)));
    this.flash.querySelector('.from').before(back);
    this.turned = true;
    back.focus();
    if (!this.memory) {
      this.stage.querySelector('.row').replaceChildren(button('Next card', () => this.next(), { primary: true }));
      this.turned = false;
      return;
    }
    const state = await read(), memory = state.cards[this.card.id] ?? {};
    this.days = memory.last ? daysBetween(memory.last, today()) : 0;
    this.outcomes = await Promise.all(GRADES.map(([grade]) => this.memory.review(memory, this.days, grade)));
    this.stage.querySelector('.row').replaceWith(h('div.grades', { role: 'group', 'aria-label': 'How well did you know it? Keys 1 to 4' },
      ...GRADES.map(([grade, name], i) => button('', () => this.grade(grade), { 'aria-keyshortcuts': grade }))));
    all('.grades button', this.stage).forEach((b, i) => b.append(h('span', {}, GRADES[i][1]), h('small', {}, i ? interval(this.outcomes[i].interval) : 'soon')));
  }

  async grade(grade) {
    if (!this.outcomes || !this.turned) return;
    this.turned = false;
    const { stability, difficulty } = this.outcomes[grade - 1], id = this.card.id, card = this.card;
    this.outcomes = null;
    await update((state) => {
      const before = state.cards[id] ?? { reviews: 0, lapses: 0 };
      state.cards[id] = { ...before, stability, difficulty, last: today(), reviews: (before.reviews ?? 0) + 1, lapses: (before.lapses ?? 0) + (grade === 1 && before.last ? 1 : 0) };
    });
    if (grade === 1) this.queue.push(card);
    for (const set of [this.left.due, this.left.fresh]) set.delete(id);
    this.tell();
    this.next();
  }
}

export const defineCards = () => customElements.define('ken-cards', KenCards);
