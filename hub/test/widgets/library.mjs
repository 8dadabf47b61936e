// The library for tests of kinds: build/wasm/widgets.wasm, made by tools/wasm with every thing and the shared probes.

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ken } from '../../runtime/ken.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../../..');
export const modulePath = join(root, 'build/wasm/widgets.wasm');

let made = null;
/** Built anew for each run of the tests: a stale module would pass for a broken probe. */
export function library() {
  made ??= (async () => {
    execFileSync(join(root, 'tools/wasm'), [join(here, 'module.json'), modulePath], { cwd: root, stdio: ['ignore', 'ignore', 'pipe'] });
    return Ken.load(readFileSync(modulePath));
  })();
  return made;
}
