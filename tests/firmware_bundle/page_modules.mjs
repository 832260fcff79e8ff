// Runs modules of the page on what a test in Python hands over as JSON; answers as JSON.
//   {"signature": base64, "key": base64}   each byte of both flipped: which flips were accepted
//   {"signatures": [[signature, key]]}     whose signature holds over which names, or why not
//   {"visits": [{link, name, sequence…}]}  what the page says to each, in one browser
//   {"documents": [text]}                  which of them are strict JSON, and what they say
//   {"sizes": [[width, height]]}           which pictures are decoded
//   {"contracts": [text]}                  which of them are contracts, or why not
//   {"csv": [text]}                        cells of each line, or why not
//   {"rows": [[text, inputs]]}             the feeds of a table, or why not
import { readFileSync } from 'node:fs';

const web = new URL('../../firmware_bundle/web/', import.meta.url);
const { verifySignature } = await import(new URL('signature.js', web));
const { checkPins } = await import(new URL('pins.js', web));
const { checkPixels } = await import(new URL('picture_file.js', web));
const { parseStrict } = await import(new URL('strict_json.js', web));
const { readContract } = await import(new URL('contract.js', web));
const { number, parseCsv } = await import(new URL('csv.js', web));
const { readRows } = await import(new URL('rows.js', web));

const bytes = (text) => Uint8Array.from(Buffer.from(text, 'base64'));
const given = JSON.parse(readFileSync(0, 'utf8'));
const said = {};

if (given.signature !== undefined) {
  const [signature, key] = [bytes(given.signature), bytes(given.key)];
  const signed = await verifySignature(signature, key);
  said.signed = { ...signed, digests: Object.fromEntries(signed.digests) };
  said.accepted = [];
  for (const [name, content] of [['signature', signature], ['key', key]]) {
    for (let at = 0; at < content.length; at++) {
      const flipped = Uint8Array.from(content);
      flipped[at] ^= 1 << (at % 8);
      const pair = name === 'signature' ? [flipped, key] : [signature, flipped];
      await verifySignature(...pair).then(() => said.accepted.push([name, at]), () => null);
    }
  }
  said.tried = signature.length + key.length;
}
if (given.signatures !== undefined) {
  said.signatures = [];
  for (const pair of given.signatures) {
    said.signatures.push(await verifySignature(...pair.map(bytes)).then(
      ({ digests }) => ({ names: [...digests.keys()] }), (error) => ({ refused: error.key ?? String(error) }),
    ));
  }
}
if (given.visits !== undefined) {
  const kept = new Map();
  globalThis.localStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value) };
  said.visits = given.visits.map(({ link, key, content, head, contract }) => {
    globalThis.location = { hash: link };
    const digests = new Map([['artifact/model.onnx', content]]);
    try {
      const pins = checkPins({ fingerprint: key, digests }, new TextEncoder().encode(head));
      pins.settle({ ...contract, sequence: BigInt(contract.sequence) });
      return pins.by;
    } catch (error) {
      return error.key ?? String(error);
    }
  });
}
if (given.documents !== undefined) {
  said.documents = given.documents.map((text) => {
    try {
      return { value: JSON.stringify(parseStrict(text), (_, v) => (typeof v === 'bigint' ? `${v}` : v)) };
    } catch (error) {
      return { refused: error.name };
    }
  });
}
if (given.contracts !== undefined) {
  said.contracts = given.contracts.map((text) => {
    try {
      return readContract(new TextEncoder().encode(text)).name;
    } catch (error) {
      return error.key ?? String(error);
    }
  });
}
if (given.sizes !== undefined) {
  said.sizes = given.sizes.map(([width, height]) => {
    try {
      checkPixels(width, height);
      return true;
    } catch (error) {
      return error.key;
    }
  });
}
if (given.csv !== undefined) {
  said.csv = given.csv.map((text) => {
    try {
      return parseCsv(text).map(({ cells }) => cells);
    } catch (error) {
      return error.key ?? String(error);
    }
  });
}
if (given.rows !== undefined) {
  said.rows = given.rows.map(([text, inputs]) => {
    try {
      return [...readRows(text, { inputs }).values()].map(({ values }) => [...values]);
    } catch (error) {
      return error.key ?? String(error);
    }
  });
}
if (given.numbers !== undefined) said.numbers = given.numbers.map((cell) => String(number(cell)));
process.stdout.write(JSON.stringify(said));
