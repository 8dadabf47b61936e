// One score is luck: draw the split again with another seed and see the score move; many splits show how far.

import { formatNumber } from '../../runtime/format.mjs';
import { asColumn, classNames, completeRows, keepOut, metric, numericNames, someRows } from '../../runtime/data.mjs';

const BINS = 16;
const ALL = 1e6; // rows: as many as there are
const SETTINGS = { knn: { k: 5, recipe: true }, tree: { max_depth: 4 }, logistic: { l2: 1, recipe: true } };

async function compute(ken, state, attrs, env) {
  const source = env.data?.table ?? ken.dataset(attrs.data);
  const target = env.data?.pick.class ?? attrs.target ?? classNames(source)[0];
  const names = (attrs.features?.length && !env.data ? attrs.features : numericNames(source)).filter((n) => n !== target).slice(0, 6);
  const whole = completeRows(source, [...names, target]);
  const all = whole[0].values.length;
  const kept = someRows(all, state.rows);
  const columns = whole.map((c) => ({ ...c, values: Float64Array.from(kept, (i) => c.values[i]) }));
  const table = ken.table(Object.fromEntries(columns.map((c) => [c.name, asColumn(c)])));
  const codes = columns.at(-1).values;
  const levels = columns.at(-1).levels ?? [];
  const scores = [];
  for (let i = 0; i < state.splits; i++) {
    ken.seed(state.seed + i);
    const roles = keepOut(ken.split(table, 'holdout', { fraction: state.test }, target));
    const model = ken.model(state.model, SETTINGS[state.model]).fit(table, target, { task: 'classify', rows: roles });
    const predicted = model.predict(table).data;
    const classes = model.classes().map((c) => levels.indexOf(c));
    const share = (role) => {
      const rows = Array.from(roles, (r, j) => j).filter((j) => roles[j] === role);
      return metric(ken, 'classify', rows.map((j) => classes.indexOf(codes[j])), rows.map((j) => predicted[j]), 'accuracy');
    };
    const tested = Array.from(roles, (_, j) => j).filter((j) => roles[j] === 2);
    const [score] = ken.metrics('classify', tested.map((j) => classes.indexOf(codes[j])), tested.map((j) => predicted[j]), undefined, { names: ['accuracy'] }); // with Wilson's interval
    scores.push({ seed: state.seed + i, test: score.value, low: score.low, high: score.high, train: share(0), tested: tested.length });
    model.free();
    await env.slice();
    if (env.cancelled()) return null;
  }
  return { scores, all, rows: table.rows, tested: scores[0].tested, steps: state.splits, target };
}

const mean = (list) => list.reduce((s, v) => s + v, 0) / list.length;
const spread = (list) => Math.sqrt(list.reduce((s, v) => s + (v - mean(list)) ** 2, 0) / Math.max(1, list.length - 1));

