// Templates: what the compiler knows of a lesson goes in, a whole HTML document comes out. Pure functions, no files.
import { icon } from './icons.mjs';
import { prerequisiteGraph } from './graph.mjs';

const CSP = "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
  "img-src 'self' data:; worker-src 'self'; base-uri 'none'; form-action 'none'";

export const escape = (text) => String(text ?? '').replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const data = (value) => JSON.stringify(value).replace(/</g, '\\u003c');
const many = (n, word) => `${n} ${word}${n === 1 ? '' : 's'}`;
const minutes = (n) => (n < 90 ? `${n} min` : `${Math.round(n / 60)} h`);

// ---- the document around every page ----

function document({ site, assets, root, title, summary, body, kind, lesson, defs, meta }) {
  const url = (path) => root + path;
  const files = { remote: assets.remote, module: lesson && assets.module, recall: assets.recall, search: assets.search ?? 'pagefind/pagefind.js' };
  const attributes = Object.entries(files).filter(([, path]) => path).map(([name, path]) => ` data-${name}="${escape(url(path))}"`).join('');
  return `<!doctype html>
<html lang="en" data-root="${root}" data-kind="${kind}" data-version="${escape(site.version)}"${lesson ? ` data-lesson="${escape(lesson.id)}"` : ''}${attributes}>
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CSP}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escape(title)}</title>
<meta name="description" content="${escape(summary)}">
<meta property="og:title" content="${escape(title)}">
<meta property="og:description" content="${escape(summary)}">
${files.module ? `<meta name="ken-module" content="${escape(url(files.module))}">\n` : ''}<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#fdfcf9" media="(prefers-color-scheme: light)">
<meta name="theme-color" content="#14161a" media="(prefers-color-scheme: dark)">
<script src="${url(assets.boot)}"></script>
${assets.font ? `<link rel="preload" href="${url(assets.font)}" as="font" type="font/woff2" crossorigin>\n` : ''}${assets.css.map((path) => `<link rel="stylesheet" href="${url(path)}">`).join('\n')}
<link rel="icon" href="${url(assets.icon)}" type="image/svg+xml">
<link rel="manifest" href="${url('manifest.webmanifest')}">
<script type="module" src="${url(assets.shell)}"></script>
${(meta?.widgets ?? false) && assets.runtime ? `<script type="module" src="${url(assets.runtime)}"></script>\n` : ''}</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
${header({ site, root, kind, lesson })}
${body}
${footer({ site, root })}
${defs ? `<script type="application/json" id="ken-defs">${data(defs)}</script>\n` : ''}</body>
</html>
`;
}

function header({ site, root, kind, lesson }) {
  const current = (name) => (kind === name ? ' aria-current="page"' : '');
  const part = site.parts.find((p) => p.id === lesson?.part) ?? site.parts[0];
  const same = site.lessons.filter((l) => l.part === part?.id);
  const links = same.map((l) => `<a href="${root}${l.id}/"${l.id === lesson?.id ? ' aria-current="page"' : ''}><span>${number(l)}</span>${escape(l.title)}</a>`).join('');
  return `<header class="site">
<a class="brand" href="${root}" aria-label="ken, start page">${icon('mark')}ken</a>
<nav aria-label="Site">
<details class="menu"><summary>Lessons</summary><div class="panel">
<p class="part">${escape(part ? `Part ${part.id} · ${part.title}` : '')}</p>${links}
<p class="part">Everything</p><a href="${root}#lessons">All lessons</a><a href="${root}cards/" class="wide-not"${current('cards')}>Cards</a><a href="${root}reference/" class="wide-not"${current('reference')}>Reference</a>
</div></details>
<a href="${root}cards/"${current('cards')}>Cards</a>
<a href="${root}reference/"${current('reference')}>Reference</a>
</nav>
<div class="tools"><button class="find" type="button" data-do="search" aria-label="Search" title="Search (Ctrl K)" hidden>${icon('search')}<span>Search</span></button>
<button type="button" data-do="theme" aria-label="Theme" hidden>${icon('theme')}</button></div>
</header>`;
}

