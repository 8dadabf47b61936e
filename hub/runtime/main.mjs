// Entry of runtime.js: the elements, and a host that computes in the page's worker.

import { define, page } from './widget.mjs';
import { Remote } from './remote.mjs';

page.makeHost = (module) => new Remote(new URL(module, document.baseURI));
define();
