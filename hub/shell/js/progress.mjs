// What the reader has read and solved: noting it, and showing it in the page.
import { all, announce, h, root, toast } from './dom.mjs';
import { empty, kind, lessonOf, merge, read, readFile, update } from './store.mjs';

const lesson = () => root.dataset.lesson;
const space = (element) => (element.localName === 'ken-exercise' ? 'exercises' : 'quizzes');

export async function answerOf(element) {
  return lesson() ? (await read()).lessons[lesson()]?.[space(element)]?.[element.id] : undefined;
}

// Right once stays right; a wrong answer is kept too: missed questions come back.
export async function noteAnswer(element, right) {
  if (!lesson() || !element.id || element.localName === 'ken-predict') return;
  await update((state) => {
    const answers = lessonOf(state, lesson())[space(element)];
    if (space(element) === 'exercises') { if (right) answers[element.id] = 'done'; } else if (answers[element.id] !== 'right') answers[element.id] = right ? 'right' : 'wrong';
  });
}

// A section counts as read when its end has been on the screen for a moment.
export function watchReading() {
  if (!lesson() || !('IntersectionObserver' in window)) return;
  const heads = all('article h2[id], article h3[id]').filter((head) => !head.closest('.footnotes'));
  const ends = new Map(heads.map((head, i) => [heads[i + 1] ?? document.querySelector('.after'), head.id]));
  const waiting = new Map();
  const observer = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) { clearTimeout(waiting.get(target)); continue; }
      waiting.set(target, setTimeout(() => {
        observer.unobserve(target);
        update((state) => {
          const { sections } = lessonOf(state, lesson());
          if (!sections.includes(ends.get(target))) sections.push(ends.get(target));
        }).catch(() => {});
      }, 1200));
    }
  });
  for (const end of ends.keys()) if (end) observer.observe(end);
}

// 0 … 1, of what a lesson has to solve; reading alone counts where nothing is to solve.
export function share(state, id, quizzes, exercises) {
  const done = state.lessons[id];
  if (!done) return 0;
  const total = quizzes.length + exercises.length;
  if (!total) return done.sections?.length ? 1 : 0;
  return (quizzes.filter((q) => done.quizzes?.[q] === 'right').length + exercises.filter((e) => done.exercises?.[e] === 'done').length) / total;
}

const count = (what, noun) => `${Object.keys(what).length} ${noun}${Object.keys(what).length === 1 ? '' : 's'}`;

class KenProgress extends HTMLElement {
  connectedCallback() {
    this.draw = this.draw.bind(this);
    document.addEventListener('ken-progress', this.draw);
    read().then((state) => this.draw({ detail: state }));
  }

  disconnectedCallback() { document.removeEventListener('ken-progress', this.draw); }

  draw({ detail: state }) {
    const quizzes = (this.dataset.quizzes ?? '').split(' ').filter(Boolean), exercises = (this.dataset.exercises ?? '').split(' ').filter(Boolean);
    const done = state.lessons[this.dataset.of];
    const solved = quizzes.filter((q) => done?.quizzes?.[q] === 'right').length, made = exercises.filter((e) => done?.exercises?.[e] === 'done').length;
    if (!solved && !made) return this.replaceChildren();
    const text = [quizzes.length && `${solved} of ${quizzes.length} questions`, exercises.length && `${made} of ${exercises.length} exercises`].filter(Boolean).join(', ');
    const bar = h('i');
    bar.style.transform = `scaleX(${share(state, this.dataset.of, quizzes, exercises)})`;
    bar.style.width = '100%';
    return this.replaceChildren(h('span', {}, `Solved: ${text}`), h('span.bar', { 'aria-hidden': 'true' }, bar));
  }
}

// Where this lesson stands on the path that the reader has chosen.
class KenPath extends HTMLElement {
  connectedCallback() { read().then((state) => this.draw(state)); }

  draw(state) {
    const place = known().places?.find((p) => p.id === state.path);
    if (!place) return;
    if (!place.at) { this.replaceChildren(h('span', {}, `Not on your path “${place.title}”: a detour.`)); return; }
    this.replaceChildren(h('span', {}, `Your path “${place.title}”: lesson ${place.at} of ${place.of}. `), ...(place.then ? [h('a', { href: `${root.dataset.root}${place.then.id}/` }, `Then: ${place.then.title}`)] : []));
  }
}

const definitions = () => JSON.parse(document.getElementById('ken-defs')?.textContent ?? '{}');
let defs;
export const known = () => (defs ??= definitions());
export const paths = () => known().paths ?? [];

