// What the tests of this folder share: where run has put modules and native programs.
import { execFileSync } from 'node:child_process';
import { pathToFileURL } from 'node:url';
import { Ken } from '../../hub/runtime/ken.mjs';

export const out = process.env.KEN_WASM_TEST;
if (!out) throw new Error('run wasm/test/run, which builds what these tests need');
export const moduleURL = (name) => pathToFileURL(`${out}/${name}.wasm`);
export const load = (name) => Ken.load(moduleURL(name));
export const native = (name, args = [], input = '') => execFileSync(`${out}/${name}`, args, { input, encoding: 'utf8', maxBuffer: 1 << 28 });
