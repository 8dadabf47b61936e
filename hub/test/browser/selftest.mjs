// The gates themselves: a page with every fault must be seen with every fault.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { checkPage } from './pages.mjs';
import { serve } from './serve.mjs';

const BROKEN = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Broken</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'self' http://example.invalid; style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval'"></head>
<body><main><h1>One</h1><h1>Two</h1><h4 id="x">Jump</h4><p id="x" style="color:#bbb;background:#fff">Hardly to be read</p><a href="#nowhere">dead</a>
<button onclick="void 0">b</button><img src="http://example.invalid/a.png"><div style="width:3000px">wide</div><button class="printed">on paper</button>
<div style="break-before:page;height:10px"></div><div style="break-before:page">end</div></main><script>missing()</script></body></html>`;

const EXPECTED = [/CSP lacks "default-src|CSP lacks "script-src/, /CSP lets scripts in/, /2 h1/, /no skip link/, /inline handlers/, /jumps to h4/, /ids twice: x/, /links to nothing: #nowhere/, /foreign request http:\/\/example\.invalid/,
  /error: missing is not defined/, /scrolls sideways/, /axe color-contrast/, /axe image-alt/, /page 2 of 3 has no text/, /on paper: .*printed/];

export async function gatesSee({ browser, axe }) {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'ken-broken-'));
  await writeFile(path.join(folder, 'index.html'), BROKEN);
  const server = await serve(folder), at = { browser, base: server.url, axe };
  try {
    const seen = await checkPage(at, '');
    return EXPECTED.filter((fault) => !seen.some((s) => fault.test(s))).map((fault) => `not seen: ${fault}`);
  } finally {
    await server.close();
    await rm(folder, { recursive: true });
  }
}
