// A static server for the gates: one folder, correct types, nothing else. `swap` answers a path with other text.
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

const TYPES = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript', '.mjs': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml', '.json': 'application/json', '.wasm': 'application/wasm', '.woff2': 'font/woff2', '.webmanifest': 'application/manifest+json', '.ipynb': 'application/json' };

export async function serve(folder) {
  const swap = new Map();
  const server = createServer(async (request, response) => {
    let name = decodeURIComponent(new URL(request.url, 'http://localhost').pathname);
    if (name.endsWith('/')) name += 'index.html';
    try {
      const file = path.join(folder, path.normalize(name));
      const bytes = swap.has(name) ? swap.get(name) : await readFile(file);
      response.writeHead(200, { 'content-type': TYPES[path.extname(name)] ?? 'application/octet-stream' }).end(bytes);
    } catch {
      response.writeHead(404, { 'content-type': 'text/html; charset=utf-8' }).end(await readFile(path.join(folder, '404.html')).catch(() => 'not found'));
    }
  });
  await new Promise((done) => { server.listen(0, '127.0.0.1', done); });
  const close = () => new Promise((done) => { server.closeAllConnections(); server.close(done); });
  return { url: `http://127.0.0.1:${server.address().port}/`, swap, close };
}
