// R2: what things cost. The formulas are complexity.json's; the exponents beside them were measured by bench/complexity
// and stand in bench/complexity.csv with date and machine.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { escape } from '../gen/code.mjs';
import { renderMath } from '../gen/math.mjs';
import { ROOT } from '../gen/paths.mjs';

const data = JSON.parse(readFileSync(new URL('complexity.json', import.meta.url), 'utf8'));

export function measured(file = path.join(ROOT, 'bench', 'complexity.csv')) {
  if (!existsSync(file)) return { of: new Map(), where: '' };
  const [head, , ...lines] = readFileSync(file, 'utf8').trim().split('\n');
  const of = new Map();
  for (const line of lines) {
    const [thing, , phase, variable, exponent, error, largest, seconds] = line.split(',');
    of.set(`${thing} ${phase} ${variable}`, { exponent: Number(exponent), error: Number(error), largest: Number(largest), seconds: Number(seconds) });
  }
  return { of, where: head.replace(/^# */, '') };
}

// Where times do not lie near one line, one slope would say nothing: `linear` takes another method for few rows.
const slope = (m) => (m?.error > 0.25 ? '<span title="the times lie on no one line">varies</span>' : m ? `<span title="± ${m.error.toFixed(2)}; ${m.largest} took ${m.seconds.toPrecision(2)} s">${m.exponent.toFixed(2)}</span>` : '–');
const tex = (source) => renderMath(source);

function models({ of, where }) {
  const slopes = (r, phase) => `<td class="num">${slope(of.get(`${r.thing} ${phase} n`))}</td><td class="num">${slope(of.get(`${r.thing} ${phase} d`))}</td>`;
  const rows = data.rows.map((r) => `<tr><th scope="row"><code>${escape(r.thing)}</code></th><td>${tex(r.fit)}</td>${slopes(r, 'fit')}<td>${tex(r.predict)}</td>${slopes(r, 'predict')}<td>${tex(r.memory)}</td></tr>`);
  return `<h2 id="models">Models</h2><p>Orders of growth; predictions are per row. Letters: ${escape(data.letters)}.</p>
<p>Beside each formula stand the slopes of log time against log rows (n) and log columns (d) over five sizes${where ? `, measured ${escape(where)} (<code>bench/complexity</code>)` : ' (run <code>bench/complexity</code> to fill them in)'}. A slope below the formula's exponent says that fixed costs, or reading memory, still weigh more than the term that wins in the end.</p>
<div class="table" role="region" tabindex="0" aria-label="Cost of models"><table><thead><tr><th scope="col">model</th><th scope="col">fit</th><th scope="col" class="num">n</th><th scope="col" class="num">d</th><th scope="col">predict</th><th scope="col" class="num">n</th><th scope="col" class="num">d</th><th scope="col">memory</th></tr></thead><tbody>${rows.join('')}</tbody></table></div>
<ul>${data.rows.map((r) => `<li><code>${escape(r.thing)}</code>: ${escape(r.why)}.</li>`).join('')}</ul>`;
}

const others = () => `<h2 id="others">Steps and helpers</h2><div class="table" role="region" tabindex="0" aria-label="Cost of steps and helpers"><table><thead><tr><th scope="col">what</th><th scope="col">cost</th><th scope="col">memory</th><th scope="col">why</th></tr></thead><tbody>${
  data.others.map((o) => `<tr><td>${escape(o.name)}</td><td>${tex(o.cost)}</td><td>${/[\\^]|^[a-z0-9 ]+$/i.test(o.memory) && !/numbers/.test(o.memory) ? tex(o.memory) : escape(o.memory)}</td><td>${escape(o.why)}</td></tr>`).join('')}</tbody></table></div>`;

const chooser = `<h2 id="chooser">Which model can I afford?</h2><ul>
<li>A million rows, some hundred columns, numbers: <code>linear</code>, <code>ridge</code> read the rows twice. Minutes become seconds if d stays small: the cost grows with its square.</li>
<li>Ten thousand columns and more: <code>logistic</code> with <code>solver=lbfgs</code>, or <code>sgd</code>: linear in d.</li>
<li>A table with categories and holes: <code>boosting</code>, linear in rows and columns, a byte a cell.</li>
<li>Predictions in microseconds: linear models (d multiplications) or one <code>tree</code> (its depth). <code>knn</code> looks at every row again for each question.</li></ul>`;

export default {
  id: 'complexity', title: 'What it costs', summary: 'Time and memory of every model: the formula, and the exponent that was measured.',
  make: () => ({ html: models(measured()) + others() + chooser, toc: [{ id: 'models', text: 'Models', depth: 2 }, { id: 'others', text: 'Steps and helpers', depth: 2 }, { id: 'chooser', text: 'Which model can I afford?', depth: 2 }] }),
};
