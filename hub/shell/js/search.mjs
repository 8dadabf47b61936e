// Search: Pagefind's index, its own dialog. The index is loaded when the dialog is first opened, from this site.
import { all, button, h, root } from './dom.mjs';

let dialog, input, list, say, finder, turn = 0;

export function openSearch() {
  dialog ??= build();
  if (dialog.open) return;
  dialog.showModal();
  input.select();
  finder ??= load();
  finder.catch(() => {});
}

function build() {
  input = h('input', { type: 'search', role: 'combobox', 'aria-expanded': 'false', 'aria-controls': 'ken-hits', 'aria-label': 'Search lessons, terms and code', placeholder: 'Lessons, terms, code …', autocomplete: 'off', spellcheck: 'false', enterkeyhint: 'search' });
  list = h('ul.hits', { id: 'ken-hits', role: 'listbox', 'aria-label': 'Results' });
  say = h('p.say', { role: 'status' }, 'Type to search. Arrow keys choose, Enter opens.');
  const form = h('form', { role: 'search' }, input, button('Close', () => dialog.close(), { class: 'plain' }));
  form.addEventListener('submit', (event) => { event.preventDefault(); (chosen() ?? list.querySelector('a'))?.click(); });
  input.addEventListener('input', () => search(input.value.trim()));
  form.addEventListener('keydown', (event) => {
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by || event.target !== input) return;
    event.preventDefault();
    const hits = all('[role="option"]', list), at = hits.findIndex((hit) => hit.getAttribute('aria-selected') === 'true');
    choose(hits[(at + by + hits.length) % hits.length]);
  });
  const made = h('dialog.search', { 'aria-label': 'Search' }, form, say, list);
  made.addEventListener('click', (event) => { if (event.target === made || event.target.closest('a')) made.close(); });
  document.body.append(made);
  return made;
}

const chosen = () => list.querySelector('[aria-selected="true"]');

function choose(hit) {
  chosen()?.setAttribute('aria-selected', 'false');
  hit?.setAttribute('aria-selected', 'true');
  hit?.scrollIntoView({ block: 'nearest' });
  if (hit) input.setAttribute('aria-activedescendant', hit.id); else input.removeAttribute('aria-activedescendant');
}

async function load() {
  const url = new URL(root.dataset.search, document.baseURI);
  const pagefind = await import(url.href);
  await pagefind.options({ baseUrl: new URL(root.dataset.root, document.baseURI).pathname, excerptLength: 18 });
  await pagefind.init();
  return pagefind;
}

async function search(words) {
  const mine = ++turn;
  if (!words) { list.replaceChildren(); say.textContent = 'Type to search. Arrow keys choose, Enter opens.'; input.setAttribute('aria-expanded', 'false'); return; }
  say.textContent = 'Searching …';
  try {
    const pagefind = await finder;
    const found = await pagefind.debouncedSearch(words, {}, 120);
    if (!found || mine !== turn) return;
    const pages = await Promise.all(found.results.slice(0, 8).map((r) => r.data()));
    if (mine !== turn) return;
    list.replaceChildren(...pages.flatMap(hits).map(option));
    input.setAttribute('aria-expanded', String(pages.length > 0));
    choose(null);
    say.textContent = found.results.length ? `${found.results.length} page${found.results.length > 1 ? 's' : ''}` : `Nothing for “${words}”. Try a shorter word.`;
  } catch {
    finder = null;
    list.replaceChildren();
    say.textContent = navigator.onLine ? 'The search index cannot be read here. All lessons are on the start page.' : 'You are offline and the search index was not kept. Open the search once while online.';
    finder = load();
    finder.catch(() => {});
  }
}

// A page, then its best sections.
function hits(page) {
  const parts = (page.sub_results ?? []).filter((s) => s.url !== page.url).slice(0, 2);
  return [{ url: page.url, title: page.meta.title, excerpt: parts.length ? '' : page.excerpt }, ...parts.map((s) => ({ url: s.url, title: `${page.meta.title} › ${s.title}`, excerpt: s.excerpt }))];
}

function option({ url, title, excerpt }, i) {
  const text = h('small');
  text.innerHTML = excerpt; // Pagefind's: text of this site with <mark> around the words found
  const link = h('a', { href: url, role: 'option', id: `ken-hit-${i}`, 'aria-selected': 'false', tabindex: -1 }, h('span.title', {}, title.replace(/#$/, '')), text);
  return h('li', { role: 'none' }, link);
}
