// The head of a lesson: a small part of YAML (keys, texts, numbers, lists, flat maps), with the place of each key.

const FIELDS = {
  id: { type: 'slug', required: true },
  title: { type: 'text', required: true },
  part: { type: 'part', required: true },
  summary: { type: 'text', required: true },
  needs: { type: 'texts' },
  minutes: { type: 'count', required: true },
  inv: { type: 'numbers' },
  seeds: { type: 'texts' },
  budget: { type: 'map' },
  things: { type: 'texts' },
  probes: { type: 'texts' },
};

export const frontFields = Object.keys(FIELDS);

// Splits `text`: {front lines, body} where body keeps the line numbers of the file.
export function splitFront(text, problems) {
  const lines = text.split('\n');
  if (lines[0].trim() !== '---') {
    problems.error({ line: 1, column: 1 }, 'the file does not begin with a head', { expected: '"---", then "id: …", "title: …", and "---" again' });
    return { front: [], body: text };
  }
  const end = lines.findIndex((line, i) => i > 0 && line.trim() === '---');
  if (end < 0) {
    problems.error({ line: 1, column: 1 }, 'the head never ends', { expected: 'a line "---" after its last field' });
    return { front: [], body: '' };
  }
  const body = lines.map((line, i) => (i <= end ? ' '.repeat(0) : line)).join('\n');
  return { front: lines.slice(1, end), body };
}

export function readFront(lines, problems) {
  const meta = {}, where = {};
  for (let i = 0; i < lines.length; i++) {
    const line = i + 2, text = lines[i];
    if (!text.trim() || text.trim().startsWith('#')) continue;
    const match = /^([A-Za-z_]+):(?:\s+(.*))?$/.exec(text);
    if (!match) {
      problems.error({ line, column: 1 }, `"${text.trim()}" is no field of the head`, { expected: '"name: value"' });
      continue;
    }
    const [, key, rest = ''] = match;
    let value = stripComment(rest).trim();
    while (/^[[{]/.test(value) && !/[\]}]$/.test(value) && i + 1 < lines.length) value += ` ${stripComment(lines[++i]).trim()}`;
    if (!value) {
      const items = [];
      while (i + 1 < lines.length && /^\s*-\s+/.test(lines[i + 1])) items.push(unquote(stripComment(lines[++i]).trim().replace(/^-\s+/, '')));
      value = items;
    }
    if (key in meta) problems.error({ line, column: 1 }, `the field "${key}" stands twice`);
    where[key] = { line, column: key.length + 3 };
    meta[key] = Array.isArray(value) ? value : scalar(value);
  }
  return { meta, where };
}

function stripComment(text) {
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    if (quote) { if (text[i] === quote) quote = ''; } else if (text[i] === '"' || text[i] === "'") quote = i === 0 || /[\s[{,]/.test(text[i - 1]) ? text[i] : '';
    else if (text[i] === '#' && (i === 0 || /\s/.test(text[i - 1]))) return text.slice(0, i);
  }
  return text;
}

const unquote = (text) => (/^(["']).*\1$/.test(text) ? text.slice(1, -1) : text);

function scalar(text) {
  if (text.startsWith('[')) return split(text.slice(1, text.endsWith(']') ? -1 : undefined));
  if (text.startsWith('{')) {
    return Object.fromEntries(split(text.slice(1, text.endsWith('}') ? -1 : undefined)).map((pair) => {
      const colon = pair.indexOf(':');
      return [pair.slice(0, colon).trim(), unquote(pair.slice(colon + 1).trim())];
    }));
  }
  return unquote(text);
}

function split(text) {
  const out = [];
  let quote = '', now = '';
  for (const c of text) {
    if (quote) { if (c === quote) quote = ''; now += c; } else if (c === '"' || c === "'") { quote = c; now += c; } else if (c === ',') { out.push(now); now = ''; } else now += c;
  }
  out.push(now);
  return out.map((item) => unquote(item.trim())).filter((item) => item !== '');
}

const TYPES = {
  slug: (v) => typeof v === 'string' && /^[a-z][a-z0-9-]*$/.test(v) ? v : undefined,
  text: (v) => typeof v === 'string' && v !== '' ? v : undefined,
  part: (v) => typeof v === 'string' && /^[A-M]$/.test(v) ? v : undefined,
  texts: (v) => (Array.isArray(v) ? v : undefined),
  count: (v) => (/^[1-9]\d*$/.test(v) ? Number(v) : undefined),
  numbers: (v) => {
    if (!Array.isArray(v)) return undefined;
    const out = [];
    for (const item of v) {
      const range = /^(\d+)(?:\s*[-–]\s*(\d+))?$/.exec(item);
      if (!range) return undefined;
      for (let n = Number(range[1]); n <= Number(range[2] ?? range[1]); n++) out.push(n);
    }
    return out;
  },
  map: (v) => (v && typeof v === 'object' && !Array.isArray(v) ? v : undefined),
};
const WANT = {
  slug: 'small letters, digits and "-"', text: 'a text', part: 'one letter A to M', texts: 'a list "[a, b]"',
  count: 'a whole number', numbers: 'a list of numbers "[73, 74, 80-82]"', map: 'a map "{wasm: 60k, data: 20k}"',
};

// The typed head; unknown fields, wrong types and missing fields are errors.
export function checkFront({ meta, where }, problems, nearest) {
  const out = { needs: [], inv: [], seeds: [], budget: {}, things: [], probes: [] };
  for (const [key, value] of Object.entries(meta)) {
    const field = FIELDS[key];
    if (!field) {
      problems.error(where[key], `the head has no field "${key}"`, { near: nearest(key, frontFields), expected: frontFields.join(', ') });
      continue;
    }
    const typed = TYPES[field.type](value);
    if (typed === undefined) problems.error(where[key], `"${key}" is ${JSON.stringify(value)}`, { expected: WANT[field.type] });
    else out[key] = typed;
  }
  for (const [key, field] of Object.entries(FIELDS)) {
    if (field.required && !(key in meta)) problems.error({ line: 1, column: 1 }, `the head lacks "${key}"`, { expected: `"${key}: …" (${WANT[field.type]})` });
  }
  return out;
}
