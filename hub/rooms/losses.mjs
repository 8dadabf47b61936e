// R3: what is minimized. losses.json holds each loss with formulas that hub/test checks by finite differences.
import { readFileSync } from 'node:fs';
import { escape } from '../gen/code.mjs';
import { renderMath } from '../gen/math.mjs';

const data = JSON.parse(readFileSync(new URL('losses.json', import.meta.url), 'utf8'));
export const losses = data.losses;

const used = (rooms) => ([thing, setting]) => `<a href="../models-${rooms.things?.get(thing)?.room}/#thing-${escape(thing)}"><code>${escape(thing)}</code></a>${setting ? ` (<code>${escape(setting)}</code>)` : ''}`;
const row = (name, text) => (text ? `<tr><th scope="row">${name}</th><td>${text}</td></tr>` : '');

function one(loss, site, rooms) {
  const lesson = site.lessons.find((l) => l.id === loss.lesson);
  const parameter = loss.id === 'l1' || loss.id === 'l2';
  const by = parameter ? 'by a weight' : 'by the prediction';
  return `<h2 id="${loss.id}">${escape(loss.name)}</h2>
<div class="math">${renderMath(loss.tex, { display: true })}</div>
<div class="table" role="region" tabindex="0" aria-label="${escape(loss.name)}"><table><tbody>
${row(`Slope ${by}`, renderMath(loss.grad_tex))}${row(`Curvature ${by}`, renderMath(loss.hess_tex))}${row('Convex', escape(loss.convex))}
${row(parameter ? 'Effect' : 'Its minimum is', escape(loss.predicts))}${row('As a likelihood', escape(loss.likelihood))}${row('How fast it is minimized', escape(loss.rate))}
${row('Take it for', escape(loss.when))}${row('Not for', escape(loss.avoid))}${row('In ken', loss.used.map(used(rooms)).join(', '))}
${row('Lesson', lesson ? `<a href="../../${lesson.id}/">${escape(lesson.title)}</a>` : '')}${row('Source', loss.source.map((key) => `<a href="../bibliography/#ref-${key}">${key.replace(/\d+$/, (y) => ` ${y}`)}</a>`).join(', '))}
</tbody></table></div>`;
}

const chooser = () => `<h2 id="which">Which one?</h2><ul>${data.chooser.map(([want, id]) => `<li>You want ${escape(want)}: <a href="#${id}">${escape(losses.find((l) => l.id === id).name)}</a>.</li>`).join('')}</ul>`;

export default {
  id: 'losses', title: 'Losses and penalties', summary: 'What is minimized: definition, slope, curvature, what its minimum means, and which to take.',
  make: ({ site, rooms }) => ({ html: chooser() + losses.map((loss) => one(loss, site, rooms)).join('\n'), toc: [{ id: 'which', text: 'Which one?', depth: 2 }, ...losses.map(({ id, name }) => ({ id, text: name, depth: 2 }))] }),
};
