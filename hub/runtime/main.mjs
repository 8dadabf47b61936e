// Entry of runtime.js: the elements, and a host that computes in the page's worker.

import { define, page } from './widget.mjs';
import { WorkerHost } from './worker_host.mjs';

page.makeHost = (module) => new WorkerHost(module);
define();
