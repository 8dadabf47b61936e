// The few helpers that all elements of the page share.

// h('button.primary', {type: 'button', onclick: f}, 'text', node): properties that start with "on" are listeners.
export function h(what, props = {}, ...children) {
  const [tag, ...classes] = what.split('.');
  const node = document.createElement(tag || 'div');
  if (classes.length) node.className = classes.join(' ');
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith('on')) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export const button = (text, onclick, props = {}) => h(`button${props.primary ? '.primary' : ''}`, { type: 'button', onclick, ...props, primary: undefined }, text);
export const all = (selector, root = document) => [...root.querySelectorAll(selector)];
export const root = document.documentElement;
export const reduced = () => matchMedia('(prefers-reduced-motion: reduce)').matches;

let region;
// Says something to a screen reader, shows nothing.
export function announce(text) {
  region ??= document.body.appendChild(h('div.sr', { role: 'status', 'aria-live': 'polite' }));
  region.textContent = '';
  setTimeout(() => { region.textContent = text; }, 30);
}

let box, timer;
// Says something to everyone, for some seconds.
export function toast(text) {
  box ??= document.body.appendChild(h('div.toast', { role: 'status' }));
  box.textContent = text;
  clearTimeout(timer);
  timer = setTimeout(() => { box.textContent = ''; }, 5000);
}

// Text of a node as one would say it: of a formula its source, not source and glyphs both.
export function plainText(node) {
  const copy = node.cloneNode(true);
  for (const formula of all('.katex', copy)) formula.replaceWith(formula.querySelector('annotation')?.textContent ?? formula.textContent);
  return copy.textContent.replace(/\s+/g, ' ').trim();
}

export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = h('textarea', { readonly: true, style: 'position:fixed;top:0;opacity:0' });
    area.value = text;
    document.body.append(area);
    area.select();
    const done = document.execCommand('copy');
    area.remove();
    return done;
  }
}

// A small deterministic generator: shuffles and sample points are the same on each visit.
export function random(seedText) {
  let state = 2166136261;
  for (const c of seedText) state = Math.imul(state ^ c.codePointAt(0), 16777619);
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t ^= t + Math.imul(t ^ (t >>> 7), 61 | t);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

export function shuffled(items, seedText) {
  const next = random(seedText), out = [...items];
  for (let i = out.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [out[i], out[j]] = [out[j], out[i]];
  }
  if (out.length > 1 && out.every((item, i) => item === items[i])) out.push(out.shift());
  return out;
}
