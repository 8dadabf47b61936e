// The loader: a module of libken (tools/wasm) as an object, in Node and in browsers. The only caller of the
// module's verbs (wasm/kw.h says how they are called). No machine learning here.

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const WHAT = ['value', 'proba', 'margin', 'leaf', 'contributions', 'interval'];
const ROOM = 256 << 20; // the largest file that a page reads

export class KenError extends Error {
  constructor({code = 'KEN_E_BUG', message = '', hint = '', place = ''} = {}) {
    super(message);
    Object.assign(this, {name: 'KenError', code, hint, place});
  }
}

const fail = (code, message, hint = '') => { throw new KenError({code, message, hint}); };
const number = (text) => (typeof text === 'string' ? Number(text) : text); // "NaN", "Infinity"
const texts = (settings = {}) => Object.fromEntries(Object.entries(settings).map(([name, value]) => [name, String(value)]));

async function compile(source) {
  if (typeof WebAssembly !== 'object')
    fail('KEN_E_UNSUPPORTED', 'this browser has no WebAssembly', 'use a current browser; the pictures and numbers of the page stay');
  if (source instanceof WebAssembly.Module) return source;
  let bytes = source;
  if (typeof source === 'string' || source instanceof URL) {
    const url = new URL(source, globalThis.location?.href ?? import.meta.url);
    if (url.protocol === 'file:') bytes = await (await import('node:fs/promises')).readFile(url);
    else bytes = await fetch(url).catch(() => fail('KEN_E_IO', `cannot fetch ${url}`, 'check the connection and load the page again'));
  }
  if (typeof Response === 'function' && bytes instanceof Response) {
    if (!bytes.ok) fail('KEN_E_IO', `${bytes.url}: status ${bytes.status}`, 'load the page again');
    bytes = await bytes.arrayBuffer();
  }
  try {
    return await WebAssembly.compile(bytes);
  } catch (e) {
    return fail('KEN_E_FORMAT', `not a module: ${e.message}`, 'load the page again; a browser without SIMD cannot run it');
  }
}

class Thing { // what a handle stands for; `life` ends when the module is started anew
  constructor(ken, handle) {
    Object.assign(this, {ken, handle, life: ken.core.life});
    ken.made?.push(this);
  }
  free() {
    if (this.handle && this.life === this.ken.core.life) this.ken.call('free', this.handle);
    this.handle = 0;
  }
  id() {
    if (this.life !== this.ken.core.life)
      fail('KEN_E_STATE', 'the module has been started anew since this was made', 'make the table and the model again');
    return this.handle;
  }
  toJSON() { return this.id(); }
}

export class Table extends Thing {
  get info() { return this.cache ??= this.ken.json('table_info', this.id()); }
  get rows() { return this.info.rows; }
  get columns() { return this.info.columns.map((c) => ({...c, min: number(c.min), max: number(c.max)})); }
  column(name) { // number of a column by name or number
    const j = typeof name === 'number' ? name : this.info.columns.findIndex((c) => c.name === name);
    if (j < 0) fail('KEN_E_NOT_FOUND', `the table has no column '${name}'`, `it has ${this.info.columns.map((c) => c.name).join(', ')}`);
    return j;
  }
  values(name) { return this.ken.doubles('values', this.id(), this.column(name)); }
  texts(name, first = 0, n = this.rows - first) { return this.ken.json('texts', this.id(), this.column(name), first, n); }
}

const fitArgs = (ken, target, {rows, ...options}) => ken.put({target, ...options}, rows ?? []).concat(rows ? rows.length : 0);

export class Model extends Thing {
  set(settings) { this.ken.call('model_set', this.id(), ...this.ken.put(texts(settings))); return this; }
  fit(table, target, options = {}) {
    this.ken.call('fit', this.id(), table.id(), ...fitArgs(this.ken, target, options));
    return this;
  }
  predict(table, what = 'value') {
    const width = this.ken.call('predict', this.id(), table.id(), WHAT.indexOf(what));
    return {width, data: this.ken.result(Float64Array)};
  }
  transform(table) { return new Table(this.ken, this.ken.call('transform', this.id(), table.id())); }
  encode(table, target) { return this.ken.doubles('encode', this.id(), table.id(), table.column(target)); }
  get info() { return this.ken.json('model_info', this.id()); }
  params() { return this.info.params; }
  attrs() { return this.info.attrs; }
  classes() { return this.info.classes ?? []; }
  attr(name) {
    const listed = this.attrs().find((a) => a.name === name);
    const text = this.ken.call('attr', this.id(), ...this.ken.put(name));
    return {shape: listed.shape, data: text ? JSON.parse(this.ken.text()) : this.ken.result(Float64Array)};
  }
  tree(i = 0, depth = 20) { return this.ken.json('tree', this.id(), i, depth); }
  save() { this.ken.call('save', this.id()); return this.ken.result(Uint8Array); }
  trace(table, target, options = {}) {
    return new Trace(this.ken, this.ken.call('trace_new', this.id(), table.id(), ...fitArgs(this.ken, target, options)));
  }
}

