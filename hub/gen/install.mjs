// Installs the packages of hub/package.json into build/hub and links hub/node_modules to them, so that ES modules
// below hub/ find them by the ordinary rules. Does nothing while the lock file stays the same.
import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { BUILD, HUB } from './paths.mjs';

const FILES = ['package.json', 'package-lock.json', '.npmrc'];

export function ensureInstalled() {
  if (Number(process.versions.node.split('.')[0]) < 18) {
    throw new Error(`the hub is built with Node 18 or newer; this is ${process.version} (tools/setup hub installs one)`);
  }
  mkdirSync(BUILD, { recursive: true });
  const hash = createHash('sha256');
  for (const name of FILES) hash.update(readFileSync(path.join(HUB, name)));
  const want = hash.digest('hex');
  const stamp = path.join(BUILD, 'node_modules', '.ken-lock');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== want) {
    console.log('npm ci: the hub\'s packages');
    for (const name of FILES) copyFileSync(path.join(HUB, name), path.join(BUILD, name));
    const run = spawnSync('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: BUILD, encoding: 'utf8' });
    if (run.error || run.status !== 0) {
      throw new Error(`npm ci failed in ${BUILD}:\n${run.error?.message ?? run.stderr}\nIs npm there (tools/setup hub) and the registry within reach?`);
    }
    writeFileSync(stamp, want);
  }
  link(path.join(HUB, 'node_modules'), path.join(BUILD, 'node_modules'));
}

function link(at, to) {
  const target = path.relative(path.dirname(at), to);
  const there = lstatSync(at, { throwIfNoEntry: false });
  if (there?.isSymbolicLink() && readlinkSync(at) === target) return;
  if (there) rmSync(at, { recursive: true });
  symlinkSync(target, at);
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  try {
    ensureInstalled();
  } catch (error) {
    console.error(error.message);
    process.exitCode = 1;
  }
}
