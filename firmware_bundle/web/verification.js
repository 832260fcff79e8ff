/** Every listed file against the signature, before anything of it is used. */

import { sha256, toHex } from './encoding.js';
import { modelParts } from './parts.js';
import { Refusal } from './refusal.js';
import { verifySignature } from './signature.js';

/** @typedef {import('./source.js').Source} Source */
/** @typedef {import('./signature.js').Signed} Signed */
/** @typedef {{signed: Signed, files: Map<string, Uint8Array<ArrayBuffer>>}} Verified */

export const KEY = 'key.pub';
const SIGNATURE = 'model.sig';
const NEEDED = ['engine.bin', 'worker.js', 'bundle.json', KEY];
/** The page itself. One key signs a list for each of its two forms: the other's vouches for another page. */
const FOLDER = ['index.html', 'app.js', 'style.css', 'sw.js', 'manifest.webmanifest'];
const SINGLE = ['phone.html'];

/**
 * @param {Source} source
 * @param {(done: number, all: number) => void} progress
 * @returns {Promise<Verified>} the bytes that were hashed: these are used, no others
 * @throws {Refusal} a byte is not as it was signed
 */
export async function verifyFiles(source, progress) {
  const signed = await verifySignature(await source.read(SIGNATURE), await source.read(KEY));
  const [own, other] = source.single ? [SINGLE, FOLDER] : [FOLDER, SINGLE];
  const isOther = other.some((name) => signed.digests.has(name)) || !own.every((name) => signed.digests.has(name));
  if (isOther) throw new Refusal('Untrusted', 'file_altered', { name: SIGNATURE });
  const missing = [...modelParts(signed.digests), ...NEEDED].filter((name) => !signed.digests.has(name));
  if (missing.length > 0) throw new Refusal('Incompatible', 'no_page', { actual: missing.join(', ') });
  /** @type {Map<string, Uint8Array<ArrayBuffer>>} */
  const files = new Map();
  await Promise.all(Array.from(signed.digests, async ([name, digest]) => {
    const bytes = await source.read(name);
    if (toHex(await sha256(bytes)) !== digest) throw new Refusal('Untrusted', 'file_altered', { name });
    files.set(name, bytes);
    progress(files.size, signed.digests.size);
  }));
  return { signed, files };
}
