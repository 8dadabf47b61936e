// Numbers as people read them: real minus, at most `digits` significant digits, words for what is no number.

const SUPER = { '-': '⁻', 0: '⁰', 1: '¹', 2: '²', 3: '³', 4: '⁴', 5: '⁵', 6: '⁶', 7: '⁷', 8: '⁸', 9: '⁹' };

export function formatNumber(value, digits = 4) {
  if (value === null || value === undefined) return '–';
  if (typeof value !== 'number') return String(value);
  if (Number.isNaN(value)) return 'not a number';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 1e6 || size < 1e-4) return powerText(value, Math.min(digits, 3));
  const text = size >= 10 ** digits ? value.toFixed(0) : String(Number(value.toPrecision(digits)));
  return text.replace('-', '−');
}

function powerText(value, digits) {
  const [mantissa, exponent] = value.toExponential(digits - 1).split('e');
  const power = [...String(Number(exponent))].map((c) => SUPER[c]).join('');
  const lead = String(Number(mantissa)).replace('-', '−');
  return lead === '1' ? `10${power}` : `${lead}·10${power}`;
}

/** A tick of a logarithmic axis: 0.01 … 1000 plain, the others as powers of ten. */
export const formatLogTick = (value) =>
  value >= 1e-3 && value < 1e5 ? String(Number(value.toPrecision(3))) : powerText(value, 1);

/** Coordinates of pictures: 0.01 px is enough, and short text is small pages. */
export const px = (value) => String(Math.round(value * 100) / 100);

const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escapeHTML = (text) => String(text).replace(/[&<>"']/g, (c) => ESCAPES[c]);

/** `value` rounded to `digits` significant digits: what a slider or a drag stores, so that links stay short. */
export const significant = (value, digits = 3) => (Number.isFinite(value) ? Number(value.toPrecision(digits)) : value);
