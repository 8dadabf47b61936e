// Predictions, quizzes and exercises as HTML that is whole without JavaScript: answers stand behind <details>.
import { codeFigure, escape } from './code.mjs';

const reason = (page, nodes, name = 'Why') => `<details class="reason"><summary>${name}</summary><p>${page.all(nodes)}</p></details>`;
const answer = (page, nodes) => (nodes?.length ? `<details class="reason"><summary>Answer</summary>${page.all(nodes)}</details>` : '');
const stem = (page, nodes) => `<div class="stem">${page.all(nodes)}</div>`;
const options = (page, list) => `<ol class="options">${list.map((o) => `<li${o.right ? ' data-right' : ''}><div class="option">${page.tight(o.option)}</div>${reason(page, o.reason)}</li>`).join('')}</ol>`;
const slips = (page, list) => (list.length ? `<ul class="slips">${list.map((s) => `<li data-answer="${escape(s.answer)}">${page.all(s.reason)}</li>`).join('')}</ul>` : '');
const key = (values) => `<p class="key"${Object.entries(values).filter(([, v]) => v !== undefined).map(([name, v]) => ` data-${name}="${escape(v)}"`).join('')} hidden></p>`;
const blanks = (html) => html.replace(/_{4,}/g, '<span class="blank"></span>');

const kinds = {
  choice: (page, q) => stem(page, q.stem) + options(page, q.options),
  many: (page, q) => stem(page, q.stem) + options(page, q.options),
  number: (page, q) => stem(page, q.stem) + key({ answer: q.answer, tolerance: q.attrs.tolerance ?? '0.005', unit: q.attrs.unit ?? '' }) + slips(page, q.slips) + answer(page, q.reason),
  order: (page, q) => `${stem(page, q.stem)}<ol class="steps">${q.steps.map((item) => `<li>${page.tight(item.children)}</li>`).join('')}</ol>${answer(page, q.reason)}`,
  match: (page, q) => `${stem(page, q.stem)}<dl class="pairs">${q.pairs.map(([left, right]) => `<dt>${page.all(left)}</dt><dd>${page.all(right)}</dd>`).join('')}</dl>${answer(page, q.reason)}`,
  trace: (page, q) => stem(page, q.stem) + key({ answer: q.answer }) + slips(page, q.slips) + answer(page, q.reason),
  plot: (page, q) => {
    const [x, y] = String(q.answer ?? '').split(',').map((v) => v.trim());
    let figure = '';
    const body = stem(page, q.stem).replace(/<p>(<svg[\s\S]*?<\/svg>|<img[^>]*>)<\/p>/, (all, picture) => {
      figure = `<figure data-x="${escape(q.attrs.x)}" data-y="${escape(q.attrs.y)}">${picture}</figure>`;
      return '';
    });
    return body + figure + key({ x, y, tolerance: q.attrs.tolerance ?? '0.05' }) + answer(page, q.reason);
  },
  fill: (page, q) => blanks(stem(page, q.stem)) + key({ answer: q.answer, vars: q.attrs.vars }) + slips(page, q.slips) + answer(page, q.reason),
};

const exercises = {
  c: (page, e) => {
    const block = (role) => (e.parts[role][0] ? codeFigure(e.parts[role][0].value, 'c', { label: role }) : '');
    const tests = e.parts.mutant.map((m) => `<li>${escape(m.attrs?.hint ?? '')}</li>`).join('');
    return `<div class="starter">${block('starter')}</div>${hints(page, e)}${tests ? `<ul class="slips">${tests}</ul>` : ''}<details class="solution"><summary>Solution</summary>${block('solution')}</details>`;
  },
  param: (page, e) => `${key({ widget: e.attrs.widget, goal: e.attrs.goal })}${hints(page, e)}${solution(page, e)}`,
  expression: (page, e) => `${key({ answer: e.attrs.answer, vars: e.attrs.vars })}${hints(page, e)}${slips(page, e.slips)}${solution(page, e)}`,
  trace: (page, e) => hints(page, e) + solution(page, e),
  blanks: (page, e) => {
    const found = [];
    const code = e.parts.blanks.map((block) => codeFigure(block.value.replace(/\{\{(.+?)\}\}/g, (all, inner) => `KEN_BLANK_${found.push(inner) - 1}_`), 'c', { label: 'Code to complete' })).join('');
    const filled = code.replace(/KEN_BLANK_(\d+)_/g, (all, i) => {
      const [text, vars] = found[i].split('|');
      return `<span class="blank" data-answer="${escape(text.trim())}"${vars ? ` data-vars="${escape(vars.trim())}"` : ''}></span>`;
    });
    const answers = found.map((f) => `<code>${escape(f.split('|')[0].trim())}</code>`).join(', ');
    return `${filled}${hints(page, e)}${e.solution ? solution(page, e) : `<details class="solution"><summary>Solution</summary><p>${answers}</p></details>`}`;
  },
};

const hints = (page, e) => e.hints.map((hint) => `<details class="hint"><summary>Hint</summary>${page.all(hint.children)}</details>`).join('');
const solution = (page, e) => (e.solution ? `<details class="solution"><summary>Solution</summary>${page.all(e.solution)}</details>` : '');

// :blank[value] in a table of a trace: an empty cell that knows its answer.
const traced = (html, page, node) => {
  const values = [];
  const collect = (n) => { if (n.name === 'blank') values.push(page.all(n.children)); (n.children ?? []).forEach(collect); };
  node.children.forEach(collect);
  return html.replace(/<td([^>]*)>\s*\u0001(\d+)\u0001\s*<\/td>/g, (all, attrs, i) => `<td${attrs} data-answer="${values[i]}"></td>`);
};

export const questionForms = {
  predict: (page, node) => {
    const p = page.lesson.predicts.find((x) => x.node === node);
    return p ? `<ken-predict id="${escape(p.id)}">${stem(page, p.stem)}${options(page, p.options)}</ken-predict>` : '';
  },
  quiz: (page, node) => {
    const q = page.lesson.quizzes.find((x) => x.node === node);
    return q ? `<ken-quiz id="${escape(q.id)}" kind="${escape(q.kind)}">${kinds[q.kind](page, q)}</ken-quiz>` : '';
  },
  exercise: (page, node) => {
    const e = page.lesson.exercises.find((x) => x.node === node);
    if (!e || !exercises[e.kind]) return '';
    let body = stem(page, e.stem);
    if (e.kind === 'trace') {
      let i = 0;
      const mark = (n) => (n.name === 'blank' ? { type: 'text', value: `\u0001${i++}\u0001` } : n.children ? { ...n, children: n.children.map(mark) } : n);
      body = traced(stem(page, e.stem.map(mark)), page, node);
    }
    return `<ken-exercise id="${escape(e.id)}" kind="${e.kind}"${e.kind === 'c' ? ` data-lang="c" entry="${escape(e.attrs.entry)}"` : ''}>${body}${exercises[e.kind](page, e)}</ken-exercise>`;
  },
};
