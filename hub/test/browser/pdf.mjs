// Just enough of PDF to count what is drawn on each page: Chromium's writer makes plain objects with deflated streams.
import { inflateSync } from 'node:zlib';

// → [{text: shows of text, marks: paths and pictures}], one a page
export function pages(bytes) {
  const text = bytes.toString('latin1'), objects = new Map();
  for (const match of text.matchAll(/(?:^|\n)(\d+) 0 obj\b/g)) objects.set(Number(match[1]), match.index + match[0].length);
  const dictionary = (from) => text.slice(from, from + 4000).split(/\bendobj\b|\bstream\r?\n/)[0];
  const stream = (from) => {
    const head = text.indexOf('stream', from), begin = text[head + 6] === '\r' ? head + 8 : head + 7;
    const length = Number(/\/Length (\d+)/.exec(dictionary(from))?.[1]);
    const raw = bytes.subarray(begin, begin + length);
    return /FlateDecode/.test(dictionary(from)) ? inflateSync(raw).toString('latin1') : raw.toString('latin1');
  };
  const out = [];
  for (const from of objects.values()) {
    const dict = dictionary(from);
    if (!/\/Type ?\/Page\b(?!s)/.test(dict)) continue;
    const contents = [.../\/Contents ?(?:\[([^\]]*)\]|(\d+) 0 R)/.exec(dict)?.slice(1) ?? []].filter(Boolean).join(' ').match(/\d+(?= 0 R|$)/g) ?? [];
    const code = contents.map((n) => stream(objects.get(Number(n)))).join('\n');
    out.push({ text: (code.match(/\bT[jJ]\b/g) ?? []).length, marks: (code.match(/(?:^|\s)(?:S|f\*?|B|Do)(?=\s|$)/g) ?? []).length });
  }
  return out;
}
