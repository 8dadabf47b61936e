// libken behind a Worker: takes {id, op, args} from remote.mjs, answers {id, value} or {id, error}, and {id, progress}
// between. {cancel: id} asks a call to stop. One worker a page's module; what lives here is named by number.

import { Ken, KenError, Table, Model, Trace, pause } from './ken.mjs';

const SLICE_MS = 30;

/** Buffers that may move to the page instead of being copied. */
export function transferables(value, found = new Set()) {
  if (ArrayBuffer.isView(value)) found.add(value.buffer);
  else if (value && typeof value === 'object') for (const v of Object.values(value)) transferables(v, found);
  return found;
}

const plainError = (e) => ({ name: e.name, code: e.code ?? 'KEN_E_BUG', message: e.message, hint: e.hint ?? '', place: e.place ?? '' });

class Server {
  constructor(port, kindURL) {
    Object.assign(this, { port, kindURL, objects: new Map(), next: 1, calls: new Map(), kinds: new Map(), own: new Map() });
  }

  async message(data) {
    if (data.cancel) {
      const call = this.calls.get(data.cancel);
      if (call) call.cancelled = true;
      return;
    }
    const { id, op, args = [] } = data;
    const call = { id, cancelled: false, since: performance.now() };
    this.calls.set(id, call);
    try {
      const value = this.pack(await this.run(op, args, call));
      this.port.postMessage({ id, value }, [...transferables(value)]);
    } catch (e) {
      this.port.postMessage({ id, error: plainError(e) });
    }
    this.calls.delete(id);
  }

  pack(value) {
    if (!(value instanceof Table || value instanceof Model || value instanceof Trace)) return value;
    const known = [...this.objects].find(([, object]) => object === value)?.[0] ?? this.next++;
    this.objects.set(known, value);
    return { ref: known };
  }

  unpack = (value) => {
    if (!value || typeof value !== 'object' || ArrayBuffer.isView(value)) return value;
    if (value.ref !== undefined) {
      if (this.objects.has(value.ref)) return this.objects.get(value.ref);
      throw new KenError({ code: 'KEN_E_STATE', message: 'this was freed, or the worker was started anew', hint: 'make the table and the model again' });
    }
    return Array.isArray(value) ? value.map(this.unpack) : Object.fromEntries(Object.entries(value).map(([k, v]) => [k, this.unpack(v)]));
  };

  async run(op, args, call) {
    if (op === 'load') {
      this.loading = Ken.load(args[0]);
      this.address = args;
      await this.loading;
      return true;
    }
    const ken = await this.loading;
    if (op === 'compute') return this.compute(args[0], call);
    if (op === 'inspect') return (({ rows, columns }) => ({ rows, columns }))(this.table(await this.reader(), args[0]));
    const [target, name] = op === 'method' ? [this.unpack(args[0]), args[1]] : [ken, op];
    const values = (op === 'method' ? args.slice(2) : args).map(this.unpack);
    if (name === 'free') this.objects.delete(args[0].ref);
    if (target instanceof Trace && name === 'seek') return target.seek(values[0], { slice: SLICE_MS, ...this.env(call) });
    const member = target[name];
    if (member === undefined || name.startsWith('_')) throw new KenError({ code: 'KEN_E_NOT_FOUND', message: `there is no '${name}' to call` });
    return typeof member === 'function' ? member.apply(target, values) : member;
  }

  env(call) {
    return { cancelled: () => call.cancelled, progress: (done, total) => this.port.postMessage({ id: call.id, progress: { done, total } }) };
  }

  /** What reads the reader's own data: it takes the place of a smaller module for good. */
  reader() {
    const [module, whole] = this.address;
    if (whole && whole !== module) {
      this.loading = Ken.load(whole);
      this.address = [whole, whole];
    }
    return this.loading;
  }

  /** The reader's own table: the bytes come once and are named by number. */
  table(ken, { data, bytes }) {
    if (bytes) this.own.set(data, { bytes });
    const own = this.own.get(data);
    if (own.table?.ken.core !== ken.core || own.table.life !== ken.core.life) own.table = ken.csv(own.bytes, 'your table');
    return own.table;
  }

  async compute({ kind, state, attrs, own }, call) {
    const ken = await (own ? this.reader() : this.loading);
    if (!this.kinds.has(kind)) {
      if (!/^[a-z][a-z0-9_-]*$/.test(kind)) throw new KenError({ code: 'KEN_E_ARG', message: `"${kind}" is no kind of widget` });
      this.kinds.set(kind, import(this.kindURL(kind)).then((m) => m.default));
    }
    const { compute } = await this.kinds.get(kind);
    const env = {
      ...this.env(call),
      data: own ? { table: this.table(ken, own), pick: own.pick } : null,
      // Cheap to call often: lets messages in when its time is over.
      slice: async () => {
        if (performance.now() - call.since < SLICE_MS) return;
        await pause();
        call.since = performance.now();
      },
    };
    await pause(); // a newer state may be waiting
    if (call.cancelled) return null;
    const scope = ken.scope(); // several widgets work here at once
    try {
      return await compute(scope, state, attrs, env);
    } finally {
      scope.release();
    }
  }
}

/** Serves calls that come over `port`: the Worker's own, or one of a MessageChannel. */
export function serve(port, kindURL = (kind) => new URL(`./kinds/${kind}.js`, globalThis.location.href).href) {
  const server = new Server(port, kindURL);
  port.onmessage = ({ data }) => server.message(data);
}

if (typeof WorkerGlobalScope === 'function' && globalThis instanceof WorkerGlobalScope) serve(globalThis);
