// What a kind of widget promises, and reading its attributes. Used by the build, the page and the worker.

const TYPES = {
  text: (v) => String(v),
  thing: (v) => String(v),
  number: (v, name) => {
    const n = typeof v === 'number' ? v : Number(v);
    if (v === '' || Number.isNaN(n)) throw new Error(`${name}="${v}" is no number`);
    return n;
  },
  integer: (v, name) => Math.round(TYPES.number(v, name)),
  bool: (v) => v === true || v === '' || v === 'true' || v === 'yes' || v === '1',
  list: (v) => (Array.isArray(v) ? v : String(v).split(/[\s,]+/).filter(Boolean)),
};

/** Attributes that every widget may carry. */
export const COMMON = { id: 'text', kind: 'text', alt: 'text', title: 'text', seed: 'integer', controls: 'list', play: 'bool', module: 'text', class: 'text' };

/** Text attributes of ::widget as typed values with defaults. Errors name what is allowed. */
export function readAttrs(kind, raw) {
  const out = {};
  for (const [name, text] of Object.entries(raw)) {
    const type = kind.attrs[name]?.type ?? COMMON[name];
    if (!type) throw new Error(`${kind.kind}: unknown attribute ${name}; known are ${Object.keys(kind.attrs).concat(Object.keys(COMMON)).sort().join(', ')}`);
    out[name] = TYPES[type](text, name);
    const choices = kind.attrs[name]?.choices;
    if (choices && ![out[name]].flat().every((v) => choices.includes(v))) throw new Error(`${kind.kind}: ${name}="${text}"; choices are ${choices.join(', ')}`);
  }
  for (const [name, spec] of Object.entries(kind.attrs)) {
    if (name in out) continue;
    if (spec.required) throw new Error(`${kind.kind}: needs ${name}="…"`);
    if (spec.default !== undefined) out[name] = spec.type === 'list' ? TYPES.list(spec.default) : spec.default;
  }
  return out;
}

/** True when only members changed that the picture shows and the computation does not read (kind.cosmetic). */
export function needsCompute(kind, before, after) {
  if (!before) return true;
  const cosmetic = new Set(kind.cosmetic ?? []);
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].some((name) => !cosmetic.has(name) && JSON.stringify(before[name]) !== JSON.stringify(after[name]));
}

/** The controls that an author chose with controls="a,b" first, the rest behind "More". */
export function listControls(kind, attrs, things, state) {
  const list = kind.controls(attrs, things, state);
  if (!attrs.controls?.length) return list;
  const chosen = attrs.controls.map((name) => list.find((c) => c.name === name)).filter(Boolean);
  return [...chosen, ...list.filter((c) => !chosen.includes(c)).map((c) => (c.type === 'scrub' ? c : { ...c, more: true }))];
}