function footer({ site, root }) {
  return `<footer class="foot"><div><p>ken ${escape(site.version)}. Everything on these pages runs here; nothing you do leaves this device.</p>
<a href="${root}reference/">Reference</a><a href="${root}reference/glossary/">Glossary</a><a href="${root}cards/#progress">Your progress</a><a href="${root}print/">Print all</a></div></footer>
<noscript><div class="sheet missing" style="padding:12px 16px"><p>JavaScript is off: the text, formulas, pictures and answers are all here; moving widgets, grading, search and progress are not.</p></div></noscript>`;
}

const number = (lesson) => String(lesson.number ?? '').padStart(2, '0');

// ---- a lesson ----

export function page({ site, lesson, html, toc, meta, assets, prev, next }) {
  const root = '../';
  const part = site.parts.find((p) => p.id === lesson.part);
  const needs = (lesson.needs ?? []).map((id) => site.lessons.find((l) => l.id === id) ?? { id, title: id });
  const body = `<div class="sheet lesson">
${contents(toc)}
<main id="main" tabindex="-1">
<article data-pagefind-body>
<header class="head">
<p class="eyebrow">${escape(part ? `Part ${part.id} · ${part.title}` : '')}</p>
<h1>${escape(lesson.title)}</h1>
<p class="lead">${escape(lesson.summary)}</p>
<ul class="meta">
<li>${icon('clock')}${minutes(lesson.minutes)}</li>
${needs.length ? `<li>Needs ${needs.map((l) => `<a href="${root}${l.id}/">${escape(l.title)}</a>`).join(', ')}</li>` : '<li>Needs nothing but curiosity</li>'}
${meta.notebook ? `<li><a href="${root}notebooks/${escape(meta.notebook)}" download data-pagefind-ignore>${icon('down')}Notebook</a></li>` : ''}
</ul>
<ken-path></ken-path><ken-progress data-of="${escape(lesson.id)}" data-quizzes="${escape((lesson.quizzes ?? []).join(' '))}" data-exercises="${escape((lesson.exercises ?? []).join(' '))}"></ken-progress>
</header>
${anchors(html)}
</article>
<div class="after">
<button type="button" data-do="copy-link" hidden>${icon('link')}Copy link to this place</button>
<button type="button" data-do="report" hidden>${icon('flag')}Report a mistake</button>
${lesson.cards ? `<a class="button" href="${root}cards/?lesson=${escape(lesson.id)}">${icon('cards')}${many(lesson.cards, 'card')} of this lesson</a>` : ''}
</div>
<nav class="turn" aria-label="Next and previous lesson">
${prev ? `<a class="prev" rel="prev" href="${root}${prev.id}/"><small>Before</small>${escape(prev.title)}</a>` : ''}
${next ? `<a class="next" rel="next" href="${root}${next.id}/"><small>Next</small>${escape(next.title)}</a>` : ''}
</nav>
</main>
</div>`;
  return document({ site, assets, root, kind: 'lesson', lesson, meta: { widgets: /<ken-widget/.test(html), ...meta }, defs: { ...meta.defs, places: placesOf(site, lesson) },
    title: `${lesson.title} · ken`, summary: lesson.summary ?? lesson.title, body });
}

// Where the lesson stands on each path: which one of how many, and what comes then.
function placesOf(site, lesson) {
  return site.paths.map(({ id, title, lessons }) => {
    const there = lessons.map((l) => site.lessons.find((o) => o.id === l)).filter(Boolean), at = there.findIndex((l) => l.id === lesson.id), then = at < 0 ? undefined : there[at + 1];
    return { id, title, at: at + 1, of: there.length, ...(then ? { then: { id: then.id, title: then.title } } : {}) };
  });
}

function contents(toc) {
  if (!toc?.length) return '<div class="toc"></div>';
  let list = '';
  toc.forEach((entry, i) => {
    const deeper = toc[i + 1]?.depth > entry.depth;
    list += `<li><a href="#${escape(entry.id)}">${escape(entry.text)}</a>${deeper ? '<ol>' : '</li>'}`;
    if (entry.depth > 2 && (toc[i + 1]?.depth ?? 2) < entry.depth) list += '</ol></li>';
  });
  return `<nav class="toc" aria-label="On this page"><details><summary>On this page</summary><ol>${list}</ol></details></nav>`;
}

