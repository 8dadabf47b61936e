// A lesson as a notebook (nbformat 4.5): prose stays Markdown, cells stay C, a widget is its picture and a link.
import { hashOf } from './cache.mjs';
import { expandSymbols } from './math.mjs';
import { sourceOf } from './library.mjs';

const cellId = (...parts) => hashOf(...parts).slice(0, 12);

export function notebookOf(lesson, { pictures = new Map() } = {}) {
  const writer = new Writer(lesson, pictures);
  return {
    cells: writer.cells(),
    metadata: {
      kernelspec: { display_name: 'ken (C)', language: 'c', name: 'ken' },
      language_info: { file_extension: '.c', mimetype: 'text/x-csrc', name: 'c' },
      ken: { lesson: lesson.id, title: lesson.title },
    },
    nbformat: 4, nbformat_minor: 5,
  };
}

class Writer {
  constructor(lesson, pictures) {
    Object.assign(this, { lesson, pictures, out: [], prose: [] });
  }

  cells() {
    const { lesson } = this;
    this.prose.push(`# ${lesson.title}`, lesson.summary ?? '');
    for (const node of lesson.tree.children) this.top(node);
    this.flush();
    return this.out;
  }

  flush() {
    const source = this.prose.filter(Boolean).join('\n\n').trim();
    if (source) this.add('markdown', source);
    this.prose = [];
  }

  add(type, source, name, metadata = {}) {
    const base = name ? cellId(this.lesson.id ?? '', name) : cellId(this.lesson.id ?? '', source);
    let id = base;
    for (let i = 2; this.out.some((cell) => cell.id === id); i++) id = `${base}-${i}`;
    const lines = source.split('\n').map((line, i, all) => (i < all.length - 1 ? `${line}\n` : line));
    this.out.push(type === 'code' ? { cell_type: 'code', execution_count: null, id, metadata, outputs: [], source: lines } : { cell_type: 'markdown', id, metadata, source: lines });
  }

  top(node) {
    if (node.type === 'code' && node.lang === 'c' && node.attrs?.cell) {
      this.flush();
      // The kernel calls its records as the page does; "fast" cells are gcc's there.
      this.add('code', `//%${'fast' in node.attrs ? ' fast' : ''} cell=${node.attrs.cell}\n${node.value}`, `cell:${node.attrs.cell}`, { ken: { cell: node.attrs.cell }, ...('fold' in node.attrs ? { jupyter: { source_hidden: true } } : {}) });
    } else if (node.type === 'leafDirective') this.leaf(node);
    else if (node.type === 'containerDirective') this.block(node);
    else if (node.type !== 'html') this.prose.push(this.text(node));
  }

  leaf(node) {
    if (node.name === 'widget' || node.name === 'compare') {
      const picture = this.pictures.get(node.attrs.id);
      this.flush();
      const svg = picture?.svg ? `![${node.attrs.alt}](data:image/svg+xml;base64,${Buffer.from(picture.svg).toString('base64')})\n\n` : '';
      this.add('markdown', `${svg}*${picture?.summary ?? node.attrs.alt}* Move it: \`ken learn ${this.lesson.id}\`, then \`#${node.attrs.id}\`.`, `widget:${node.attrs.id}`, { ken: { widget: node.attrs.id } });
    } else if (node.name === 'source') {
      const found = sourceOf(node, { error() {} });
      if (found) this.prose.push(`\`${node.attrs.file}\`, lines ${found.start}–${found.end}:`, `\`\`\`c\n${found.lines.join('\n')}\n\`\`\``);
    } else if (node.name === 'params') {
      const thing = this.lesson.rooms.things?.get(node.attrs.thing);
      const rows = (thing?.parameters ?? []).map((p) => `| \`${p.name}\` | ${p.default ?? ''} | ${p.doc.replace(/\|/g, '\\|')} |`);
      if (rows.length) this.prose.push(`| parameter | default | meaning |\n|---|---|---|\n${rows.join('\n')}`);
    } else if (node.name === 'cite') this.prose.push(node.keys.map((key) => `- ${this.reference(key)}`).join('\n'));
  }

  reference(key) {
    const s = this.lesson.rooms.bibliography?.get(key);
    return s ? `${[s.authors].flat().join(', ')} (${s.year}). *${s.title}.*${s.where ? ` ${s.where}.` : ''}${s.doi ? ` doi:${s.doi}` : ''}` : key;
  }

  fold(summary, ...inside) { return `<details><summary>${summary}</summary>\n\n${inside.filter(Boolean).join('\n\n')}\n\n</details>`; }

  all(nodes) { return (nodes ?? []).map((node) => this.text(node)).filter(Boolean).join('\n\n'); }

  inline(nodes) { return (nodes ?? []).map((node) => this.text(node)).join(''); }

  options(list) {
    return list.map((o) => `- ${this.all(o.option)}`).join('\n');
  }

