// A static server for one folder, on the loopback only: for the PDF and for looking at what was built.
//   node hub/gen/serve.mjs [PORT]
import { createServer } from 'node:http';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { SITE } from './paths.mjs';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.json': 'application/json', '.svg': 'image/svg+xml',
  '.wasm': 'application/wasm', '.woff2': 'font/woff2', '.png': 'image/png', '.csv': 'text/csv', '.pdf': 'application/pdf', '.webmanifest': 'application/manifest+json', '.ipynb': 'application/json' };

export function serve(folder, port = 0) {
  const server = createServer((request, response) => {
    let name;
    try {
      name = decodeURIComponent(new URL(request.url, 'http://x').pathname);
    } catch {
      name = '/404.html';
    }
    let file = path.join(folder, name);
    if (!path.resolve(file).startsWith(path.resolve(folder))) file = path.join(folder, '404.html');
    if (existsSync(file) && statSync(file).isDirectory()) file = path.join(file, 'index.html');
    if (!existsSync(file)) {
      response.writeHead(404, { 'content-type': 'text/html; charset=utf-8' });
      response.end(existsSync(path.join(folder, '404.html')) ? readFileSync(path.join(folder, '404.html')) : 'not found');
      return;
    }
    response.writeHead(200, { 'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  });
  return new Promise((resolve, reject) => {
    server.on('error', reject);
    server.listen(port, '127.0.0.1', () => resolve({ url: `http://127.0.0.1:${server.address().port}/`, close: () => new Promise((done) => { server.closeAllConnections?.(); server.close(done); }) }));
  });
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { url } = await serve(SITE, Number(process.argv[2] ?? 8080));
  console.log(url);
}
