// One score is luck: draw the split again with another seed and see the score move; many splits show how far.

import { formatNumber } from '../../runtime/format.mjs';
import { asColumn, classNames, completeRows, keepOut, metric, numericNames, pretty } from '../../runtime/data.mjs';

const BINS = 16;
const SETTINGS = { knn: { k: 5, recipe: true }, tree: { max_depth: 4 }, logistic: { l2: 1, recipe: true } };

async function compute(ken, state, attrs, env) {
  const source = env.data?.table ?? ken.dataset(attrs.data);
  const target = env.data?.pick.class ?? attrs.target ?? classNames(source)[0];
  const names = (attrs.features?.length && !env.data ? attrs.features : numericNames(source)).filter((n) => n !== target).slice(0, 6);
  const columns = completeRows(source, [...names, target]);
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
    scores.push({ seed: state.seed + i, test: share(2), train: share(0) });
    await env.slice();
    if (env.cancelled()) return null;
  }
  return { scores, rows: table.rows, tested: Math.round(table.rows * state.test), steps: state.splits, target };
}

const mean = (list) => list.reduce((s, v) => s + v, 0) / list.length;
const spread = (list) => Math.sqrt(list.reduce((s, v) => s + (v - mean(list)) ** 2, 0) / Math.max(1, list.length - 1));

function scene(r, state) {
  const shown = r.scores.slice(0, Math.max(1, Math.min(state.shown, r.scores.length)));
  const test = shown.map((s) => s.test);
  const now = shown.at(-1);
  const all = r.scores.flatMap((s) => [s.test, s.train]);
  const lo = Math.max(0, Math.min(...all) - 0.02);
  const width = (1.002 - lo) / BINS;
  const counts = Array.from({ length: BINS }, () => 0);
  for (const v of test) counts[Math.min(BINS - 1, Math.floor((v - lo) / width))]++;
  const x = { domain: [lo, 1.002], label: 'share of rows right', short: 'right' };
  const title = (s, kind) => `seed ${s.seed}, ${kind} rows: ${formatNumber(100 * s[kind], 4)} % right`;
  const plots = [
    { id: 'dots', title: 'One dot a split', width: 1.2, x, y: { domain: [0.2, shown.length + 0.8], label: 'split', ticks: [1, Math.ceil(r.scores.length / 2), r.scores.length].filter((v) => v <= shown.length) }, marks: [
      { type: 'segments', x0: shown.map((s) => s.test), x1: shown.map((s) => s.train), y0: shown.map((_, i) => i + 1), y1: shown.map((_, i) => i + 1), color: 'muted', width: 1, opacity: 0.5 },
      { type: 'points', x: shown.map((s) => s.train), y: shown.map((_, i) => i + 1), color: 'c1', hollow: true, size: 3.5, label: 'training rows', key: shown.map((s) => s.seed), title: shown.map((s) => title(s, 'train')) },
      { type: 'points', x: test, y: shown.map((_, i) => i + 1), color: 'c2', size: shown.map((_, i) => (i === shown.length - 1 ? 6.5 : 4)), label: 'test rows', key: shown.map((s) => s.seed), title: shown.map((s) => title(s, 'test')) },
      { type: 'rule', x: mean(test), color: 'c2', text: 'mean' }] },
    { id: 'bins', title: 'How the test scores pile up', width: 0.8, x, y: { domain: [0, Math.max(4, ...counts) * 1.1], label: 'splits' }, marks: [
      { type: 'rects', x0: counts.map((_, i) => lo + i * width), x1: counts.map((_, i) => lo + (i + 0.94) * width), y0: counts.map(() => 0), y1: counts, color: 'c2', opacity: 0.6, title: counts.map((n, i) => `${n} splits between ${formatNumber(lo + i * width, 3)} and ${formatNumber(lo + (i + 1) * width, 3)}`) }, { type: 'rule', x: mean(test), color: 'c2' }] },
  ];
  const [worst, best] = [Math.min(...test), Math.max(...test)];
  const summary = test.length === 1 ? `With seed ${now.seed}, ${formatNumber(100 * now.test, 4)} % of the ${r.tested} test rows are right. What would another draw say?` : `Over ${test.length} splits the same model scores between ${formatNumber(100 * worst, 3)} % and ${formatNumber(100 * best, 3)} %, ${formatNumber(100 * mean(test), 3)} % on average, with a standard deviation of ${formatNumber(100 * spread(test), 2)} points. A test set of ${r.tested} rows is ${r.tested < 60 ? 'small: a single row weighs ' + formatNumber(100 / r.tested, 2) + ' points' : 'what decides how far'}.`;
  return { plots, summary, objective: now.test, readouts: [{ label: 'this split', value: `${formatNumber(100 * now.test, 4)} %` }, { label: 'mean', value: `${formatNumber(100 * mean(test), 4)} %` }, { label: 'standard deviation', value: test.length > 1 ? `${formatNumber(100 * spread(test), 3)} points` : '–' }, { label: 'test rows', value: r.tested }],
    table: { columns: ['seed', 'test', 'training'], main: 'test', rows: shown.map((s) => [s.seed, s.test, s.train]) } };
}

export default {
  kind: 'split',
  needs: ['knn', 'tree', 'logistic', 'holdout', 'recipe', 'accuracy'],
  attrs: { data: { type: 'text', default: 'penguins' }, target: { type: 'text' }, features: { type: 'list' }, model: { type: 'text', default: 'knn', choices: ['knn', 'tree', 'logistic'] }, test: { type: 'number', default: 0.2 }, splits: { type: 'integer', default: 40 }, shown: { type: 'integer', default: 1 } },
  cosmetic: ['shown'],
  own: [{ name: 'class', type: 'class', label: 'What to predict' }],
  state: (attrs) => ({ model: attrs.model, test: attrs.test, splits: attrs.splits, shown: attrs.shown, seed: attrs.seed ?? 1 }),
  controls: () => [
    { name: 'test', type: 'range', min: 0.05, max: 0.8, step: 0.05, label: 'Test share', doc: 'share of the rows that are kept out' },
    { name: 'model', type: 'choice', label: 'Model', choices: [{ value: 'knn', label: 'k-NN' }, { value: 'tree', label: 'tree' }, { value: 'logistic', label: 'logistic' }] },
    { name: 'again', type: 'button', label: 'Other seeds', press: (state) => ({ ...state, seed: state.seed + state.splits }) },
    { name: 'splits', type: 'range', min: 10, max: 200, step: 10, integer: true, label: 'Splits in all', more: true },
    { name: 'shown', type: 'scrub', label: 'Splits', min: 1, max: 'result.steps' },
  ],
  compute,
  scene,
};