// The start page: progress on every lesson and in the graph, the chosen path, "go on" instead of "begin".
export async function startPage() {
  const draw = (state) => {
    const path = paths().find((p) => p.id === state.path);
    for (const { id, quizzes, exercises } of known().lessons ?? []) {
      const part = share(state, id, quizzes, exercises), begun = state.lessons[id];
      const text = part >= 1 ? 'done' : part > 0 ? `${Math.round(part * 100)} % solved` : begun ? 'begun' : '';
      for (const place of all(`[data-progress="${CSS.escape(id)}"]`)) place.textContent = text;
      const node = document.querySelector(`.graph a[data-lesson="${CSS.escape(id)}"]`);
      node?.toggleAttribute('data-done', part >= 1);
      node?.classList.toggle('on', Boolean(path?.lessons.includes(id)));
    }
    document.querySelector('.graph')?.classList.toggle('path', Boolean(path));
    for (const card of all('.paths > li')) {
      card.toggleAttribute('data-chosen', card.dataset.path === state.path);
      const control = card.querySelector('button');
      if (!control) continue;
      control.setAttribute('aria-pressed', String(card.dataset.path === state.path));
      control.textContent = card.dataset.path === state.path ? 'Your path' : 'Take this path';
    }
    const order = path?.lessons ?? (known().lessons ?? []).map((l) => l.id), seen = Object.keys(state.lessons).length > 0;
    const next = order.map((id) => known().lessons?.find((l) => l.id === id)).find((l) => l && share(state, l.id, l.quizzes, l.exercises) < 1);
    const go = document.querySelector('[data-do="resume"]');
    if (go && next && (seen || path)) { go.href = `./${next.id}/`; go.textContent = `Go on: ${next.title}`; }
  };
  document.addEventListener('ken-progress', (event) => draw(event.detail));
  draw(await read());
  graphLines();
}

export async function choosePath(id) {
  const state = await update((s) => { if (s.path === id) delete s.path; else s.path = id; });
  announce(state.path ? `Your path is now ${paths().find((p) => p.id === id)?.title}` : 'No path chosen');
}

function graphLines() {
  for (const node of all('.graph a')) {
    const light = (on) => {
      for (const line of all(`.graph .edge[data-from="${node.dataset.lesson}"], .graph .edge[data-to="${node.dataset.lesson}"]`)) {
        line.classList.toggle('near', on);
        const other = line.dataset.from === node.dataset.lesson ? line.dataset.to : line.dataset.from;
        document.querySelector(`.graph a[data-lesson="${other}"]`)?.classList.toggle('near', on);
      }
    };
    for (const type of ['pointerenter', 'focus']) node.addEventListener(type, () => light(true));
    for (const type of ['pointerleave', 'blur']) node.addEventListener(type, () => light(false));
  }
}

// ---- take along, bring back, wipe ----

export async function exportProgress() {
  const url = URL.createObjectURL(new Blob([`${JSON.stringify(await read(), null, 1)}\n`], { type: 'application/json' }));
  h('a', { href: url, download: 'ken-progress.json' }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

export function importProgress() {
  const input = h('input', { type: 'file', accept: '.json,application/json' });
  input.addEventListener('change', async () => {
    try {
      const file = input.files[0];
      if (!file) return;
      if (file.size > 20e6) throw new Error(`The file has ${Math.round(file.size / 1e6)} MB; progress files are small. Choose the one that “Export” wrote.`);
      const theirs = readFile(await file.text());
      const state = await update((mine) => merge(mine, theirs));
      toast(`Progress of ${count(state.lessons, 'lesson')} and ${count(state.cards, 'card')} is here now.`);
    } catch (error) {
      toast(error.message);
    }
  });
  input.click();
}

let sure = 0;
export async function wipe(control) {
  if (Date.now() - sure > 8000) {
    sure = Date.now();
    control.textContent = 'Press again to wipe';
    announce('Press again within eight seconds to wipe your progress');
    setTimeout(() => { control.textContent = 'Wipe everything'; }, 8000);
    return;
  }
  sure = 0;
  await update(() => empty());
  control.textContent = 'Wipe everything';
  toast('All progress is gone.');
}

export async function sayStorage(place) {
  const where = await kind();
  place.textContent = where === 'memory' ? 'This browser refuses storage (private mode?): progress lasts until you leave the page. Export keeps it.' : '';
}

export function defineProgress() {
  customElements.define('ken-progress', KenProgress);
  customElements.define('ken-path', KenPath);
}
