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
  print: (r) => `<pre>${escape(r.value ?? r.text ?? '')}</pre>`,
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

// records: objects, or lines of JSON.
export function recordsHTML(records) {
  return records.map((r) => (typeof r === 'string' ? JSON.parse(r) : r)).map((r) => (kinds[r.type] ?? ((x) => line(x.key ?? x.type, `<code>${escape(JSON.stringify(x.value))}</code>`)))(r)).join('');
}
