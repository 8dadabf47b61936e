// The state of a widget is plain JSON. A link carries only what differs from the initial state:
//   #w1=1eyJhbHBoYSI6MTB9&w2=1...      widget id = version digit + base64url(JSON patch)
// A patch is an object: changed members; "~" lists members that are gone; a member whose name starts with "~" gets
// one more. Where both sides are objects the member is itself a patch, so the initial state says how to read it.

export const STATE_VERSION = '1';

const isObject = (v) => v !== null && typeof v === 'object' && !Array.isArray(v);
const escapeKey = (key) => (key.startsWith('~') ? `~${key}` : key);
const unescapeKey = (key) => (key.startsWith('~~') ? key.slice(1) : key);

export function equalJSON(a, b) {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((v, i) => equalJSON(v, b[i]));
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((k) => Object.hasOwn(b, k) && equalJSON(a[k], b[k]));
}

/** What turns `from` into `to`; undefined when nothing does. */
export function diff(from, to) {
  const entries = [];
  const gone = Object.keys(from).filter((key) => !Object.hasOwn(to, key));
  if (gone.length) entries.push(['~', gone]);
  for (const [key, value] of Object.entries(to)) {
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    if (equalJSON(before, value)) continue;
    entries.push([escapeKey(key), isObject(before) && isObject(value) ? diff(before, value) : value]);
  }
  return entries.length ? Object.fromEntries(entries) : undefined;
}

export function patch(from, change) {
  if (!change) return from;
  const gone = new Set(Array.isArray(change['~']) ? change['~'] : []);
  const out = new Map(Object.entries(from).filter(([key]) => !gone.has(key)));
  for (const [name, value] of Object.entries(change)) {
    if (name === '~') continue;
    const key = unescapeKey(name);
    const before = Object.hasOwn(from, key) ? from[key] : undefined;
    out.set(key, isObject(before) && isObject(value) ? patch(before, value) : value);
  }
  return Object.fromEntries(out);
}

function toBase64url(text) {
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replace(/=+$/, '');
}

function fromBase64url(text) {
  const binary = atob(text.replaceAll('-', '+').replaceAll('_', '/'));
  return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(binary, (c) => c.charCodeAt(0)));
}

/** The text of a link for one widget, '' for the initial state. */
export function encodeState(initial, state) {
  const change = diff(initial, state);
  return change ? STATE_VERSION + toBase64url(JSON.stringify(change)) : '';
}

/** The state that a link says; null where the text is not one of ours (another version, cut off, edited). */
export function decodeState(initial, text) {
  if (!text.startsWith(STATE_VERSION)) return null;
  try {
    const change = JSON.parse(fromBase64url(text.slice(STATE_VERSION.length)));
    return isObject(change) ? patch(initial, change) : null;
  } catch {
    return null;
  }
}

/** Members that the initial state lacks, or has with another type, are dropped: a link never breaks a widget. */
export function admit(initial, state) {
  const same = (a, b) => a === null || b === null || (typeof a === typeof b && Array.isArray(a) === Array.isArray(b));
  const entries = Object.entries(initial).map(([key, value]) => {
    if (!Object.hasOwn(state, key) || !same(value, state[key])) return [key, value];
    if (typeof value === 'number' && state[key] !== null && !Number.isFinite(state[key])) return [key, value];
    return [key, state[key]];
  });
  return Object.fromEntries(entries);
}

/** '#w1=…&w2=…' as a map; anything else in the hash (a heading's anchor) is kept under ''. */
export function parseHash(hash) {
  const out = new Map();
  for (const part of hash.replace(/^#/, '').split('&')) {
    const at = part.indexOf('=');
    if (at > 0) out.set(decodeURIComponent(part.slice(0, at)), part.slice(at + 1));
    else if (part) out.set('', part);
  }
  return out;
}

export function formatHash(map) {
  const parts = [...map].filter(([, text]) => text).map(([id, text]) => (id ? `${encodeURIComponent(id)}=${text}` : text));
  return parts.length ? `#${parts.join('&')}` : '';
}

/** state.a.b by 'a.b'. */
export const getPath = (state, path) => path.split('.').reduce((at, key) => (at == null ? undefined : at[key]), state);

/** A copy of the state with one member changed. */
export function setPath(state, path, value) {
  const [key, ...rest] = path.split('.');
  return { ...state, [key]: rest.length ? setPath(isObject(state[key]) ? state[key] : {}, rest.join('.'), value) : value };
}
