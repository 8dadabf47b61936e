// Numbers of the text against the records of the cells.
import { slice } from './parse.mjs';

export const recordsByCell = (lines) => {
  const map = new Map();
  for (const line of lines) {
    const { cell } = JSON.parse(line);
    map.set(cell, [...(map.get(cell) ?? []), line]);
  }
  return map;
};

// key: "r2", "coef[2]", "table[3].price", "table[3][0]".
export function lookUp(records, cell, key) {
  const list = (records.get(cell) ?? []).map((line) => JSON.parse(line));
  const match = /^([^[\]]+)(?:\[(\d+)\])?(?:\.(.+)|\[(\d+)\])?$/.exec(key);
  const record = list.find((r) => r.key === key) ?? (match && list.find((r) => r.key === match[1]));
  if (!record) return { error: `the cell "${cell}" shows no "${key}"`, known: list.map((r) => r.key).filter(Boolean) };
  if (record.key === key && record.type !== 'array' && record.type !== 'table') return { value: record.value };
  if (record.type === 'array') {
    const value = record.value[Number(match[2] ?? NaN)];
    return value === undefined ? { error: `"${key}": the array "${record.key}" has ${record.value.length} values`, known: [`${record.key}[0]`] } : { value };
  }
  const { columns, rows } = record.value ?? record;
  if (!columns) return { error: `"${key}" is a ${record.type}`, known: [record.key] };
  const column = match[4] !== undefined ? Number(match[4]) : columns.findIndex((c) => c.name === match[3]);
  const value = rows[Number(match[2] ?? NaN)]?.[column];
  return value === undefined ? { error: `"${key}": the table "${record.key}" has ${rows.length} rows and the columns ${columns.map((c) => c.name).join(', ')}`, known: [`${record.key}[0].${columns[0].name}`] } : { value };
}

// toFixed rounds exact halves up; printf rounds them to even. Doubles are dyadic, so a half shows in their digits.
function fixed(x, digits) {
  const up = x.toFixed(digits);
  if (digits > 60 || !Number.isFinite(x) || Math.abs(x) >= 1e21) return up;
  const exact = Math.abs(x).toFixed(100);
  const tail = exact.slice(exact.indexOf('.') + 1 + digits);
  if (!/^50*$/.test(tail)) return up;
  const kept = exact.slice(0, exact.indexOf('.') + (digits ? 1 + digits : 0));
  if ((Number(kept.at(-1)) & 1) === 1) return (x < 0 ? '-' : '') + up.replace('-', '');
  return (x < 0 ? '-' : '') + kept;
}

// The same for toExponential, with printf's two digits of exponent.
function exponent(x, digits) {
  const up = x.toExponential(digits);
  const [mantissa] = x.toExponential(100).replace('-', '').split('e');
  const all = mantissa.replace('.', '');
  const half = digits < 60 && /^50*$/.test(all.slice(digits + 1)) && (Number(all[digits]) & 1) === 0;
  const kept = `${all[0]}${digits ? `.${all.slice(1, digits + 1)}` : ''}`;
  const text = half ? `${x < 0 ? '-' : ''}${kept}e${x.toExponential(100).split('e')[1]}` : up;
  return text.replace(/e([+-])(\d)$/, 'e$10$2');
}

function general(x, digits) {
  const p = digits === 0 ? 1 : digits;
  if (x === 0) return Object.is(x, -0) ? '-0' : '0';
  const e = Number(x.toExponential(p - 1).split('e')[1]);
  const text = e < -4 || e >= p ? exponent(x, p - 1) : fixed(x, p - 1 - e);
  return text.includes('.') ? text.replace(/\.?0+(?=e|$)/, '') : text;
}

// printf of one value. "'": groups of three; a "%" at the end: percent of a share.
export function formatAs(fmt, value) {
  const match = /^%?('?)(\+?)(?:\.(\d+))?([defgs]?)(%?)$/.exec(fmt);
  if (!match) throw new Error(`fmt="${fmt}"`);
  const [, group, plus, precision, letter, percent] = match;
  if (letter === 's') return String(value);
  let x = typeof value === 'boolean' ? Number(value) : value;
  if (typeof x !== 'number') throw new Error(`fmt="${fmt}" of ${JSON.stringify(value)}`);
  if (percent) x *= 100;
  const digits = precision === undefined ? (percent && !letter ? 0 : 6) : Number(precision);
  let text = { d: () => fixed(Math.trunc(x), 0), e: () => exponent(x, digits), g: () => general(x, digits), f: () => fixed(x, digits), '': () => fixed(x, digits) }[letter]();
  if (letter === 'd' && !Number.isInteger(x)) throw new Error(`fmt="${fmt}" of ${x}, which is not whole`);
  if (group) text = text.replace(/\d+/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ','));
  if (plus && !text.startsWith('-')) text = `+${text}`;
  return text + percent;
}

const normal = (text) => text.replace(/[−–]/g, '-').replace(/[\u00a0\u202f]/g, ' ').trim();

// Problems for numbers that differ; with `fixes`, the edits that would mend the file.
export function checkNumbers(lesson, records, fixes) {
  let good = 0;
  for (const node of lesson.numbers) {
    const { cell, key, fmt } = node.attrs;
    if (!cell || !key || !fmt) continue;
    const found = lookUp(records, cell, key);
    if (found.error) {
      lesson.problems.error(node, found.error, { expected: found.known?.length ? found.known.join(', ') : 'a key of KEN_SHOW' });
      continue;
    }
    let want;
    try {
      want = formatAs(fmt, found.value);
    } catch (error) {
      lesson.problems.error(node, error.message, { expected: 'a format that fits the record' });
      continue;
    }
    const text = node.children.map((child) => child.value ?? '').join('');
    if (normal(text) === want) { good++; continue; }
    if (fixes) {
      const raw = slice(lesson.body, node);
      const shown = text.includes('−') ? want.replace('-', '−') : want;
      fixes.push({ start: node.position.start.offset, end: node.position.end.offset, text: raw.replace(/^(:n\[)[^\]]*(\])/, (all, open, shut) => open + shown + shut), was: text, now: shown, line: node.position.start.line });
    } else lesson.problems.error(node, `the text says ${text}, the cell "${cell}" gives ${want}`, { hint: '"make hub-fix" writes it in' });
  }
  return good;
}

// Offsets count in the body; the head was blanked line by line, so edits go by line and column.
export function applyFixes(source, body, fixes) {
  const shift = source.length - body.length;
  let text = source;
  for (const fix of [...fixes].sort((a, b) => b.start - a.start)) text = text.slice(0, fix.start + shift) + fix.text + text.slice(fix.end + shift);
  return text;
}
