#!/usr/bin/env node
// The site, or one lesson of it.
//
//   node hub/gen/build.mjs                     everything into build/hub/
//   node hub/gen/build.mjs --lesson ID ...     these lessons only: page, notebook and all their checks
//   … --check     the gates too: sanitizers, links, spelling, claims; warnings are counted
//   … --fix       write the numbers that the cells give into :n[…]
//   … --no-pdf --no-search     leave these out
import { ensureInstalled } from './install.mjs';

function readArguments(argv) {
  const options = { lessons: [], check: false, fix: false, pdf: true, search: true };
  for (let i = 0; i < argv.length; i++) {
    if (argv[i] === '--lesson') while (argv[i + 1] && !argv[i + 1].startsWith('--')) options.lessons.push(argv[++i]);
    else if (argv[i] === '--from') options.from = argv[++i];
    else if (argv[i] === '--check') options.check = true;
    else if (argv[i] === '--fix') options.fix = true;
    else if (argv[i] === '--no-pdf') options.pdf = false;
    else if (argv[i] === '--no-search') options.search = false;
    else if (argv[i] === '--help') options.help = true;
    else throw new Error(`unknown argument ${argv[i]}; known are --lesson ID, --check, --fix, --no-pdf, --no-search, --from FOLDER`);
  }
  return options;
}

try {
  const options = readArguments(process.argv.slice(2));
  if (options.help) console.log('node hub/gen/build.mjs [--lesson ID ...] [--check] [--fix] [--no-pdf] [--no-search] [--from FOLDER]');
  else {
    ensureInstalled();
    const { buildSite } = await import('./site.mjs');
    process.exitCode = await buildSite(options);
  }
} catch (error) {
  console.error(`hub: ${process.env.KEN_HUB_TRACE ? error.stack : error.message}`);
  process.exitCode = 1;
}
