// The only place where the shell meets libken: modules are loaded in a worker, on demand, by the runtime's remote.mjs.
import { root } from './dom.mjs';

const loaded = new Map();

export class Missing extends Error {}

// which: 'module' (the lesson's) or 'recall' (the scheduler of cards); their addresses are on <html>. fresh: an instance of its own.
export function engine(which, { fresh = false } = {}) {
  const url = root.dataset[which], remote = root.dataset.remote;
  if (typeof WebAssembly === 'undefined') return Promise.reject(new Missing('WebAssembly is switched off in this browser, so C cannot run here. The results beside the code were computed when the page was built.'));
  if (!url || !remote) return Promise.reject(new Missing('This page carries no module to run.'));
  const load = () => import(new URL(remote, document.baseURI).href).then(({ Remote }) => Remote.load(new URL(url, document.baseURI).href));
  if (fresh) return load();
  if (!loaded.has(which)) {
    const promise = load();
    promise.catch(() => loaded.delete(which));
    loaded.set(which, promise);
  }
  return loaded.get(which);
}

// Memory of cards, by ken/stats/recall (FSRS-6). A memory: {stability, difficulty}, or {} for a card never asked.
export async function recall() {
  const ken = await engine('recall');
  const ask = (op, memory, days, more) => ken.probe('recall', { op, stability: memory.stability ?? 0, difficulty: memory.difficulty ?? 0, days, ...more });
  return {
    review: (memory, days, grade) => ask('review', memory, days, { grade }),                     // {stability, difficulty, interval}
    now: (memory, days) => ask('probability', memory, days),                                     // {probability, interval}
  };
}
