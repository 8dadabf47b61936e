// Entry of runtime.js: the elements, and a host that computes in the page's worker.

import { define, page } from './widget.mjs';
import { Remote } from './remote.mjs';

// The widgets' module is small; what else the lesson has, and what reads files, is fetched with the reader's own data.
const whole = document.querySelector('meta[name=ken-module]')?.content;
page.makeHost = (module) => new Remote(new URL(module, document.baseURI), { whole: whole && new URL(whole, document.baseURI).href });
define();