// Each heading carries a link to itself; its name for a screen reader is the heading's own text.
function anchors(html) {
  return html.replace(/<(h[23]) id="([^"]+)"([^>]*)>([\s\S]*?)<\/\1>/g, (all, tag, id, rest, inner) =>
    (inner.includes('class="anchor"') ? all : `<${tag} id="${id}"${rest}>${inner}<a class="anchor" href="#${id}" aria-label="Link to this part" data-pagefind-ignore>#</a></${tag}>`));
}

// ---- the start page ----

export function index({ site, assets, art = '' }) {
  const root = './';
  const total = site.lessons.reduce((sum, l) => sum + (l.minutes ?? 0), 0);
  const graph = prerequisiteGraph(site);
  const body = `<main id="main" tabindex="-1">
<div class="wide">
<section class="hero">
<div><h1>Machine learning you can take apart</h1>
<p class="lead">Lessons in which every picture moves, every number is checked, and every algorithm is a C library that runs in this page: the same code, the same bits, as on your machine.</p>
<p class="row"><a class="button primary" href="${root}${site.lessons[0] ? `${site.lessons[0].id}/` : '#lessons'}" data-do="resume">Begin with the first lesson</a><a class="button" href="#paths">Choose a path</a></p></div>
<div class="art">${art || heroArt()}</div>
</section>
<ul class="facts">
<li><b>Guess, then see</b>Each lesson asks before it shows. A wrong guess gets a reason, not a mark.</li>
<li><b>The library itself</b>No demo code: the widgets call libken, compiled to WebAssembly. Open any step and read its C.</li>
<li><b>Your data, your device</b>Drop a CSV into a widget. No account, no tracking, works offline.</li>
<li><b>It stays learned</b>Cards come back when you are about to forget them.</li>
</ul>
<section aria-labelledby="paths"><h2 id="paths">Three paths</h2>
<ul class="paths">${site.paths.map((path) => pathCard(site, path, root)).join('')}</ul></section>
<section aria-labelledby="map"><h2 id="map">What needs what</h2>
<p>Every lesson says what it stands on. Follow the lines to the left until you meet something you know.</p>
<div class="graph" role="region" aria-label="Map of the lessons; scrolls sideways" tabindex="0">${graph}</div></section>
<section aria-labelledby="lessons"><h2 id="lessons">All lessons</h2>
<p class="meta">${many(site.lessons.length, 'lesson')}, ${minutes(total)} in all</p>
<div class="parts">${site.parts.map((part) => partList(site, part, root)).join('')}</div></section>
</div><p></p></main>`;
  return document({ site, assets, root, kind: 'index', title: 'ken: machine learning you can take apart',
    summary: 'Living lessons on machine learning in C: every picture moves, every number is checked, every algorithm runs in the page.', body,
    defs: { lessons: site.lessons.map(({ id, title, quizzes = [], exercises = [] }) => ({ id, title, quizzes, exercises })), paths: site.paths } });
}

function pathCard(site, path, root) {
  const lessons = path.lessons.map((id) => site.lessons.find((l) => l.id === id)).filter(Boolean);
  const time = lessons.reduce((sum, l) => sum + (l.minutes ?? 0), 0);
  return `<li data-path="${escape(path.id)}"><h3>${escape(path.title)}</h3><p>${escape(path.text)}</p>
<p class="meta">${[many(lessons.length, 'lesson'), time ? minutes(time) : '', path.lessons.length > lessons.length ? `${path.lessons.length - lessons.length} more to come` : ''].filter(Boolean).join(' · ')}</p>
<div class="row"><button type="button" data-do="path" data-path="${escape(path.id)}" aria-pressed="false" hidden>Take this path</button>
${lessons.length ? `<a class="button" href="${root}${lessons[0].id}/">First: ${escape(lessons[0].title)}</a>` : ''}</div></li>`;
}

function partList(site, part, root) {
  const lessons = site.lessons.filter((l) => l.part === part.id);
  if (!lessons.length) return '';
  return `<section aria-labelledby="part-${escape(part.id)}"><h3 id="part-${escape(part.id)}">${escape(part.title)}<small>Part ${escape(part.id)}</small></h3>
<ol class="lessons">${lessons.map((l) => `<li><h4><a href="${root}${l.id}/"><span class="no">${number(l)}</span>${escape(l.title)}</a></h4>
<p>${escape(l.summary)}</p><p class="meta"><span>${minutes(l.minutes)}</span><span data-progress="${escape(l.id)}"></span></p></li>`).join('')}</ol></section>`;
}

