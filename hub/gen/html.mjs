// The tree of a lesson → the body of its page. The forms are those of hub/test/fixture/lesson.mjs; the shell styles
// them and brings them to life.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { codeFigure, escape, knownLanguage, languages } from './code.mjs';
import { mathError, renderMath } from './math.mjs';
import { listed, nearest } from './problems.mjs';
import { questionForms } from './html_questions.mjs';
import { paramsTable, sourceFigure } from './library.mjs';
import { slug } from './lesson.mjs';

export class Page {
  // made: {records: Map cell → lines, pictures: Map widget id → {html, …}, figures: Map "cell/key" → svg, recordsHTML}
  constructor(lesson, made = {}) {
    Object.assign(this, { lesson, made, rooms: lesson.rooms, problems: lesson.problems, equations: 0, tables: 0, footnotes: [], shown: new Set(), definitions: new Map() });
    for (const node of lesson.tree.children) {
      if (node.type === 'footnoteDefinition') this.definitions.set(node.identifier, node);
      if (node.type === 'definition') this.definitions.set(`link:${node.identifier}`, node);
    }
  }

  all(nodes) { return (nodes ?? []).map((node) => this.one(node)).join(''); }

  one(node) {
    const form = forms[node.type];
    return form ? form(this, node) : this.all(node.children);
  }

  // Paragraphs of list items and reasons without <p> when there is just one.
  tight(nodes) { return nodes?.length === 1 && nodes[0].type === 'paragraph' ? this.all(nodes[0].children) : this.all(nodes); }

  math(node, display) {
    try {
      return renderMath(node.value, { display, symbols: this.rooms.symbols });
    } catch (error) {
      this.problems.error(node, `the formula "${node.value.trim().slice(0, 60)}": ${mathError(error)}`);
      return `<code>${escape(node.value)}</code>`;
    }
  }

  html() {
    const body = this.lesson.tree.children.map((node) => this.one(node)).filter(Boolean).join('\n');
    return [body, this.references(), this.notes()].filter(Boolean).join('\n');
  }

  toc() { return this.lesson.headings.filter((h) => h.depth <= 3).map(({ id, text, depth }) => ({ id, text, depth })); }

  number(key) { return this.lesson.cites.indexOf(key) + 1; }

  reference(key) {
    this.shown.add(key);
    const s = this.rooms.bibliography?.get(key);
    if (!s) return `<li id="ref-${escape(key)}" value="${this.number(key)}">${escape(key)}</li>`;
    const authors = Array.isArray(s.authors) ? s.authors.join(', ') : s.authors;
    const at = s.doi ? ` <a href="https://doi.org/${escape(s.doi)}">doi:${escape(s.doi)}</a>` : s.url ? ` <a href="${escape(s.url)}">${escape(s.url.replace(/^https?:\/\//, ''))}</a>` : '';
    return `<li id="ref-${escape(key)}" value="${this.number(key)}">${escape(authors)} (${escape(s.year)}). <em>${escape(s.title)}.</em>${s.where ? ` ${escape(s.where)}.` : ''}${at}</li>`;
  }

  list(keys) { return `<ol class="refs">${keys.map((key) => this.reference(key)).join('')}</ol>`; }

  // What is cited in the text and listed nowhere.
  references() {
    const left = this.lesson.cites.filter((key) => !this.shown.has(key));
    return left.length ? `<section class="cited" aria-label="Cited">${this.list(left)}</section>` : '';
  }

  notes() {
    if (!this.footnotes.length) return '';
    const item = (id, i) => `<li id="fn-${i + 1}">${this.all(this.definitions.get(id)?.children)} <a href="#fnref-${i + 1}" data-footnote-backref aria-label="Back to the text">↩</a></li>`;
    return `<section class="footnotes" data-footnotes aria-labelledby="fn-label"><h2 class="sr" id="fn-label">Footnotes</h2><ol>${this.footnotes.map(item).join('')}</ol></section>`;
  }

  // Definitions for hovers: {symbols, terms} that this page uses.
  defs() {
    const symbols = {}, terms = {};
    for (const id of this.lesson.symbols) {
      const s = this.rooms.symbols?.get(id);
      if (s) symbols[id] = { symbol: renderMath(s.tex), name: s.name, text: escape(s.definition) + (s.unit ? ` (${escape(s.unit)})` : '') };
    }
    for (const id of this.lesson.terms) {
      const t = this.rooms.terms?.get(id);
      if (t) terms[id] = { name: t.term, text: escape(t.definition) };
    }
    return { symbols, terms };
  }
}