  reasons(list) {
    return list.map((o) => `- ${o.right ? '**right:**' : 'wrong:'} ${this.all(o.option)} — *${this.inline(o.reason)}*`).join('\n');
  }

  block(node) {
    const { lesson } = this;
    const find = (list) => list.find((x) => x.node === node);
    if (node.name === 'predict') {
      const p = find(lesson.predicts);
      if (p) this.prose.push(`**Guess first.** ${this.all(p.stem)}`, this.options(p.options), this.fold('What happens', this.reasons(p.options)));
    } else if (node.name === 'quiz') this.quiz(find(lesson.quizzes));
    else if (node.name === 'exercise') this.exercise(find(lesson.exercises));
    else if (node.name === 'card') {
      const card = find(lesson.cards);
      if (card) this.prose.push(this.fold(this.inline(card.front.flatMap((n) => n.children ?? [])), this.all(card.back)));
    } else if (node.name === 'proof') this.prose.push(this.fold(`Derivation: ${node.attrs.title}`, this.all(node.children)));
    else if (node.name === 'note') this.prose.push(this.all(node.children).split('\n').map((line) => `> ${line}`).join('\n'));
  }

  quiz(q) {
    if (!q) return;
    this.prose.push(`**Question.** ${this.all(q.stem)}`);
    if (q.options.length) this.prose.push(this.options(q.options), this.fold('Answer', this.reasons(q.options)));
    else {
      const key = q.kind === 'order' ? q.steps.map((s, i) => `${i + 1}. ${this.all(s.children)}`).join('\n')
        : q.kind === 'match' ? q.pairs.map(([a, b]) => `- ${this.inline(a)} — ${this.inline(b)}`).join('\n') : `\`${q.answer}\``;
      this.prose.push(this.fold('Answer', key, this.all(q.reason)));
    }
  }

  exercise(e) {
    if (!e) return;
    this.prose.push(`**Exercise.** ${this.all(e.stem)}`, ...e.hints.map((hint) => this.fold('Hint', this.all(hint.children))));
    if (e.kind !== 'c') {
      if (e.solution) this.prose.push(this.fold('Solution', this.all(e.solution)));
      return;
    }
    this.flush();
    const [starter, solution, tests] = ['starter', 'solution', 'tests'].map((role) => e.parts[role][0]?.value ?? '');
    this.add('code', starter, `exercise:${e.id}`, { ken: { exercise: e.id, role: 'starter' } });
    // The starter fails its tests: that is told, and the cells after them run all the same.
    this.add('code', `KEN_CHECK(${e.id.replace(/-/g, '_')}) {\n${tests.split('\n').map((line) => `    ${line}`).join('\n')}\n}`, `tests:${e.id}`, { ken: { exercise: e.id, role: 'tests' }, tags: ['raises-exception'] });
    this.add('markdown', this.fold('Solution', `\`\`\`c\n${solution}\n\`\`\``), `solution:${e.id}`, { ken: { exercise: e.id, role: 'solution' } });
  }

  // Markdown of a node: the author's own text, with what a notebook cannot show put plainly.
  text(node) {
    const { body } = this.lesson;
    const edits = [];
    this.edits(node, edits);
    let text = body.slice(node.position?.start.offset ?? 0, node.position?.end.offset ?? 0);
    if (!node.position) return node.value ?? this.inline(node.children);
    const from = node.position.start.offset;
    for (const e of edits.sort((a, b) => b.start - a.start)) text = text.slice(0, e.start - from) + e.text + text.slice(e.end - from);
    return text;
  }

  edits(node, out) {
    const span = (text) => out.push({ start: node.position.start.offset, end: node.position.end.offset, text });
    if (node.type === 'text' && node.position && this.lesson.body.slice(node.position.start.offset, node.position.end.offset) !== node.value && !/[\\&]/.test(this.lesson.body.slice(node.position.start.offset, node.position.end.offset))) return span(node.value);
    if (node.type === 'textDirective') return span(node.name === 'cite' ? `(${(node.keys ?? []).map((key) => this.short(key)).join('; ')})` : this.inline(node.children));
    if (node.type === 'inlineMath' || node.type === 'math') {
      const raw = this.lesson.body.slice(node.position.start.offset, node.position.end.offset);
      if (/\\sym/.test(raw)) span(expandSymbols(raw, this.lesson.rooms.symbols, (tex) => `{${tex}}`));
      return undefined;
    }
    if (node.type === 'code' && node.meta) span(`\`\`\`${node.lang}\n${node.value}\n\`\`\``);
    for (const child of node.children ?? []) this.edits(child, out);
    return undefined;
  }

  short(key) {
    const s = this.lesson.rooms.bibliography?.get(key);
    return s ? `${String([s.authors].flat()[0]).split(',')[0]} ${s.year}` : key;
  }
}
