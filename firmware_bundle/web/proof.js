/** What the page verified, to be read and compared: key, release, certificate. */

import { element, made, show, write } from './elements.js';
import { say } from './strings.js';

/** @typedef {import('./contract.js').Contract} Contract */
/** @typedef {import('./signature.js').Signed} Signed */

/**
 * @param {Signed} signed
 * @param {{contract: Contract, engine: string, selfTest: {rows: number, compared: number, difference: number}}} opened
 * @param {'link' | 'remembered' | 'first'} pin
 * @param {number} files
 */
export function showProof(signed, { contract, engine, selfTest }, pin, files) {
  const { certificate, source } = contract;
  write('model_name', contract.name);
  show('proof', true);
  document.title = contract.name;
  const compared = certificate.parity.reduce((sum, one) => sum + one.compared, 0);
  const differ = certificate.parity.reduce((sum, one) => sum + one.differ, 0);
  const undecided = certificate.parity.reduce((sum, one) => sum + one.undecided, 0);
  const entries = {
    proof_key: signed.grouped,
    proof_fingerprint: signed.fingerprint,
    proof_pin: say(`pin_${pin}`),
    proof_name: contract.name,
    proof_sequence: String(contract.sequence),
    proof_made: contract.created,
    proof_expires: contract.expires ?? say('never'),
    proof_estimator: source.estimator,
    proof_certificate: say('certificate', { compared: compared.toLocaleString('en'), differ, undecided }),
    proof_golden: say('golden', { rows: selfTest.rows, compared: selfTest.compared, difference: selfTest.difference.toExponential(1) }),
    proof_engine: say('engine', { engine, proven: certificate.engine }),
    proof_files: say('files', { files }),
  };
  element('proof_list').replaceChildren(
    ...Object.entries(entries).flatMap(([key, value]) => [made('dt', say(key)), made('dd', value, { id: key })]),
  );
}
