// The page's side of worker.mjs: the object of ken.mjs with promises, and compute() for widgets. Also a host for
// them: things(), inspect(bytes), compute({kind, state, attrs, own}, signal, progress).

import { KenError } from './ken.mjs';

// Bundles may put this file into shared/.
const here = new URL(/\/shared\/[^/]+$/.test(import.meta.url) ? '../' : './', import.meta.url);
const PATIENCE_MS = 3000; // how long work that nobody waits for may hold the worker

// Each name becomes a method of Remote and its objects: remote.dataset('iris') gives a promise.
const VERBS = ['seed', 'dataset', 'csv', 'table', 'model', 'load', 'metrics', 'split', 'probe', 'cells', 'cell'];

class RemoteObject {
  constructor(remote, ref) {
    Object.assign(this, { remote, ref });
    return new Proxy(this, {
      get: (target, name) => {
        if (name in target || typeof name !== 'string' || name === 'then') return target[name];
        return (...args) => remote.call('method', [{ ref }, name, ...args.map(flat)]);
      },
    });
  }
}

const flat = (value) => {
  if (value instanceof RemoteObject) return { ref: value.ref };
  if (!value || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
  return Array.isArray(value) ? value.map(flat) : Object.fromEntries(Object.entries(value).map(([k, v]) => [k, flat(v)]));
};

export class Remote {
  /** module: the address of a .wasm; whole: that of one which reads the reader's own data, if this one does not; connect: gives a Worker or a MessagePort. */
  static async load(module, options) {
    const remote = new Remote(module, options);
    await remote.loaded;
    return remote;
  }

  constructor(module, { whole, connect = () => new Worker(new URL('worker.js', here), { type: 'module' }), patience = PATIENCE_MS } = {}) {
    Object.assign(this, { module: module instanceof URL ? module.href : module, whole, connect, patience, next: 1, waiting: new Map(), latest: new Map(), sent: new Map() });
    this.own = new WeakMap();
    for (const verb of VERBS) this[verb] ??= (...args) => this.call(verb, args.map(flat));
    this.start();
  }

  start() {
    this.sent.clear();
    this.port = this.connect();
    this.port.onmessage = ({ data }) => this.answer(data);
    this.port.onerror = (e) => this.broken(e.message ?? 'the worker cannot start');
    this.loaded = this.call('load', [this.module, this.whole]);
    this.loaded.catch(() => {}); // every later call tells
  }

  /** One call. signal: an AbortSignal; progress: gets ({done, total}). */
  call(op, args = [], { signal, progress } = {}) {
    const id = this.next++;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, { resolve, reject, progress });
      signal?.addEventListener('abort', () => this.cancel(id), { once: true });
      this.port.postMessage({ id, op, args });
      if (signal?.aborted) this.cancel(id);
    });
  }

  answer({ id, value, error, progress }) {
    const call = this.waiting.get(id);
    if (!call) return;
    if (progress) {
      call.progress?.(progress);
      return;
    }
    this.waiting.delete(id);
    clearTimeout(call.timer);
    if (error) call.reject(new KenError(error));
    else call.resolve(value?.ref ? new RemoteObject(this, value.ref) : value);
  }

  /** Asks the call to stop; a worker that does not listen is replaced. */
  cancel(id) {
    const call = this.waiting.get(id);
    if (!call || call.timer) return;
    this.port.postMessage({ cancel: id });
    call.timer = setTimeout(() => this.waiting.has(id) && this.restart(id), this.patience);
    call.timer.unref?.();
  }

  restart(id) {
    if (!this.port.terminate) return;
    this.port.terminate();
    const left = [...this.waiting];
    this.waiting.clear();
    this.start();
    for (const [other, call] of left) {
      clearTimeout(call.timer);
      const again = other !== id && !call.timer && call.again;
      if (again) again().then(call.resolve, call.reject);
      else call.reject(new KenError({ code: 'KEN_E_CANCELLED', message: 'stopped: it took too long' }));
    }
  }

  broken(message) {
    for (const call of this.waiting.values()) call.reject(new KenError({ code: 'KEN_E_IO', message, hint: 'load the page again' }));
    this.waiting.clear();
  }

  close() {
    (this.port.terminate ?? this.port.close).call(this.port);
    this.broken('the worker was closed');
  }

  things() { return (this.catalog ??= this.call('things')); }

  /** The reader's bytes cross once; afterwards a number names them. */
  data(bytes) {
    if (!this.own.has(bytes)) this.own.set(bytes, this.next++);
    const data = this.own.get(bytes);
    if (this.sent.has(data)) return { data };
    this.sent.set(data, true);
    return { data, bytes };
  }

  inspect(bytes) { return this.call('inspect', [this.data(bytes)]); }

  /** Runs a kind's compute in the worker. `key` (the widget): a newer call of it cancels the older one, which gives null. */
  compute({ kind, state, attrs, own, key }, signal, progress) {
    if (key !== undefined && this.latest.has(key)) this.cancel(this.latest.get(key));
    const ask = () => this.call('compute', [{ kind, state, attrs, own: own && { ...this.data(own.bytes), pick: own.pick } }], { signal, progress });
    const id = this.next;
    const result = ask();
    this.waiting.get(id).again = ask;
    if (key === undefined) return result;
    this.latest.set(key, id);
    return result.finally(() => this.latest.get(key) === id && this.latest.delete(key));
  }
}