export class Trace extends Thing {
  // Steps to k. `slice` (ms): returns a promise, works so long at a time and asks cancelled() between.
  seek(k, {slice = 0, cancelled = () => false, progress = () => {}} = {}) {
    const step = (to) => this.ken.call('trace_seek', this.id(), to);
    const reached = (at) => { this.done = at.iteration < k || at.iteration === at.total; return this; };
    if (!slice) { step(k); return reached(this.position()); }
    return (async () => {
      let at = this.position();
      if (k < at.iteration) { step(0); at = this.position(); }
      for (;;) {
        const end = performance.now() + slice;
        let before;
        do {
          before = at.iteration;
          if (before < k) step(before + 1);
          at = this.position();
        } while (at.iteration < k && at.iteration > before && performance.now() < end);
        if (at.iteration >= k || at.iteration <= before) return reached(at);
        progress(at.iteration, k);
        await pause();
        if (cancelled()) fail('KEN_E_CANCELLED', 'stopped as asked');
      }
    })();
  }
  position() { return this.ken.json('trace_at', this.id()); }
  get at() {
    const at = this.position();
    const views = Object.fromEntries(at.views.map(({name, shape}, i) => [name, {shape, data: this.ken.doubles('trace_view', this.id(), i)}]));
    return {...at, done: Boolean(this.done), objective: number(at.objective), validation: number(at.validation), views};
  }
  end() { this.ken.call('trace_end', this.id()); this.handle = 0; }
}

const channel = typeof MessageChannel === 'function' && typeof window === 'object' ? new MessageChannel() : null;
// Lets messages in; timers of pages are slower than messages.
export const pause = () => new Promise((go) => {
  if (!channel) { setTimeout(go, 0); return; }
  channel.port1.onmessage = go;
  channel.port2.postMessage(0);
});

export class Ken {
  static async load(source) { return new Ken(await compile(source)); }

  constructor(module) {
    this.core = {module, life: 0};
    this.start();
  }

  // A view of the same module with a seed of its own; release() frees what was made through it.
  scope() { return Object.assign(Object.create(this), {made: [], seeded: 1}); }
  release() { while (this.made.length) this.made.pop().free(); }

  start() {
    const {core} = this;
    core.life++;
    core.seed = 1;
    // What is left of wasi's libc asks for these; the library never writes to a file here.
    const stubs = new Proxy({}, {get: () => () => 52});
    core.exports = new WebAssembly.Instance(core.module, {wasi_snapshot_preview1: stubs}).exports;
    core.exports._initialize?.();
    if (core.exports.kw_open() < 0) fail('KEN_E_NOMEM', 'no memory for the module', 'close other pages');
  }

  // One verb; a trap starts the module anew, and is an error like any other.
  call(verb, ...args) {
    const {core} = this;
    const {seeded = 1} = this;
    let status;
    try {
      if (core.seed !== seeded) core.exports.kw_seed(core.seed = seeded);
      status = core.exports[`kw_${verb}`](...args);
    } catch (e) {
      if (!(e instanceof WebAssembly.RuntimeError || e instanceof RangeError)) throw e;
      this.start();
      fail('KEN_E_BUG', `the module stopped: ${e.message}`, 'tables and models are gone; make them again, with less data');
    }
    if (status < 0) {
      core.exports.kw_error(status);
      throw new KenError(JSON.parse(this.text()));
    }
    return status;
  }

  // Writes JSON and arrays into the module's input; gives the size of the JSON.
  put(json, ...arrays) {
    const text = json === undefined ? new Uint8Array() : encoder.encode(JSON.stringify(json));
    let at = (text.length + 7) & ~7;
    const total = arrays.reduce((sum, a) => sum + a.length * (a.BYTES_PER_ELEMENT ?? 1), at);
    const start = total > ROOM ? 0 : this.core.exports.kw_input(total || 8);
    if (!start) fail('KEN_E_LIMIT', `${Math.round(total / 1e6)} MB are too much for a page`, 'take fewer rows here, and the program `ken` for all of them');
    new Uint8Array(this.memory, start, text.length).set(text);
    for (const array of arrays) {
      const bytes = array instanceof Uint8Array ? array : new Uint8Array(array.buffer ?? Uint8Array.from(array).buffer, array.byteOffset, array.byteLength);
      new Uint8Array(this.memory, start + at, bytes.length).set(bytes);
      at += bytes.length;
    }
    return [text.length];
  }
  get memory() { return this.core.exports.memory.buffer; }
  result(Type) {
    const start = this.core.exports.kw_result();
    const size = this.core.exports.kw_result_size();
    return new Type(this.memory.slice(start, start + size));
  }
  text() { return decoder.decode(this.result(Uint8Array)); }
  json(verb, ...args) { this.call(verb, ...args); return JSON.parse(this.text()); }
  doubles(verb, ...args) { this.call(verb, ...args); return this.result(Float64Array); }

