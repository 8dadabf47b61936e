// <ken-cell>: "run it here" runs the same C, compiled to WebAssembly, and compares its records with the native ones, byte for byte.
import { button, h } from './dom.mjs';
import { engine, Missing } from './engine.mjs';
import { recordsHTML } from '../records.mjs';

class KenCell extends HTMLElement {
  connectedCallback() {
    if (this.bar) return;
    this.native = JSON.parse(this.querySelector(':scope > script[type="application/json"]')?.textContent ?? '[]');
    this.output = this.querySelector(':scope > .output') ?? this.appendChild(h('div.output'));
    this.says = h('span', { role: 'status' }, 'Output of the native build.');
    this.run = button('Run it here', () => this.start(), { class: 'plain' });
    this.bar = h('div.cellbar', {}, this.run, this.says);
    this.append(this.bar);
  }

  async start() {
    if (this.busy) return;
    this.busy = true;
    this.run.setAttribute('aria-disabled', 'true');
    this.says.className = '';
    this.says.textContent = 'Loading the module …';
    try {
      const ken = await engine('module');
      this.says.textContent = 'Running …';
      const from = performance.now();
      const lines = await runUpTo(ken, this.getAttribute('cell'));
      const time = performance.now() - from;
      this.output.innerHTML = recordsHTML(lines);
      this.compare(lines, time);
    } catch (error) {
      this.says.className = error instanceof Missing ? '' : 'differs';
      this.says.textContent = [error.message, error.hint].filter(Boolean).join(' ');
    }
    this.run.removeAttribute('aria-disabled');
    this.busy = false;
  }

  compare(lines, time) {
    const text = (records) => records.map((r) => (typeof r === 'string' ? r : JSON.stringify(r))).join('\n');
    const took = time < 1 ? 'under 1 ms' : `${Math.round(time)} ms`, same = text(lines) === text(this.native);
    this.says.className = same ? 'same' : 'differs';
    this.says.textContent = same ? `Ran here in ${took}: every byte equals the native run.` : `Ran here in ${took}: the records differ from the native run. That is a defect worth reporting.`;
  }
}

// Cells are one translation unit: what an earlier cell made, a later one uses. So the earlier ones run first, once.
const ran = new Set();
async function runUpTo(ken, id) {
  for (const cell of document.querySelectorAll('ken-cell[cell]')) {
    const name = cell.getAttribute('cell');
    if (name === id) break;
    if (!ran.has(name)) { await ken.cell(name); ran.add(name); }
  }
  const records = await ken.cell(id);
  ran.add(id);
  return records;
}

export const defineCells = () => customElements.define('ken-cell', KenCell);
