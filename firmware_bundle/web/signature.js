/**
 * `model.sig`: whose signature holds over which files.
 *
 * A Sigstore bundle around a DSSE envelope around an in-toto statement (OpenSSF Model Signing
 * v1.0). Stricter than edge_infer, which reads files of other signers too: envelope and
 * statement have the one spelling that edge-infer writes, so every byte of the file counts.
 */

import { fromBase64, fromUtf8, sha256, toBase64, toHex } from './encoding.js';
import { Refusal } from './refusal.js';

const MEDIA_TYPE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
const PAYLOAD_TYPE = 'application/vnd.in-toto+json';
const STATEMENT_TYPE = 'https://in-toto.io/Statement/v1';
const PREDICATE_TYPE = 'https://model_signing/signature/v1.0';
// SEQUENCE { SEQUENCE { id-ecPublicKey, prime256v1 }, BIT STRING { uncompressed point, x, y } }
const SPKI_PREFIX = '3059301306072a8648ce3d020106082a8648ce3d03010703420004';
const MAX_BYTES = 1 << 20;
const MAX_FILES = 10_000;
const PEM = /^-----BEGIN PUBLIC KEY-----\n([A-Za-z0-9+/=\n]+)\n-----END PUBLIC KEY-----\n$/;

/**
 * @typedef {object} Signed
 * @property {string} fingerprint of the key, `SHA256:` and unpadded base64
 * @property {string} grouped the same, shorter, to be read out
 * @property {string} subject the signer's word for the whole
 * @property {Map<string, string>} digests name to hexadecimal SHA-256
 */

/**
 * @param {Uint8Array<ArrayBuffer>} signature the bytes of `model.sig`
 * @param {Uint8Array<ArrayBuffer>} pem of the key that is trusted
 * @returns {Promise<Signed>}
 * @throws {Refusal} the key did not sign a statement of files
 */
export async function verifySignature(signature, pem) {
  const der = readKey(pem);
  const envelope = readEnvelope(signature, toHex(await sha256(pem)));
  const key = await crypto.subtle
    .importKey('spki', der, { name: 'ECDSA', namedCurve: 'P-256' }, false, ['verify'])
    .catch(() => null);
  if (key === null) throw new Refusal('Untrusted', 'key_malformed');
  const message = preAuthentication(envelope.payload);
  const holds = await crypto.subtle.verify(
    { name: 'ECDSA', hash: 'SHA-256' }, key, rawSignature(envelope.sig), message,
  );
  if (!holds) throw new Refusal('Untrusted', 'signature_fails');
  const digest = await sha256(der);
  const fingerprint = `SHA256:${toBase64(digest).replace(/=+$/, '')}`;
  return { fingerprint, grouped: grouped(digest), ...(await readStatement(envelope.payload)) };
}

/** @param {Uint8Array} pem */
function readKey(pem) {
  const block = PEM.exec(fromUtf8(pem) ?? '');
  const der = block === null ? null : fromBase64(block[1].replaceAll('\n', ''));
  if (der === null || der.length !== 91 || !toHex(der).startsWith(SPKI_PREFIX)) {
    throw new Refusal('Untrusted', 'key_malformed');
  }
  return der;
}

/**
 * @param {Uint8Array} bytes
 * @param {string} hint what the signer calls the key
 */
