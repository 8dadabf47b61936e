// Work is done again only when what it was made from has changed: a stamp beside each product holds the hash.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export function hashOf(...parts) {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(typeof part === 'string' || Buffer.isBuffer(part) ? part : JSON.stringify(part)).update('\0');
  return hash.digest('hex').slice(0, 32);
}

// A file by its bytes; a large one (a library) by size and time.
export function fileHash(file) {
  if (!existsSync(file)) return 'none';
  const info = statSync(file);
  return info.size > 1 << 20 ? `${info.size}-${info.mtimeMs}` : hashOf(readFileSync(file));
}

// Every file below a folder by name, size and time.
export function treeHash(folder, keep = () => true) {
  if (!existsSync(folder)) return 'none';
  const names = readdirSync(folder, { recursive: true }).map(String).filter(keep).sort();
  return hashOf(...names.map((name) => {
    const info = statSync(path.join(folder, name));
    return info.isFile() ? `${name} ${info.size} ${info.mtimeMs}` : '';
  }));
}

// make() unless `stamp` already holds `hash`; its JSON result is kept in the stamp and given back.
export async function once(stamp, hash, make) {
  if (existsSync(stamp)) {
    try {
      const kept = JSON.parse(readFileSync(stamp, 'utf8'));
      if (kept.hash === hash) return kept.result;
    } catch { /* a stamp cut short: do it again */ }
  }
  const result = await make();
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, JSON.stringify({ hash, result: result ?? null }));
  return result ?? null;
}

// Writes only what differs, so that times of files mean something.
export function put(file, bytes) {
  if (existsSync(file) && Buffer.compare(readFileSync(file), Buffer.from(bytes)) === 0) return false;
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, bytes);
  return true;
}
