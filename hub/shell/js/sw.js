// Offline: files of the shell at install, pages and modules once visited. One cache a build; the old ones go at activation.
// Files under assets/ carry their hash in their name: cache first. All else: network first (two seconds), then the cache.
const VERSION = '__VERSION__';
const FIRST = '__FIRST__';
const CACHE = `ken-${VERSION}`;
const PATIENCE = 2000;

self.addEventListener('install', (event) => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FIRST.map((file) => new Request(address(file), { cache: 'no-cache' })));
    await self.skipWaiting();
  })());
});

self.addEventListener('activate', (event) => {
  event.waitUntil((async () => {
    await carryOver();
    for (const name of await caches.keys()) if (name.startsWith('ken-') && name !== CACHE) await caches.delete(name);
    await self.clients.claim();
  })());
});

self.addEventListener('message', (event) => {
  if (Array.isArray(event.data?.keep)) event.waitUntil(keep(event.data.keep));
});

self.addEventListener('fetch', (event) => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== self.location.origin || !url.href.startsWith(self.registration.scope)) return;
  event.respondWith(named(url) ? cacheFirst(event.request) : networkFirst(event.request));
});

const named = (url) => /-[0-9a-f]{8}\.\w+$/i.test(url.pathname) && url.pathname.includes('/assets/');
const address = (file) => new URL(file.replace(/index\.html$/, ''), self.registration.scope).href;

async function keep(urls) {
  const cache = await caches.open(CACHE);
  for (const url of urls) {
    if (new URL(url).origin === self.location.origin && !(await cache.match(url, { ignoreSearch: true }))) await cache.add(url).catch(() => {});
  }
}

// Lessons visited under the last build stay readable offline: fetch them anew, keep the old copy if that fails.
async function carryOver() {
  const cache = await caches.open(CACHE);
  for (const name of (await caches.keys()).filter((n) => n.startsWith('ken-') && n !== CACHE)) {
    const old = await caches.open(name);
    for (const request of await old.keys()) {
      if (named(new URL(request.url)) || await cache.match(request)) continue;
      const fresh = await fetch(request.url, { cache: 'no-cache' }).catch(() => null);
      if (fresh?.ok) await cache.put(request.url, fresh);
    }
  }
}

async function cacheFirst(request) {
  const hit = await caches.match(request);
  if (hit) return hit;
  const response = await fetch(request);
  if (response.ok) (await caches.open(CACHE)).put(request, response.clone());
  return response;
}

async function networkFirst(request) {
  const cache = await caches.open(CACHE);
  const network = fetch(request, { cache: 'no-cache' }).then((response) => {
    if (response.ok) cache.put(plain(request.url), response.clone());
    return response;
  });
  const hit = await cache.match(plain(request.url));
  if (!hit) return network.catch(() => offline(request));
  const late = new Promise((done) => { setTimeout(done, PATIENCE, hit); });
  return Promise.race([network.catch(() => hit), late]);
}

const plain = (url) => url.replace(/[?#].*$/, '');

async function offline(request) {
  if (request.mode === 'navigate') {
    const page = await caches.match(address('404.html'));
    if (page) return new Response(await page.text(), { status: 503, headers: { 'content-type': 'text/html; charset=utf-8' } });
  }
  return Response.error();
}
