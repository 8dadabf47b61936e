// Bundles: runtime.js, worker.js, and one chunk a kind (shared by page and worker; what kinds have in common is split
// off by esbuild).

import { readdirSync, existsSync, copyFileSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = dirname(fileURLToPath(import.meta.url));
const widgets = join(here, '..', 'widgets');

/** Names of all kinds: folders of hub/widgets. */
export const kindNames = () => readdirSync(widgets, { withFileTypes: true }).filter((e) => e.isDirectory() && existsSync(join(widgets, e.name, `${e.name}.mjs`))).map((e) => e.name).sort();

export const kindPath = (name) => join(widgets, name, `${name}.mjs`);

/** Writes everything into `out`; returns the names of the files. `entries`: other entry points, for tests. */
export async function buildRuntime({ out, entries, minify = true } = {}) {
  const { build } = await import('esbuild');
  const points = { ...(entries ?? { runtime: join(here, 'main.mjs'), worker: join(here, 'worker.mjs') }) };
  for (const name of kindNames()) points[`kinds/${name}`] = kindPath(name);
  mkdirSync(out, { recursive: true });
  const result = await build({ entryPoints: points, outdir: out, bundle: true, format: 'esm', splitting: true, minify, target: 'es2022', metafile: true, legalComments: 'none',
    chunkNames: 'shared/[hash]', external: ['node:*'], logLevel: 'error' });
  copyFileSync(join(here, 'widget.css'), join(out, 'widget.css'));
  return { files: result.metafile.outputs, runtime: 'runtime.js', worker: 'worker.js', css: 'widget.css' };
}