function readEnvelope(bytes, hint) {
  const text = bytes.length > MAX_BYTES ? '' : fromUtf8(bytes) ?? '';
  const found = /"payload":"([^"]*)".*"sig":"([^"]*)"/.exec(text);
  const payload = found === null ? null : fromBase64(found[1]);
  const sig = found === null ? null : fromBase64(found[2]);
  const spelled = found === null ? '' : JSON.stringify({
    mediaType: MEDIA_TYPE,
    verificationMaterial: { publicKey: { hint }, tlogEntries: [] },
    dsseEnvelope: {
      payload: found[1],
      payloadType: PAYLOAD_TYPE,
      signatures: [{ sig: found[2], keyid: '' }],
    },
  });
  if (payload === null || sig === null || spelled !== text) {
    throw new Refusal('Untrusted', 'signature_malformed');
  }
  return { payload, sig };
}

/** The bytes that are signed: DSSE's pre-authentication encoding. @param {Uint8Array} payload */
function preAuthentication(payload) {
  const head = `DSSEv1 ${PAYLOAD_TYPE.length} ${PAYLOAD_TYPE} ${payload.length} `;
  const bytes = new Uint8Array(head.length + payload.length);
  bytes.set(new TextEncoder().encode(head));
  bytes.set(payload, head.length);
  return bytes;
}

/**
 * From `SEQUENCE { INTEGER r, INTEGER s }` in strict DER to what WebCrypto takes.
 * @param {Uint8Array} der
 */
function rawSignature(der) {
  const raw = new Uint8Array(64);
  let at = 2;
  const head = der.length >= 8 && der.length <= 72 && der[0] === 0x30 && der[1] === der.length - 2;
  for (const end of head ? [32, 64] : []) {
    const length = der[at + 1] ?? 0;
    let body = der.subarray(at + 2, at + 2 + length);
    const minimal = length === 1 || body[0] !== 0 || body[1] >= 0x80;
    if (der[at] !== 0x02 || length < 1 || length > 33 || body.length !== length || body[0] >= 0x80 || !minimal) {
      throw new Refusal('Untrusted', 'signature_malformed');
    }
    if (body[0] === 0) body = body.subarray(1);
    if (body.length > 32) throw new Refusal('Untrusted', 'signature_malformed');
    raw.set(body, end - body.length);
    at += 2 + length;
  }
  if (at !== der.length) throw new Refusal('Untrusted', 'signature_malformed');
  return raw;
}

/** @param {Uint8Array} payload */
async function readStatement(payload) {
  const text = fromUtf8(payload) ?? '';
  /** @type {any} */
  let value;
  try {
    value = JSON.parse(text);
  } catch {
    throw new Refusal('Untrusted', 'signature_malformed');
  }
  const subject = value?.subject?.[0];
  if (typeof subject?.name !== 'string') throw new Refusal('Untrusted', 'signature_malformed');
  const resources = value?.predicate?.resources;
  const listed = Array.isArray(resources) ? resources.map(readResource) : [];
  const digests = new Map(listed);
  const all = fromHex(listed.map(([, digest]) => digest).join(''));
  const root = toHex(await sha256(all));
  const spelled = {
    _type: STATEMENT_TYPE,
    subject: [{ name: subject?.name, digest: { sha256: root } }],
    predicateType: PREDICATE_TYPE,
    predicate: {
      serialization: { method: 'files', hash_type: 'sha256', allow_symlinks: false, ignore_paths: ['model.sig'] },
      resources: listed.map(([name, digest]) => ({ name, algorithm: 'sha256', digest })),
    },
  };
  const unclear = listed.length === 0 || listed.length > MAX_FILES || collide(listed.map(([name]) => name));
  if (unclear || asAscii(spelled) !== text) throw new Refusal('Untrusted', 'signature_malformed');
  return { subject: subject.name, digests };
}

/**
 * @param {any} entry
 * @returns {[string, string]} name and digest
 */
function readResource(entry) {
  const name = entry?.name;
  const digest = entry?.digest;
  const plain = typeof name === 'string' && name.length <= 1024
    && /^[A-Za-z0-9_.-]{1,255}(\/[A-Za-z0-9_.-]{1,255}){0,31}$/.test(name);
  const isDigest = typeof digest === 'string' && /^[0-9a-f]{64}$/.test(digest);
  if (!plain || name.split('/').some((part) => /^\.+$/.test(part)) || !isDigest) {
    throw new Refusal('Untrusted', 'signature_malformed');
  }
  return [name, digest];
}

/**
 * Whether two names are one on some filesystem: equal but for case, or a file here and a folder there.
 * @param {string[]} names
 */
function collide(names) {
  /** @type {Map<string, {path: string, isFile: boolean}>} */
  const spelled = new Map();
  return names.some((name) => {
    const parts = name.split('/');
    return parts.some((_, i) => {
      const path = parts.slice(0, i + 1).join('/');
      const isFile = i + 1 === parts.length;
      const known = spelled.get(path.toLowerCase());
      if (known === undefined) spelled.set(path.toLowerCase(), { path, isFile });
      return known !== undefined && (isFile || known.isFile || known.path !== path);
    });
  });
}

/** As Python's json.dumps spells it, all of it ASCII. @param {unknown} value */
function asAscii(value) {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** @param {string} text */
function fromHex(text) {
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}

/** 100 bits in five groups, in base32 (RFC 4648). @param {Uint8Array} digest */
function grouped(digest) {
  const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = Array.from(digest.subarray(0, 13), (b) => b.toString(2).padStart(8, '0')).join('');
  const text = (bits.slice(0, 100).match(/.{5}/g) ?? []).map((b) => letters[parseInt(b, 2)]).join('');
  return (text.match(/.{4}/g) ?? []).join('-');
}
