// Compiling and running C natively, with every compiler there is. What a compiler says is told with the places of the
// lesson, because the sources carry #line.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { DEV, RELEASE, ROOT } from './paths.mjs';

const known = {};
export const has = (program) => (known[program] ??= spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0);
const first = (...names) => names.find(has);

export const compilers = () => [['gcc', first('gcc')], ['clang', first('clang-19', 'clang')]].filter(([, program]) => program).map(([name, program]) => ({ name, program }));

const WARN = ['-std=c11', '-Wall', '-Wextra', '-Werror'];
const LIBS = ['-lm', '-lpthread', ...(existsSync('/usr/include/zlib.h') ? ['-lz'] : [])];
export const library = (sanitized) => path.join(sanitized ? DEV : RELEASE, 'libken.a');

export function exec(program, args, { input, timeout = 120000, cwd = ROOT, env } = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd, env: env ? { ...process.env, ...env } : process.env, stdio: ['pipe', 'pipe', 'pipe'] });
    const out = [], err = [];
    let late = false;
    const timer = setTimeout(() => { late = true; child.kill('SIGKILL'); }, timeout);
    child.stdout.on('data', (b) => out.push(b));
    child.stderr.on('data', (b) => err.push(b));
    child.on('error', (error) => { clearTimeout(timer); resolve({ status: 127, stdout: '', stderr: error.message, late }); });
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      resolve({ status: status ?? 128, signal, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString(), late });
    });
    child.stdin.on('error', () => {});
    child.stdin.end(input ?? '');
  });
}

// At most as many at once as there are cores.
export async function pool(jobs, most = Math.max(1, os.cpus().length)) {
  const results = new Array(jobs.length);
  let next = 0;
  await Promise.all(Array.from({ length: Math.min(most, jobs.length) }, async () => {
    while (next < jobs.length) {
      const i = next++;
      results[i] = await jobs[i]();
    }
  }));
  return results;
}

// sources: {name: text} written into `folder`. {ok, program, messages}
export async function compile(compiler, folder, sources, { out = 'a.out', sanitize = false, driver = true, optimize = '-O1', only = false, extra = [] } = {}) {
  mkdirSync(folder, { recursive: true });
  const files = Object.entries(sources).map(([name, text]) => {
    const file = path.join(folder, name);
    writeFileSync(file, text);
    return file;
  });
  const program = path.join(folder, out);
  const flags = sanitize ? ['-g', '-fsanitize=address,undefined', '-fno-sanitize-recover=all'] : [optimize];
  const link = only ? ['-fsyntax-only'] : [...(driver ? [path.join(ROOT, 'wasm', 'cells_main.c')] : []), library(sanitize), ...LIBS, '-o', program];
  const run = await exec(compiler.program, [...WARN, ...flags, ...extra, `-I${ROOT}`, '-D_GNU_SOURCE', ...files, ...link]);
  return { ok: run.status === 0, program, messages: run.stderr };
}

// Compiler messages → problems at their places; what cannot be placed goes to `fallback`.
export function tell(problems, messages, fallback, by) {
  let told = 0;
  for (const match of messages.matchAll(/^(.+?):(\d+):(?:(\d+):)? (?:fatal )?(error|warning): (.*)$/gm)) {
    if (told++ > 20) break;
    problems.add('error', { line: Number(match[2]), column: Number(match[3] ?? 1) }, `${by}: ${match[5]}`, { file: match[1].startsWith(ROOT) ? path.relative(ROOT, match[1]) : match[1] });
  }
  if (!told) problems.error(fallback, `${by} failed:\n${messages.trim().split('\n').slice(-12).join('\n')}`);
}