function scene(r, state) {
  const shown = r.scores.slice(0, Math.max(1, Math.min(state.shown, r.scores.length)));
  const test = shown.map((s) => s.test);
  const now = shown.at(-1);
  const all = r.scores.flatMap((s) => [s.test, s.train]);
  const lo = Math.max(0, Math.min(...all, now.low) - 0.02);
  const width = (1.002 - lo) / BINS;
  const counts = Array.from({ length: BINS }, () => 0);
  for (const v of test) counts[Math.min(BINS - 1, Math.floor((v - lo) / width))]++;
  const x = { domain: [lo, 1.002], label: 'share of rows right', short: 'right' };
  const title = (s, kind) => `seed ${s.seed}, ${kind} rows: ${formatNumber(100 * s[kind], 4)} % right`;
  const plots = [
    { id: 'dots', title: 'One dot a split', width: 1.2, x, y: { domain: [0.2, shown.length + 0.8], label: 'split', ticks: [1, Math.ceil(r.scores.length / 2), r.scores.length].filter((v) => v <= shown.length) }, marks: [
      { type: 'segments', x0: shown.map((s) => s.test), x1: shown.map((s) => s.train), y0: shown.map((_, i) => i + 1), y1: shown.map((_, i) => i + 1), color: 'muted', width: 1, opacity: 0.5 },
      { type: 'segments', x0: [now.low], x1: [now.high], y0: [shown.length], y1: [shown.length], color: 'c2', width: 3.5, opacity: 0.55, legend: [{ text: 'Wilson interval', color: 'c2' }] },
      { type: 'points', x: shown.map((s) => s.train), y: shown.map((_, i) => i + 1), color: 'c1', hollow: true, size: 3.5, label: 'training rows', key: shown.map((s) => s.seed), title: shown.map((s) => title(s, 'train')) },
      { type: 'points', x: test, y: shown.map((_, i) => i + 1), color: 'c2', size: shown.map((_, i) => (i === shown.length - 1 ? 6.5 : 4)), label: 'test rows', key: shown.map((s) => s.seed), title: shown.map((s) => title(s, 'test')) },
      { type: 'rule', x: mean(test), color: 'c2', text: 'mean' }] },
    { id: 'bins', title: 'How the test scores pile up', width: 0.8, x, y: { domain: [0, Math.max(4, ...counts) * 1.1], label: 'splits' }, marks: [
      { type: 'rects', x0: [now.low], x1: [now.high], y0: [0], y1: [Math.max(4, ...counts) * 1.1], color: 'muted', opacity: 0.16, title: [`95 % interval of the split in hand: ${formatNumber(100 * now.low, 3)} to ${formatNumber(100 * now.high, 3)} %`], legend: [{ text: 'interval of this split', color: 'muted' }] },
      { type: 'rects', x0: counts.map((_, i) => lo + i * width), x1: counts.map((_, i) => lo + (i + 0.94) * width), y0: counts.map(() => 0), y1: counts, color: 'c2', opacity: 0.6, title: counts.map((n, i) => `${n} splits between ${formatNumber(lo + i * width, 3)} and ${formatNumber(lo + (i + 1) * width, 3)}`) }, { type: 'rule', x: mean(test), color: 'c2' }] },
  ];
  const inside = r.scores.filter((s) => s.test >= now.low && s.test <= now.high).length;
  const trust = ` From its ${now.tested} test rows alone this split would say ${formatNumber(100 * now.low, 3)} to ${formatNumber(100 * now.high, 3)} % (95 %, Wilson): ${inside} of all ${r.scores.length} splits score in there.`;
  const [worst, best] = [Math.min(...test), Math.max(...test)];
  const summary = test.length === 1 ? `With seed ${now.seed}, ${formatNumber(100 * now.test, 4)} % of the ${r.tested} test rows are right. What would another draw say?${trust}` : `Over ${test.length} splits the same model scores between ${formatNumber(100 * worst, 3)} % and ${formatNumber(100 * best, 3)} %, ${formatNumber(100 * mean(test), 3)} % on average, with a standard deviation of ${formatNumber(100 * spread(test), 2)} points. Each of the ${r.tested} test rows weighs ${formatNumber(100 / r.tested, 2)} points: more of them, and the scores move closer together.${trust}`;
  return { plots, summary, objective: now.test, readouts: [{ label: 'this split', value: `${formatNumber(100 * now.test, 4)} %` }, { label: 'its interval', value: `${formatNumber(100 * now.low, 3)} to ${formatNumber(100 * now.high, 3)} %` }, { label: 'mean', value: `${formatNumber(100 * mean(test), 4)} %` }, { label: 'standard deviation', value: test.length > 1 ? `${formatNumber(100 * spread(test), 3)} points` : '–' }, { label: 'test rows', value: r.tested }],
    table: { columns: ['seed', 'test', 'low', 'high', 'training'], main: 'test', rows: shown.map((s) => [s.seed, s.test, s.low, s.high, s.train]) } };
}

export default {
  kind: 'split',
  needs: ['knn', 'tree', 'logistic', 'holdout', 'recipe', 'accuracy'],
  attrs: { data: { type: 'text', default: 'penguins' }, target: { type: 'text' }, features: { type: 'list' }, model: { type: 'text', default: 'knn', choices: ['knn', 'tree', 'logistic'] }, test: { type: 'number', default: 0.2 }, rows: { type: 'integer', default: ALL }, splits: { type: 'integer', default: 40 }, shown: { type: 'integer', default: 1 } },
  cosmetic: ['shown'],
  own: [{ name: 'class', type: 'class', label: 'What to predict' }],
  state: (attrs) => ({ model: attrs.model, test: attrs.test, rows: attrs.rows, splits: attrs.splits, shown: attrs.shown, seed: attrs.seed ?? 1 }),
  controls: () => [
    { name: 'test', type: 'range', min: 0.05, max: 0.8, step: 0.05, label: 'Test share', doc: 'share of the rows that are kept out' },
    { name: 'rows', type: 'range', min: 40, max: 'result.all', most: ALL, step: 10, integer: true, label: 'Rows', doc: 'how many rows of the table there are to split', format: (v) => (v >= ALL ? 'all' : formatNumber(v)) },
    { name: 'model', type: 'choice', label: 'Model', choices: [{ value: 'knn', label: 'k-NN' }, { value: 'tree', label: 'tree' }, { value: 'logistic', label: 'logistic' }] },
    { name: 'again', type: 'button', label: 'Other seeds', press: (state) => ({ ...state, seed: state.seed + state.splits }) },
    { name: 'splits', type: 'range', min: 10, max: 200, step: 10, integer: true, label: 'Splits in all', more: true },
    { name: 'shown', type: 'scrub', label: 'Splits', min: 1, max: 'result.steps' },
  ],
  compute,
  scene,
};