const wrap = (tag) => (page, node) => `<${tag}>${page.all(node.children)}</${tag}>`;

// A number of a cell as print sets it: a true minus, a power of ten instead of "e-07".
const typeset = (text) => text.replace(/e([+-])0*(\d+)$/, (all, sign, digits) => ` × 10<sup>${sign === '-' ? '−' : ''}${digits}</sup>`).replace(/^-/, '−');

const forms = {
  text: (page, node) => escape(node.value),
  paragraph: wrap('p'), strong: wrap('strong'), emphasis: wrap('em'), delete: wrap('del'), blockquote: wrap('blockquote'),
  break: () => '<br>', thematicBreak: () => '<hr>', html: () => '', definition: () => '', footnoteDefinition: () => '',
  inlineCode: (page, node) => `<code>${escape(node.value)}</code>`,
  heading: (page, node) => `<h${node.depth} id="${node.id}">${page.all(node.children)}</h${node.depth}>`,
  inlineMath: (page, node) => page.math(node, false),
  math: (page, node) => {
    const name = node.value.trim().replace(/\\sym\{([^}]*)\}/g, '$1').replace(/\s+/g, ' ');
    return `<div class="math" id="eq-${++page.equations}" tabindex="0" role="group" aria-label="Formula ${page.equations}" data-tex="${escape(name)}">${page.math(node, true)}</div>`;
  },
  list: (page, node) => {
    const tag = node.ordered ? 'ol' : 'ul';
    const item = (child) => `<li>${typeof child.checked === 'boolean' ? `<span aria-hidden="true">${child.checked ? '☑' : '☐'}</span> ` : ''}${node.spread || child.spread ? page.all(child.children) : looseless(page, child)}</li>`;
    return `<${tag}${node.ordered && node.start !== 1 && node.start != null ? ` start="${node.start}"` : ''}>${node.children.map(item).join('')}</${tag}>`;
  },
  link: (page, node) => (node.planned ? page.all(node.children) : `<a href="${escape(node.url)}"${node.title ? ` title="${escape(node.title)}"` : ''}>${page.all(node.children)}</a>`),
  linkReference: (page, node) => {
    const target = page.definitions.get(`link:${node.identifier}`);
    return target ? `<a href="${escape(target.url)}">${page.all(node.children)}</a>` : page.all(node.children);
  },
  image: (page, node) => {
    const file = path.join(page.lesson.folder, node.url);
    if (!existsSync(file)) page.problems.error(node, `there is no picture ${node.url} beside the lesson`);
    else if (node.url.endsWith('.svg')) return inlineSvg(readFileSync(file, 'utf8'), node.alt);
    return `<img src="${escape(node.url)}" alt="${escape(node.alt)}" loading="lazy">`;
  },
  table: (page, node) => {
    const [head, ...rows] = node.children;
    const label = `Table ${++page.tables}`;
    const cell = (tag) => (child, i) => {
      const number = node.align?.[i] === 'right';
      return `<${tag}${tag === 'th' ? ' scope="col"' : ''}${number ? ' class="num"' : ''}>${page.all(child.children)}</${tag}>`;
    };
    return `<div class="table" role="region" tabindex="0" aria-label="${label}"><table><thead><tr>${head.children.map(cell('th')).join('')}</tr></thead><tbody>${
      rows.map((row) => `<tr>${row.children.map(cell('td')).join('')}</tr>`).join('')}</tbody></table></div>`;
  },
  footnoteReference: (page, node) => {
    let i = page.footnotes.indexOf(node.identifier);
    const again = i >= 0;
    if (!again) i = page.footnotes.push(node.identifier) - 1;
    if (!page.definitions.has(node.identifier)) page.problems.error(node, `the footnote "${node.identifier}" is nowhere`, { expected: `"[^${node.identifier}]: …"` });
    return `<sup><a href="#fn-${i + 1}"${again ? '' : ` id="fnref-${i + 1}"`} data-footnote-ref aria-describedby="fn-label">${i + 1}</a></sup>`;
  },
  code: (page, node) => {
    if (!knownLanguage(node.lang)) page.problems.error(node, `code in "${node.lang}"`, { near: nearest(node.lang, languages()), expected: listed(languages()) });
    return node.lang === 'c' && node.attrs?.cell ? cell(page, node) : figure(page, node);
  },
  containerDirective: (page, node) => (blocks[node.name] ?? ((p, n) => p.all(n.children)))(page, node),
  leafDirective: (page, node) => leaves[node.name]?.(page, node) ?? '',
  textDirective: (page, node) => inlines[node.name]?.(page, node) ?? page.all(node.children),
};

