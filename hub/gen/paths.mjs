// Where things stand. Everything the build makes goes below build/.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
export const HUB = path.join(ROOT, 'hub');
export const LESSONS = path.join(HUB, 'lessons');
export const ROOMS = path.join(HUB, 'rooms');
export const WIDGETS = path.join(HUB, 'widgets');
export const BUILD = path.join(ROOT, 'build', 'hub');
export const SITE = path.join(BUILD, 'site');
export const NOTEBOOKS = path.join(BUILD, 'notebooks');
export const WORK = path.join(BUILD, 'lessons');
export const RELEASE = path.join(ROOT, 'build', 'release');
export const DEV = path.join(ROOT, 'build', 'dev');

export const relative = (file) => path.relative(ROOT, file).split(path.sep).join('/');
