// What all pages share: the shell, KaTeX's style and fonts, the runtime of the widgets.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { hashOf, once, put, treeHash } from './cache.mjs';
import { BUILD, HUB } from './paths.mjs';

const load = (...parts) => import(pathToFileURL(path.join(HUB, ...parts)).href);

// {page: the shell's templates, assets: addresses from the root of the site}
export async function buildShared(site) {
  mkdirSync(path.join(site, 'assets'), { recursive: true });
  const { buildShell } = await load('shell', 'build.mjs');
  const page = await load('shell', 'page.mjs');
  const lock = readFileSync(path.join(HUB, 'package-lock.json'));
  const stamp = (name) => path.join(BUILD, 'stamps', `${name}.json`);
  const fresh = (...names) => (names.every((name) => existsSync(path.join(site, name))) ? '' : String(Math.random()));
  const shell = await once(stamp('shell'), hashOf(treeHash(path.join(HUB, 'shell')), lock, fresh('assets/katex.css')), async () => {
    rmSync(path.join(site, 'assets'), { recursive: true, force: true }); // names carry hashes: old ones would stay
    mkdirSync(path.join(site, 'assets'));
    const made = await buildShell({ out: site, modules: HUB });
    katex(site);
    return made;
  });
  const runtime = await once(stamp('runtime'), hashOf(treeHash(path.join(HUB, 'runtime')), treeHash(path.join(HUB, 'widgets')), lock, fresh('runtime/widget.css')), () => buildWidgets(site));
  return { page, assets: { ...shell, css: [...shell.css, 'assets/katex.css', ...(runtime.css ? [runtime.css] : [])], runtime: runtime.runtime, remote: runtime.remote } };
}

function katex(site) {
  const folder = path.dirname(createRequire(path.join(HUB, 'package.json')).resolve('katex/package.json'));
  put(path.join(site, 'assets/katex.css'), readFileSync(path.join(folder, 'dist/katex.min.css'), 'utf8').replace(/,url\([^)]*\.(?:woff|ttf)\) format\("(?:woff|truetype)"\)/g, ''));
  cpSync(path.join(folder, 'dist/fonts'), path.join(site, 'assets/fonts'), { recursive: true, filter: (f) => !/\.(ttf|woff)$/.test(f) });
}

async function buildWidgets(site) {
  const runtime = path.join(HUB, 'runtime');
  if (!existsSync(path.join(runtime, 'bundle.mjs'))) return {};
  rmSync(path.join(site, 'runtime'), { recursive: true, force: true });
  const { buildRuntime } = await load('runtime', 'bundle.mjs');
  const entries = Object.fromEntries(['main', 'worker', 'remote'].filter((name) => existsSync(path.join(runtime, `${name}.mjs`))).map((name) => [name === 'main' ? 'runtime' : name, path.join(runtime, `${name}.mjs`)]));
  try {
    await buildRuntime({ out: path.join(site, 'runtime'), entries });
  } catch (error) {
    console.log(`no widgets in the pages: ${error.message.split('\n').slice(0, 3).join(' ')}`);
    return {};
  }
  return { runtime: 'runtime/runtime.js', remote: entries.remote && 'runtime/remote.js', css: 'runtime/widget.css' };
}
