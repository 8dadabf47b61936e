// Progress of the reader: one JSON object (docs/HUB.md, "Formats"), in IndexedDB, else localStorage, else only this page.
// Every change is read-modify-write in one transaction, so two tabs do not undo each other.

export const VERSION = 1;
const KEY = 'ken-progress';
export const empty = () => ({ ken: 'progress', version: VERSION, cards: {}, lessons: {} });

function openDatabase() {
  return new Promise((done, failed) => {
    const request = indexedDB.open('ken', 1);
    request.onupgradeneeded = () => request.result.createObjectStore('state');
    request.onsuccess = () => done(request.result);
    request.onerror = () => failed(request.error);
    request.onblocked = () => failed(new Error('blocked'));
  });
}

function inDatabase(db) {
  const run = (change) => new Promise((done, failed) => {
    const transaction = db.transaction('state', change ? 'readwrite' : 'readonly');
    const box = transaction.objectStore('state'), request = box.get(KEY);
    let state;
    request.onsuccess = () => {
      state = request.result ?? empty();
      if (!change) return;
      try { state = change(state) ?? state; box.put(state, KEY); } catch (error) { transaction.abort(); failed(error); }
    };
    transaction.oncomplete = () => done(state);
    transaction.onerror = transaction.onabort = () => failed(transaction.error);
  });
  return { kind: 'indexeddb', read: () => run(), update: run };
}

function inLocalStorage() {
  localStorage.setItem('ken-probe', '1');
  localStorage.removeItem('ken-probe');
  const read = async () => JSON.parse(localStorage.getItem(KEY) ?? 'null') ?? empty();
  return { kind: 'localstorage', read, async update(change) {
    const state = await read(), changed = change(state) ?? state;
    localStorage.setItem(KEY, JSON.stringify(changed));
    return changed;
  } };
}

function inMemory() {
  let state = empty();
  return { kind: 'memory', read: async () => state, update: async (change) => (state = change(state) ?? state) };
}

const backend = (async () => {
  try { return inDatabase(await openDatabase()); } catch { /* refused: private mode */ }
  try { return inLocalStorage(); } catch { return inMemory(); }
})();

const channel = 'BroadcastChannel' in globalThis ? new BroadcastChannel('ken-progress') : null;
channel?.unref?.(); // in Node, where tests run, it would keep the process alive
const tell = (state) => document.dispatchEvent(new CustomEvent('ken-progress', { detail: state }));
channel?.addEventListener('message', async () => tell(await read()));

export const kind = async () => (await backend).kind;
export const read = async () => (await backend).read();
export async function update(change) {
  const state = await (await backend).update(change);
  tell(state);
  channel?.postMessage('');
  return state;
}

export const lessonOf = (state, id) => {
  const lesson = (state.lessons[id] ??= {});
  lesson.sections ??= [];
  lesson.quizzes ??= {};
  lesson.exercises ??= {};
  return lesson;
};

// The later review of each card counts; of sections and answers, all that was done anywhere.
export function merge(mine, theirs) {
  const out = { ...theirs, ...mine, cards: { ...mine.cards }, lessons: { ...mine.lessons } };
  for (const [id, card] of Object.entries(theirs.cards ?? {})) {
    if (!out.cards[id] || String(card.last ?? '') > String(out.cards[id].last ?? '')) out.cards[id] = card;
  }
  for (const [id, theirLesson] of Object.entries(theirs.lessons ?? {})) {
    const a = lessonOf({ lessons: { [id]: { ...theirLesson } } }, id), b = lessonOf({ lessons: { [id]: { ...mine.lessons[id] } } }, id);
    const quizzes = { ...a.quizzes, ...b.quizzes };
    for (const [quiz, answer] of Object.entries(a.quizzes)) if (answer === 'right') quizzes[quiz] = 'right';
    out.lessons[id] = { ...a, ...b, sections: [...new Set([...b.sections, ...a.sections])], quizzes, exercises: { ...a.exercises, ...b.exercises } };
  }
  return out;
}

const plain = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
const finite = (v) => typeof v === 'number' && Number.isFinite(v);

// Checks a file before it is merged. Returns the state; throws an Error that says what is wrong and what is expected.
export function readFile(text) {
  let state;
  try { state = JSON.parse(text); } catch { throw new Error('The file is not JSON. Choose a file that “Export” or `ken quiz --export` wrote.'); }
  if (!plain(state) || state.ken !== 'progress') throw new Error('The file holds no progress of ken (expected "ken": "progress").');
  if (state.version !== VERSION) throw new Error(`The file is of version ${state.version}; this page reads version ${VERSION}. Reload the page, or export anew.`);
  for (const member of ['cards', 'lessons']) {
    state[member] ??= {};
    if (!plain(state[member]) || !Object.values(state[member]).every(plain)) throw new Error(`The file's “${member}” is not an object of objects.`);
    if (Object.hasOwn(state[member], '__proto__')) throw new Error(`The file's “${member}” has a member that cannot be.`);
  }
  for (const [id, card] of Object.entries(state.cards)) {
    if (!finite(card.stability) || !finite(card.difficulty) || !/^\d{4}-\d\d-\d\d$/.test(card.last)) throw new Error(`Card ${id} lacks stability, difficulty or a day (YYYY-MM-DD).`);
  }
  for (const [id, lesson] of Object.entries(state.lessons)) {
    const sound = (lesson.sections === undefined || Array.isArray(lesson.sections)) && ['quizzes', 'exercises'].every((m) => lesson[m] === undefined || plain(lesson[m]));
    if (!sound) throw new Error(`Lesson ${id}: sections must be a list, quizzes and exercises objects.`);
  }
  return state;
}
