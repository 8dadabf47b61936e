// Cards of the lessons and of the interview bank, by decks.
import { Page } from './html.mjs';
import { escape } from './code.mjs';
import { expandSymbols } from './math.mjs';

const TITLES = { fundamentals: 'Fundamentals', algorithms: 'Algorithms', optimization: 'Optimization', statistics: 'Statistics and mathematics', systems: 'Systems and production', coding: 'Coding in C', 'deep-learning': 'Deep learning' };
const title = (deck) => TITLES[deck] ?? deck[0].toUpperCase() + deck.slice(1).replace(/-/g, ' ');

// `code` and **stress** of the interview bank's plain text.
const plainHTML = (text) => escape(text).replace(/`([^`]+)`/g, '<code>$1</code>').replace(/\*\*([^*]+)\*\*/g, '<strong>$1</strong>');

function interviewCard(card) {
  const followups = (card.followups ?? []).map((f) => `<details><summary>${plainHTML(f.q)}</summary><p>${plainHTML(f.a)}</p></details>`).join('');
  const back = `<p><strong>${plainHTML(card.short)}</strong></p><p>${plainHTML(card.full)}</p>${card.dont ? `<p class="dont"><b>Don't say:</b> ${plainHTML(card.dont)}</p>` : ''}${card.demo ? `<p><code>${escape(card.demo)}</code></p>` : ''}${followups}`;
  return { id: card.id, deck: card.deck, lesson: card.lesson ?? '', level: card.level, front: `<p>${plainHTML(card.question)}</p>`, back, question: card.question, answer: `${card.short}\n\n${card.full}` };
}

const source = (lesson, nodes) => expandSymbols(nodes.map((n) => lesson.body.slice(n.position.start.offset, n.position.end.offset)).join('\n\n'), lesson.rooms.symbols, (tex) => tex);

// [{id, title, cards: [{id, lesson, front, back, …}]}]
export function decksOf(built, rooms) {
  const decks = new Map();
  const add = (card) => decks.set(card.deck, [...(decks.get(card.deck) ?? []), card]);
  for (const { lesson } of built) {
    const page = new Page(lesson, {});
    for (const card of lesson.cards) {
      add({ id: `${lesson.id}-${card.id}`, deck: card.deck, lesson: lesson.id, front: page.all(card.front), back: page.all(card.back), question: source(lesson, card.front), answer: source(lesson, card.back) });
    }
  }
  for (const card of rooms.interview) add(interviewCard(card));
  return [...decks].map(([id, cards]) => ({ id, title: title(id), cards }));
}
