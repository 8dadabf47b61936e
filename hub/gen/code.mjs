// Source code with colors from the theme's variables; each line an element that formulas and plots can point to.
import { createCssVariablesTheme, createHighlighterCore } from 'shiki/core';
import { createJavaScriptRegexEngine } from 'shiki/engine/javascript';

const LANGUAGES = { c: 'c', sh: 'shellscript', bash: 'shellscript', json: 'json', js: 'javascript', python: 'python', csv: 'csv', diff: 'diff', make: 'make', cmake: 'cmake' };
// Thousands of tokens a page: short names. theme.css gives them their colors.
const TOKENS = { keyword: 'k', function: 'f', constant: 'n', string: 's', 'string-expression': 's', comment: 'c', punctuation: 'p', link: 'f' };
let highlighter;

export async function prepareCode() {
  const load = async (name) => (await import(`shiki/langs/${name}.mjs`)).default;
  highlighter ??= await createHighlighterCore({
    themes: [createCssVariablesTheme({ name: 'ken', variablePrefix: '--shiki-', fontStyle: false })],
    langs: await Promise.all([...new Set(Object.values(LANGUAGES))].map(load)),
    engine: createJavaScriptRegexEngine(),
  });
}

export const knownLanguage = (name) => !name || name in LANGUAGES || name === 'text';
export const languages = () => Object.keys(LANGUAGES);

export const escape = (text) => String(text ?? '').replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);

// "lambda:3 loss:5-7" → [{line: "lambda"}, …]; lines count from 1 within the block.
export function symbolLines(text) {
  const lines = new Map();
  for (const entry of (text ?? '').split(/[\s,]+/).filter(Boolean)) {
    const match = /^([\w-]+):(\d+)(?:-(\d+))?$/.exec(entry);
    if (!match) throw new Error(`sym="${text}"; expected "lambda:3 loss:5-7"`);
    for (let i = Number(match[2]); i <= Number(match[3] ?? match[2]); i++) lines.set(i, match[1]);
  }
  return lines;
}

export function highlight(source, language, { sym } = {}) {
  const symbols = symbolLines(sym);
  const lines = LANGUAGES[language]
    ? highlighter.codeToTokens(source, { lang: LANGUAGES[language], theme: 'ken' }).tokens
    : source.split('\n').map((content) => [{ content }]);
  const token = ({ content, color }) => {
    const kind = content.trim() && TOKENS[/token-([\w-]+)/.exec(color)?.[1]];
    return kind ? `<i class=${kind}>${escape(content)}</i>` : escape(content);
  };
  return lines.map((tokens, i) => {
    const symbol = symbols.get(i + 1);
    return `<span class="line"${symbol ? ` data-sym="${escape(symbol)}"` : ''}>${tokens.map(token).join('')}</span>`;
  }).join('\n');
}

export function codeFigure(source, language, { caption = '', label = 'Code', ...rest } = {}) {
  return `<figure class="code">${caption ? `<figcaption>${caption}</figcaption>` : ''}<pre class="shiki" tabindex="0" aria-label="${escape(label)}"><code>${highlight(source, language, rest)}</code></pre></figure>`;
}
