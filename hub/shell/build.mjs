// Builds the shell: one script, the boot script, the theme, the font; and, when all pages stand, the service worker.
import { createHash } from 'node:crypto';
import { copyFile, mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { gzipSync } from 'node:zlib';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const hash = (bytes) => createHash('sha256').update(bytes).digest('hex').slice(0, 8);

// `modules`: the folder whose node_modules holds the packages (hub/, or build/hub/).
export async function buildShell({ out, modules = path.join(here, '..') }) {
  const require = createRequire(path.join(path.resolve(modules), 'package.json'));
  const esbuild = require('esbuild');
  const dir = path.join(out, 'assets');
  await mkdir(dir, { recursive: true });
  const put = async (name, bytes) => {
    const file = `assets/${name.replace(/(\.\w+)$/, `-${hash(bytes)}$1`)}`;
    await writeFile(path.join(out, file), bytes);
    return file;
  };
  const script = async (entry, format) => (await esbuild.build({ entryPoints: [path.join(here, 'js', entry)], bundle: true, minify: true, format, target: 'es2022',
    write: false, legalComments: 'none', define: { 'process.env.NODE_ENV': '"production"' } })).outputFiles[0].contents;
  const font = (style) => readFile(require.resolve(`@fontsource-variable/source-sans-3/files/source-sans-3-latin-wght-${style}.woff2`));
  const normal = await put('source-sans-3.woff2', await font('normal'));
  const italic = await put('source-sans-3-italic.woff2', await font('italic'));
  const theme = (await readFile(path.join(here, 'theme.css'), 'utf8'))
    .replace('./source-sans-3.woff2', `./${path.basename(normal)}`).replace('./source-sans-3-italic.woff2', `./${path.basename(italic)}`);
  const css = (await esbuild.transform(theme, { loader: 'css', minify: true })).code;
  await copyFile(require.resolve('@fontsource-variable/source-sans-3/LICENSE'), path.join(dir, 'source-sans-3.LICENSE.txt'));
  return {
    shell: await put('shell.js', await script('shell.mjs', 'esm')),
    boot: await put('boot.js', await script('boot.js', 'iife')),
    css: [await put('theme.css', css)],
    font: normal,
    icon: await put('icon.svg', await readFile(path.join(here, 'icon.svg'))),
  };
}

// Every file of the site with its hash; what the shell needs is fetched at install, pages and modules when visited.
export async function finishSite({ out, assets }) {
  const files = (await readdir(out, { recursive: true, withFileTypes: true })).filter((e) => e.isFile())
    .map((e) => path.relative(out, path.join(e.parentPath ?? e.path, e.name)).split(path.sep).join('/'))
    .filter((f) => f !== 'sw.js' && f !== 'manifest.webmanifest').sort();
  const entries = {};
  for (const file of files) entries[file] = hash(await readFile(path.join(out, file)));
  const version = hash(Buffer.from(JSON.stringify(entries)));
  const first = [assets.shell, assets.boot, ...assets.css, assets.font, assets.icon, 'index.html', 'cards/index.html', '404.html'].filter((f) => entries[f]);
  const worker = (await readFile(path.join(here, 'js', 'sw.js'), 'utf8')).replace('__VERSION__', version).replace("'__FIRST__'", JSON.stringify(first));
  await writeFile(path.join(out, 'sw.js'), worker);
  await writeFile(path.join(out, 'manifest.webmanifest'), JSON.stringify({ name: 'ken', short_name: 'ken', start_url: './', scope: './', display: 'minimal-ui',
    background_color: '#fdfcf9', theme_color: '#00646b', icons: [{ src: assets.icon, sizes: 'any', type: 'image/svg+xml' }] }));
  return { version, files: files.length, bytes: (await Promise.all(files.map((f) => readFile(path.join(out, f))))).reduce((s, b) => s + b.length, 0) };
}

export const gzipped = (bytes) => gzipSync(bytes, { level: 9 }).length;
