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
