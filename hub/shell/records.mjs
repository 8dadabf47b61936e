// Records of a cell as HTML; the same function at build and in the page, so that a rerun looks like the printed run.

const escape = (text) => String(text).replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]);
const plain = (value) => (value === null ? 'missing' : typeof value === 'number' ? shorten(value) : String(value));

// Full digits stay in the title; what is read has six.
function shorten(value) {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const six = Number(value.toPrecision(6));
  return String(six);
}

const kinds = {
  number: (r) => line(r.key, `<code title="${escape(r.value)}">${escape(plain(r.value))}</code>`),
  integer: (r) => line(r.key, `<code>${escape(r.value)}</code>`),
  bool: (r) => line(r.key, `<code>${r.value ? 'true' : 'false'}</code>`),
  text: (r) => line(r.key, `<code>${escape(r.value)}</code>`),
  array: (r) => line(r.key, `<code title="${escape(JSON.stringify(r.value))}">${escape(`[${list(r.value)}]`)}</code>`),
  table: (r) => table(r),
  figure: (r) => `<p class="rec" data-figure><b>${escape(r.key)}</b><span>a figure: the notebook draws it</span></p>`,
  print: (r) => `<pre tabindex="0" aria-label="Printed">${escape(r.value.replace(/\n$/, ''))}</pre>`,
  error: (r) => `<p class="err"><b>${escape(r.code ?? 'error')}</b>: ${escape(r.message ?? '')}${r.hint ? `<br>${escape(r.hint)}` : ''}</p>`,
};

const line = (key, value) => `<p class="rec"><b>${escape(key)}</b>${value}</p>`;

function list(values) {
  const flat = Array.isArray(values) ? values : [];
  const shown = flat.slice(0, 12).map((v) => (Array.isArray(v) ? `[${list(v)}]` : plain(v)));
  return shown.join(', ') + (flat.length > 12 ? `, … ${flat.length - 12} more` : '');
}

function table(r) {
  const t = r.value?.columns ? r.value : r;
  const head = t.columns.map((c) => `<th scope="col"${c.dtype === 'text' ? '' : ' class="num"'}>${escape(c.name)}</th>`).join('');
  const rows = t.rows.map((row) => `<tr>${row.map((v) => `<td${typeof v === 'number' ? ' class="num"' : ''}>${escape(plain(v))}</td>`).join('')}</tr>`).join('');
  const more = t.total > t.rows.length ? `<p>${t.rows.length} of ${t.total} rows</p>` : '';
  return `<div class="table" role="region" tabindex="0" aria-label="Table ${escape(r.key ?? '')}"><table><thead><tr>${head}</tr></thead><tbody>${rows}</tbody></table></div>${more}`;
}

const scalar = new Set(['number', 'integer', 'bool', 'text', 'array']);
const MANY = 5; // values beside printed text beyond which they are folded: mostly they are what the text says, for the prose to be checked against

// What a stretch of a cell printed comes as one text, then the values that it showed, side by side.
function stretch(printed, values) {
  const text = printed.length ? kinds.print({ value: printed.join('') }) : '';
  if (!values.length) return text;
  const wide = values.some((r) => r.type === 'array' || String(r.value).length > 24);
  const list = `<div class="values${wide ? ' wide' : ''}">${values.map((r) => kinds[r.type](r)).join('')}</div>`;
  return text + (text && values.length > MANY ? `<details class="shown"><summary>${values.length} values</summary>${list}</details>` : list);
}

// records: objects, or lines of JSON; drawn: from a record of a figure to its SVG, if there is one.
export function recordsHTML(records, drawn) {
  let html = '', printed = [], values = [];
  const flush = () => {
    html += stretch(printed, values);
    printed = [], values = [];
  };
  for (const r of records.map((line) => (typeof line === 'string' ? JSON.parse(line) : line))) {
    if (r.type === 'print') printed.push(r.value ?? r.text ?? '');
    else if (scalar.has(r.type)) values.push(r);
    else {
      flush();
      const svg = r.type === 'figure' && drawn?.(r);
      html += svg ? `<figure class="plot">${svg}</figure>` : (kinds[r.type] ?? ((x) => line(x.key ?? x.type, `<code>${escape(JSON.stringify(x.value))}</code>`)))(r);
    }
  }
  flush();
  return html;
}