// A valley, the descent through it and its steps: one quadratic, drawn from the numbers themselves.
function heroArt() {
  const steps = [[-2.6, 1.15]];
  for (let k = 0; k < 14; k++) {
    const [x, y] = steps[k];
    steps.push([x - 0.17 * x, y - 0.17 * 9.6 * y]);
  }
  const sx = (x) => 300 + 100 * x, sy = (y) => 170 - 110 * y;
  const rings = [0.16, 0.45, 0.95, 1.7, 2.7, 4, 5.6].map((level, i) =>
    `<ellipse cx="300" cy="170" rx="${(100 * Math.sqrt(2 * level)).toFixed(1)}" ry="${(110 * Math.sqrt(2 * level / 9.6) * 1.32).toFixed(1)}" fill="none" stroke="var(--c8)" stroke-opacity="${(0.75 - i * 0.085).toFixed(2)}"/>`).join('');
  const path = steps.map(([x, y], i) => `${i ? 'L' : 'M'}${sx(x).toFixed(1)} ${sy(y).toFixed(1)}`).join('');
  const dots = steps.map(([x, y], i) => `<circle cx="${sx(x).toFixed(1)}" cy="${sy(y).toFixed(1)}" r="${i ? 3.6 : 6}" fill="var(--c2)"/>`).join('');
  return `<svg viewBox="0 0 600 340" role="img" aria-label="Gradient descent zigzags down a narrow valley to its lowest point">${rings}
<path d="${path}" fill="none" stroke="var(--c2)" stroke-width="2.2" stroke-linejoin="round"/>${dots}<circle cx="300" cy="170" r="5" fill="none" stroke="var(--c1)" stroke-width="2.4"/></svg>`;
}

// ---- cards, glossary, reference, not found, print ----

export function cards({ site, decks, assets }) {
  const root = '../';
  const all = decks.reduce((sum, deck) => sum + deck.cards.length, 0);
  const body = `<div class="sheet"><main id="main" tabindex="-1">
<header class="head"><p class="eyebrow">Review</p><h1>Cards</h1>
<p class="lead">${many(all, 'question')} from the lessons. Say the answer aloud, then turn the card; it comes back when you are about to forget it.</p></header>
<ken-cards></ken-cards>
<section aria-labelledby="progress"><h2 id="progress">Your progress</h2>
<p>It is kept in this browser only. Take it along as a file, or wipe it.</p>
<div class="row"><button type="button" data-do="export" hidden>${icon('down')}Export</button><button type="button" data-do="import" hidden>${icon('up')}Import</button>
<button type="button" data-do="wipe" hidden>Wipe everything</button></div><p class="storage" role="status"></p></section>
<section aria-labelledby="all"><h2 id="all">All cards</h2>
${decks.map((deck) => `<h3 id="deck-${escape(deck.id)}">${escape(deck.title)}</h3><div class="deck">${deck.cards.map((card) => cardHTML(site, card, deck, root)).join('')}</div>`).join('')}
</section></main></div>`;
  return document({ site, assets, root, kind: 'cards', title: 'Cards · ken', summary: 'Questions from the lessons, repeated before you forget them.', body });
}

function cardHTML(site, card, deck, root) {
  const lesson = site.lessons.find((l) => l.id === card.lesson);
  const from = lesson ? `<p class="from">From <a href="${root}${lesson.id}/">${escape(lesson.title)}</a></p>` : '';
  return `<details class="card" id="${escape(card.id)}" data-deck="${escape(deck.id)}" data-lesson="${escape(card.lesson)}"><summary>${card.front}</summary><div class="back">${card.back}</div>${from}</details>`;
}

