// <ken-cell>: "run it here" runs the same C, compiled to WebAssembly, and compares its records with the native ones.
import { button, h } from './dom.mjs';
import { engine, Missing } from './engine.mjs';
import { recordsHTML } from '../records.mjs';

class KenCell extends HTMLElement {
  connectedCallback() {
    if (this.bar) return;
    this.native = JSON.parse(this.querySelector(':scope > script[type="application/json"]')?.textContent ?? '[]');
    this.output = this.querySelector(':scope > .output') ?? this.appendChild(h('div.output'));
    this.plots = this.figures(this.native).map((line, i) => [line, this.output.querySelectorAll(':scope > figure.plot')[i]]);
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
      const ken = await engine('module', { fresh: true });
      this.says.textContent = 'Running …';
      const from = performance.now();
      const lines = await ken.cell(this.getAttribute('cell')) /* after those before it, afresh */;
      const time = performance.now() - from;
      ken.close?.();
      this.output.innerHTML = recordsHTML(lines);
      this.draw(lines);
      this.compare(lines, time);
    } catch (error) {
      this.says.className = error instanceof Missing ? '' : 'differs';
      this.says.textContent = [error.message, error.hint].filter(Boolean).join(' ');
    }
    this.run.removeAttribute('aria-disabled');
    this.busy = false;
  }

  // Figures were drawn when the page was built; one whose record comes out the same is that picture.
  figures(lines) { return lines.map((r) => (typeof r === 'string' ? r : JSON.stringify(r))).filter((line) => JSON.parse(line).type === 'figure'); }

  draw(lines) {
    const places = [...this.output.querySelectorAll(':scope > [data-figure]')];
    this.figures(lines).forEach((line, i) => {
      const plot = this.plots.find(([native]) => native === line)?.[1];
      if (plot) places[i].replaceWith(plot);
    });
  }

  compare(records, time) {
    // Parsed and written again on both sides: equal text then means equal types, names and bits.
    const text = (list) => list.map((r) => JSON.stringify(typeof r === 'string' ? JSON.parse(r) : r)).join('\n');
    const took = time < 1 ? 'under 1 ms' : `${Math.round(time)} ms`, same = text(records) === text(this.native);
    this.says.className = same ? 'same' : 'differs';
    this.says.textContent = same ? `Ran here in ${took}; the same to the last bit as the native run.` : `Ran here in ${took}; the records differ from the native run. That is a defect worth reporting.`;
  }
}

export const defineCells = () => customElements.define('ken-cell', KenCell);