// A list that is not spread: items without paragraphs.
const looseless = (page, item) => item.children.map((child) => (child.type === 'paragraph' ? page.all(child.children) : page.one(child))).join('');

function inlineSvg(text, alt) {
  const svg = text.replace(/<\?xml[^>]*\?>|<!DOCTYPE[^>]*>|<!--[\s\S]*?-->|<script[\s\S]*?<\/script>|\son\w+="[^"]*"/g, '').trim();
  return svg.replace(/<svg\b([^>]*)>/, (all, attrs) => `<svg${attrs.replace(/\s(role|aria-label)="[^"]*"/g, '')} role="img" aria-label="${escape(alt)}">`);
}

function figure(page, node, options = {}) {
  try {
    return codeFigure(node.value, node.lang, { label: node.lang === 'c' ? 'C source' : 'Code', sym: node.attrs?.sym, ...options });
  } catch (error) {
    page.problems.error(node, error.message);
    return '';
  }
}

function cell(page, node) {
  const id = node.attrs.cell;
  const lines = page.made.records?.get(id) ?? [];
  const shown = page.made.recordsHTML?.(lines, (record) => page.made.figures?.get(`${id}/${record.key}`)) ?? lines.map((line) => `<pre>${escape(line)}</pre>`).join('');
  const source = figure(page, node, { label: `Cell ${id}` });
  const fold = 'fold' in node.attrs ? `<details class="fold"><summary>The code of this cell</summary>${source}</details>` : source;
  if (page.lesson.cells.some((c) => c.id === id && !c.runs)) return `<div id="cell-${escape(id)}">${fold}</div>`; // declarations alone
  const data = JSON.stringify(lines).replace(/</g, '\\u003c');
  return `<ken-cell id="cell-${escape(id)}" cell="${escape(id)}">${fold}${lines.length ? `<div class="output">${shown}</div><script type="application/json">${data}</script>` : ''}</ken-cell>`;
}

const NOTES = { note: 'Note', warning: 'Careful', history: 'History', deep: 'Deeper' };

const blocks = {
  ...questionForms,
  note: (page, node) => `<aside class="note" data-kind="${escape(node.attrs.kind)}"><p class="kind">${escape(node.attrs.title ?? NOTES[node.attrs.kind] ?? 'Note')}</p>${page.all(node.children)}</aside>`,
  proof: (page, node) => `<details class="proof"${node.attrs.check ? ` data-check="${escape(node.attrs.check)}"` : ''}${'open' in node.attrs ? ' open' : ''}><summary>Derivation: ${escape(node.attrs.title)}</summary>${page.all(node.children)}</details>`,
  card: (page, node) => {
    const card = page.lesson.cards.find((c) => c.node === node);
    return card ? `<details class="card" id="${escape(card.id)}" data-deck="${escape(card.deck)}" data-lesson="${escape(page.lesson.id)}"><summary>${page.tight(card.front)}</summary><div class="back">${page.all(card.back)}</div></details>` : '';
  },
};

const leaves = {
  widget: (page, node) => page.made.pictures?.get(node.attrs.id)?.html ?? missing(page, node),
  compare: (page, node) => page.made.pictures?.get(node.attrs.id)?.html ?? missing(page, node),
  source: sourceFigure,
  params: paramsTable,
  cite: (page, node) => page.list((node.keys ?? []).filter((key) => !page.shown.has(key))),
};

function missing(page, node) {
  const attrs = Object.entries(node.attrs).map(([name, value]) => ` ${name}="${escape(value)}"`).join('');
  return `<ken-${node.name}${attrs}><p class="summary">${escape(node.attrs.alt)}</p></ken-${node.name}>`;
}

const inlines = {
  n: (page, node) => `<span class="n" data-cell="${escape(node.attrs.cell)}" data-key="${escape(node.attrs.key)}">${typeset(page.all(node.children))}</span>`,
  lit: (page, node) => page.all(node.children),
  note: (page, node) => `<span class="why">${page.all(node.children)}</span>`,
  blank: (page, node) => page.all(node.children),
  sym: (page, node) => `<a class="sym" data-sym="${escape(node.attrs.def)}" href="../reference/glossary/#sym-${escape(node.attrs.def)}">${page.all(node.children)}</a>`,
  term: (page, node) => `<a class="term" data-term="${escape(node.attrs.def)}" href="../reference/glossary/#${escape(node.attrs.def)}">${page.all(node.children)}</a>`,
  cite: (page, node) => (node.keys ?? []).map((key) => `<a class="cite" href="#ref-${escape(key)}">[${page.number(key)}]</a>`).join(''),
};

export { forms, slug };
