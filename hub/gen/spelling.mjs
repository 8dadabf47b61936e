// Spelling of prose: American English, the project's words (words.txt), the lesson's own (words.txt beside it), and every
// name that the rooms and the library know.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { createRequire } from 'node:module';
import { HUB } from './paths.mjs';

const own = path.join(HUB, 'gen', 'words.txt');
const SKIP = new Set(['inlineCode', 'code', 'inlineMath', 'math', 'html', 'yaml', 'definition', 'image']);
const PREFIX = /^(?:re|un|non|pre|sub|super|over|under|multi|inter|semi|auto|de)(?=[a-z]{4})/i; // "rescale", "nonlinear"
let speller;

const words = (file) => (existsSync(file) ? readFileSync(file, 'utf8').split('\n').map((w) => w.replace(/#.*/, '').trim()).filter(Boolean) : []);

async function prepare(rooms) {
  if (speller) return speller;
  const nspell = (await import('nspell')).default;
  const folder = path.dirname(createRequire(path.join(HUB, 'package.json')).resolve('dictionary-en'));
  speller = nspell(readFileSync(path.join(folder, 'index.aff')), readFileSync(path.join(folder, 'index.dic')));
  const known = [...words(own), ...[...(rooms.terms?.values() ?? [])].flatMap((t) => t.term.split(/[\s-]+/)), ...[...(rooms.symbols?.values() ?? [])].flatMap((s) => s.name.split(/[\s-]+/)),
    ...[...(rooms.bibliography?.values() ?? [])].flatMap((s) => [s.authors].flat().join(' ').split(/[\s,.-]+/)), ...[...(rooms.things?.keys() ?? [])].flatMap((n) => n.split(/[:_]/))];
  for (const word of known) if (word) speller.add(word);
  return speller;
}

// Words of a text with their offsets; what is no word (numbers, CamelCase, names_like_this, ABBR) is left out.
export function wordsOf(text) {
  const out = [];
  for (const match of text.matchAll(/[\p{L}\p{M}][\p{L}\p{M}'’\d_]*/gu)) {
    const word = match[0].replace(/’/g, "'").replace(/'s$|'$/, '');
    if (word.length < 3 || /[\d_]/.test(word) || /^[A-Z]{2,}s?$/.test(word) || /.[A-Z]/.test(word) || /[^\u0000-\u024f]/.test(word)) continue;
    if (/[\w/@.]$/.test(text.slice(0, match.index)) && /[/@]$/.test(text.slice(0, match.index))) continue;
    const before = text.slice(0, match.index).trimEnd();
    const inner = before !== '' && !/[.!?:]["”)]*$/.test(before);
    out.push({ word, index: match.index, name: inner && /^\p{Lu}/u.test(word) });
  }
  return out;
}

export async function checkSpelling(built, rooms) {
  const spell = await prepare(rooms);
  for (const { lesson } of built) {
    const mine = new Set(words(path.join(lesson.folder, 'words.txt')).map((w) => w.toLowerCase()));
    const seen = new Set();
    const right = (word) => mine.has(word.toLowerCase()) || spell.correct(word) || spell.correct(word.toLowerCase());
    const good = ({ word, name }) => name || right(word) || (PREFIX.test(word) && right(word.replace(PREFIX, '')));
    const check = (text, at) => {
      for (const w of wordsOf(text)) {
        if (seen.has(w.word) || good(w)) continue;
        seen.add(w.word);
        const lines = text.slice(0, w.index).split('\n');
        const place = { line: at.line + lines.length - 1, column: lines.length > 1 ? lines.at(-1).length + 1 : at.column + w.index };
        const near = spell.suggest(w.word).slice(0, 3).map((s) => `"${s}"`).join(' or ');
        lesson.problems.error(place, `"${w.word}" is not in the dictionary`, { near: near || undefined, hint: 'a word of the trade goes into hub/gen/words.txt or words.txt beside the lesson' });
      }
    };
    const visit = (node) => {
      if (SKIP.has(node.type)) return;
      if (node.type === 'text' && node.position) check(node.value, node.position.start);
      for (const key of ['alt', 'title', 'caption']) if (node.attrs?.[key]) check(node.attrs[key], node.position.start);
      for (const child of node.children ?? []) visit(child);
    };
    if (lesson.summary) check(lesson.summary, lesson.where.summary);
    if (lesson.title) check(lesson.title, lesson.where.title);
    visit(lesson.tree);
  }
}
