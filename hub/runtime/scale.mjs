// Scales: data to pixels, back, and good places for ticks. Small on purpose: a page carries this.

const STEPS = [1, 2, 5, 10];

/** Round numbers in [a, b], about `most` of them: 1, 2 or 5 times a power of ten apart. */
export function linearTicks(a, b, most) {
  const span = b - a;
  if (!(span > 0) || !(most > 0)) return [];
  const power = Math.floor(Math.log10(span / most));
  const step = STEPS.map((s) => s * 10 ** power).find((s) => span / s <= most * 1.001) ?? 10 ** (power + 1);
  const first = Math.ceil(a / step - 1e-9);
  const last = Math.floor(b / step + 1e-9);
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) => Number(((first + i) * step).toFixed(Math.min(digits, 20))) + 0);
}

/** Powers of ten, thinned to `most`; within two decades also 2 and 5. */
export function logTicks(a, b, most) {
  const first = Math.ceil(Math.log10(a) - 1e-9);
  const last = Math.floor(Math.log10(b) + 1e-9);
  const values = [];
  if (last - first + 1 <= 2) {
    for (let e = first - 1; e <= last + 1; e++) for (const m of [1, 2, 5]) values.push(m * 10 ** e);
  } else {
    for (let e = first; e <= last; e += Math.ceil((last - first + 1) / most)) values.push(10 ** e);
  }
  return values.filter((v) => v >= a * (1 - 1e-9) && v <= b * (1 + 1e-9));
}

const scale = (place, back, domain, range, more = {}) => Object.assign((v) => place(v), { invert: back, domain: () => domain, range: () => range, ...more });

export function scaleLinear([a, b], [p, q]) {
  const k = (q - p) / (b - a);
  return scale((v) => p + (v - a) * k, (x) => a + (x - p) / k, [a, b], [p, q], { ticks: (most) => linearTicks(Math.min(a, b), Math.max(a, b), most) });
}

export function scaleLog([a, b], range) {
  const linear = scaleLinear([Math.log(a), Math.log(b)], range);
  return scale((v) => linear(Math.log(v)), (x) => Math.exp(linear.invert(x)), [a, b], range, { ticks: (most) => logTicks(a, b, most) });
}

/** Equal bands for names, with a fifth of a step between them. */
export function scaleBand(names, [p, q]) {
  const step = (q - p) / Math.max(1, names.length);
  const at = new Map(names.map((name, i) => [name, i]));
  const width = Math.abs(step) * 0.8;
  const place = (v) => (at.has(v) ? p + step * (at.get(v) + 0.5) - width / 2 : NaN);
  const back = (x) => names[Math.max(0, Math.min(names.length - 1, Math.floor((x - p) / step)))];
  return scale(place, back, names, [p, q], { bandwidth: () => width });
}