  things() { return this.core.things ??= this.json('things'); }
  seed(value) { this.call('seed', value); this.core.seed = this.seeded = value; }
  dataset(name) { return new Table(this, this.call('dataset', ...this.put(name))); }
  csv(bytes, name = 'table') {
    if (typeof bytes === 'string') bytes = encoder.encode(bytes);
    const table = this.call('csv', ...this.put(name, bytes), bytes.length);
    if (bytes.length > 1 << 20) this.core.exports.kw_input_free();
    return new Table(this, table);
  }
  // {x: Float64Array | numbers, kind: {codes, levels}}
  table(columns) {
    const entries = Object.entries(columns);
    const rows = entries.length ? (entries[0][1].codes ?? entries[0][1]).length : 0;
    const table = new Table(this, this.call('table_new', rows));
    try {
      for (const [name, values] of entries) {
        const {codes, levels} = values;
        const array = codes ? Int32Array.from(codes) : values instanceof Float64Array ? values : Float64Array.from(values, (v) => v ?? NaN);
        if (array.length !== rows) fail('KEN_E_SHAPE', `column '${name}' has ${array.length} values, not ${rows}`, 'give all columns the same length');
        this.call('table_column', table.id(), ...this.put({name, levels}, array));
      }
    } catch (e) {
      table.free();
      throw e;
    }
    return table;
  }
  // settings: {alpha: 0.1, 'recipe.scale': 'none'}; recipe: true puts the recipe before the model, for any table.
  model(name, {recipe, ...settings} = {}) {
    recipe = Boolean(recipe) || Object.keys(settings).some((key) => key.startsWith('recipe.'));
    return new Model(this, this.call('model_new', ...this.put({name, recipe, settings: texts(settings)})));
  }
  load(bytes, name = 'model') { return new Model(this, this.call('load', ...this.put(name, bytes), bytes.length)); }
  metrics(task, y, predicted, proba, options = {}) {
    const n = y.length;
    const top = (a) => a.reduce((m, v) => Math.max(m, v + 1), 0);
    const classes = task !== 'classify' ? 0 : proba && n ? proba.length / n : Math.max(2, top(y), top(predicted));
    if (predicted.length !== n || (proba && classes && !Number.isInteger(classes))) fail('KEN_E_SHAPE', `${n} rows, ${predicted.length} predictions`, 'pass arrays of one length');
    const arrays = [y, predicted, ...(proba && classes ? [proba] : [])].map((a) => Float64Array.from(a));
    const spec = {task, n, classes, proba: Boolean(proba && classes), ...options};
    return this.json('metrics', ...this.put(spec, ...arrays)).map((m) => ({...m, value: number(m.value), low: number(m.low), high: number(m.high)}));
  }
  split(table, name, {index = 0, group, time, task, ...settings} = {}, target) {
    this.call('split', table.id(), ...this.put({name, index, group, time, task, target, settings: texts(settings)}));
    return this.result(Uint8Array);
  }
  // Tables and models among the arguments go by handle; arrays come back as Float64Array.
  probe(name, args = {}) {
    this.call('probe', ...this.put({name, in: plain(args)}));
    return JSON.parse(this.text(), (key, value) => {
      if (!Array.isArray(value?.f64)) return value === 'NaN' || value === 'Infinity' || value === '-Infinity' ? Number(value) : value;
      const [start, n] = value.f64;
      return new Float64Array(this.memory.slice(start, start + 8 * n));
    });
  }
  cells() { return this.json('cells'); }
  // Records of cell `id`, in a fresh module after the cells before it, as natively; no id: of all cells.
  cell(id) { return this.cellLines(id).map((line) => JSON.parse(line)); }
  // The same as lines of JSON, as they were written.
  cellLines(id) {
    const fresh = new Ken(this.core.module);
    const ids = fresh.cells();
    if (id !== undefined && !ids.includes(id)) fail('KEN_E_NOT_FOUND', `there is no cell '${id}'`, `there are ${ids.join(', ')}`);
    const records = [];
    for (let i = 0; i < ids.length; i++) {
      const state = fresh.call('cell', i);
      const lines = fresh.text().split('\n').filter(Boolean);
      if (id === undefined || ids[i] === id || state === 2) records.push(...lines);
      if (ids[i] === id || state === 2) break;
    }
    return records;
  }
}

// Typed arrays as JSON arrays, for probes.
const plain = (args) => Object.fromEntries(Object.entries(args).map(([k, v]) => [k, ArrayBuffer.isView(v) ? Array.from(v) : v]));
