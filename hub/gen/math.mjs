// Formulas by KaTeX at build time. \sym{id} becomes the symbol's own TeX inside an element that hover, focus and the
// glossary share; nothing else of KaTeX's HTML commands is let in.
import katex from 'katex';

export const MACROS = {
  '\\R': '\\mathbb{R}', '\\N': '\\mathbb{N}', '\\Z': '\\mathbb{Z}', '\\E': '\\operatorname{\\mathbb{E}}', '\\Var': '\\operatorname{Var}',
  '\\Cov': '\\operatorname{Cov}', '\\P': '\\operatorname{P}', '\\argmin': '\\operatorname*{arg\\,min}', '\\argmax': '\\operatorname*{arg\\,max}',
  '\\diag': '\\operatorname{diag}', '\\tr': '\\operatorname{tr}', '\\rank': '\\operatorname{rank}', '\\sign': '\\operatorname{sign}', '\\softmax': '\\operatorname{softmax}',
  '\\norm': '\\left\\lVert #1 \\right\\rVert', '\\abs': '\\left\\lvert #1 \\right\\rvert', '\\d': '\\mathrm{d}', '\\T': '{^\\top}', '\\1': '\\mathbf{1}',
  '\\KL': '\\operatorname{KL}', '\\bm': '\\boldsymbol{#1}',
};

// \sym{id} → TeX. wrap(tex, id): what stands around it.
export const expandSymbols = (tex, symbols, wrap) => tex.replace(/\\sym\s*\{([^}]*)\}/g, (all, id) => (symbols?.get(id) ? wrap(symbols.get(id).tex, id) : `\\text{${id}}`));

export function renderMath(tex, { display = false, symbols } = {}) {
  const source = expandSymbols(tex, symbols, (inner, id) => `\\htmlData{sym=${id}}{${inner}}`);
  const trust = (context) => context.command === '\\htmlData' && Object.keys(context.attributes ?? {}).every((name) => name === 'data-sym');
  return katex.renderToString(source, { displayMode: display, output: 'htmlAndMathml', throwOnError: true, strict: (code) => (code === 'htmlExtension' ? 'ignore' : 'error'), trust, macros: { ...MACROS }, maxExpand: 500 });
}

// The place of a KaTeX error within a formula, for the message.
export const mathError = (error) => String(error.message).replace(/^KaTeX parse error: /, '').replace(/\s+/g, ' ');