export function glossary({ site, terms, symbols, assets, root = '../../' }) {
  const sorted = [...terms].sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const seen = new Set();
  const entry = (t) => {
    const letter = t.name[0].toUpperCase();
    const first = seen.has(letter) ? '' : (seen.add(letter), `<span id="letter-${letter}"></span>`);
    const where = (t.lessons ?? []).map((id) => site.lessons.find((l) => l.id === id)).filter(Boolean);
    return `<div id="${escape(t.id)}"><dt>${first}${escape(t.name)}</dt><dd>${t.text}${where.length ? ` <small>In ${where.map((l) => `<a href="${root}${l.id}/">${escape(l.title)}</a>`).join(', ')}</small>` : ''}</dd></div>`;
  };
  const list = sorted.map(entry).join('');
  const body = `<div class="sheet"><main id="main" tabindex="-1"><article data-pagefind-body>
<header class="head"><p class="eyebrow">Reference</p><h1>Glossary and symbols</h1><p class="lead">${many(terms.length, 'term')} and ${many(symbols.length, 'symbol')}, as the lessons use them.</p></header>
<nav aria-label="Letters"><ul class="letters">${[...seen].map((c) => `<li><a href="#letter-${c}">${c}</a></li>`).join('')}</ul></nav>
<h2 id="terms">Terms</h2><dl class="terms">${list}</dl>
<h2 id="symbols">Symbols</h2><dl class="terms">${symbols.map((s) => `<div id="sym-${escape(s.id)}"><dt>${s.symbol} <span>${escape(s.name)}</span></dt><dd>${s.text}</dd></div>`).join('')}</dl>
</article></main></div>`;
  return document({ site, assets, root, kind: 'reference', title: 'Glossary · ken', summary: 'Terms and symbols of the lessons.', body });
}

export function reference({ site, title, summary, id, html, toc, assets, defs, root }) {
  const up = root ?? (id ? '../../' : '../');
  const body = `<div class="sheet lesson">${contents(toc)}<main id="main" tabindex="-1"><article data-pagefind-body>
<header class="head"><p class="eyebrow">Reference</p><h1>${escape(title)}</h1>${summary ? `<p class="lead">${escape(summary)}</p>` : ''}</header>
${anchors(html)}</article></main></div>`;
  return document({ site, assets, root: up, kind: 'reference', title: `${title} · ken`, summary: summary ?? title, body, defs, meta: { widgets: /<ken-widget/.test(html) } });
}

export function notFound({ site, assets, root = '/' }) {
  const body = `<div class="sheet"><main id="main" tabindex="-1"><header class="head"><p class="eyebrow">404</p><h1>No page here</h1>
<p class="lead">The address has no lesson. Search for it, or look through all lessons.</p></header>
<p class="row"><a class="button primary" href="${root}#lessons">All lessons</a><button type="button" data-do="search" hidden>${icon('search')}Search</button></p></main></div>`;
  return document({ site, assets, root, kind: 'missing', title: 'No page here · ken', summary: 'This address has no page.', body });
}

// All lessons in one document, without the runtime, so that widgets stay pictures: ids get the lesson's name in front, so that links stay true.
export function print({ site, lessons, assets }) {
  const own = (id, html) => html.replace(/ (id|for|aria-labelledby)="([^"]+)"/g, ` $1="${id}--$2"`).replace(/ href="#([^"]+)"/g, ` href="#${id}--$1"`)
    .replace(/ href="\.\.\/([a-z0-9-]+)\/"/g, (all, to) => (lessons.some((l) => l.lesson.id === to) ? ` href="#${to}"` : all));
  const body = `<div class="sheet print"><main id="main" tabindex="-1">
<header class="head"><h1>ken: machine learning you can take apart</h1><p class="lead">${many(lessons.length, 'lesson')}, version ${escape(site.version)}</p>
<ol class="refs">${lessons.map(({ lesson }) => `<li><a href="#${lesson.id}">${escape(lesson.title)}</a></li>`).join('')}</ol></header>
${lessons.map(({ lesson, html }) => `<article id="${lesson.id}"><h2 class="h1">${escape(lesson.title)}</h2><p class="lead">${escape(lesson.summary)}</p>
${own(lesson.id, html).replace(/<(\/?)h3/g, '<$1h4').replace(/<(\/?)h2/g, '<$1h3')}</article>`).join('')}
</main></div>`;
  return document({ site, assets, root: '../', kind: 'print', title: 'All lessons · ken', summary: 'All lessons in one document.', body });
}
