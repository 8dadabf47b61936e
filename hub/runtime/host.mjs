// Where kinds compute: one host a module, shared by all widgets of a page. A host gives things(), compute(), inspect().
// In the page the work is done in a Worker (remote.mjs); without Workers, and in tests, right here.

export const kindURL = (kind) => new URL(`./kinds/${kind}.js`, import.meta.url).href;

const kinds = new Map();
export function loadKind(name, url = kindURL(name)) {
  if (!/^[a-z][a-z0-9_-]*$/.test(name)) return Promise.reject(new Error(`"${name}" is no kind of widget`));
  if (!kinds.has(name)) kinds.set(name, import(url).then((m) => m.default));
  return kinds.get(name);
}

/** Computes on this thread with a ken that is already there. */
export class LocalHost {
  constructor(ken, load = loadKind) {
    this.ken = ken;
    this.load = load;
    this.tables = new WeakMap();
  }

  async things() {
    return (await this.ken).things();
  }

  async table(bytes) {
    if (!this.tables.has(bytes)) this.tables.set(bytes, (await this.ken).csv(bytes));
    return this.tables.get(bytes);
  }

  async inspect(bytes) {
    const table = await this.table(bytes);
    return { rows: table.rows, columns: table.columns };
  }

  async compute({ kind, state, attrs, own }, signal) {
    const [ken, k] = [await this.ken, await this.load(kind)];
    const data = own ? { table: await this.table(own.bytes), pick: own.pick } : null;
    const env = { data, cancelled: () => signal?.aborted ?? false, slice: () => new Promise((resolve) => setTimeout(resolve)) };
    return k.compute(ken, state, attrs, env);
  }
}

const hosts = new Map();
/** The host of a module's URL; `make` is called once for it. */
export function hostOf(url, make) {
  if (!hosts.has(url)) hosts.set(url, make(url));
  return hosts.get(url);
}
