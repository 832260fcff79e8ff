/** Which files of the signed list are the model: one artifact, or a detector's declaration and stages. */

export const DECLARATION = 'artifact/detector.json';
/** In the order in which the models of a detector see a window. */
export const STAGES = ['scan', 'judge'];
const FILES = ['contract.json', 'golden.bin', 'model.onnx'];

/** Files of an artifact by their names in the page's folder. @param {string} folder */
export function artifactParts(folder) {
  return FILES.map((name) => `${folder}/${name}`);
}

/** @param {{has: (name: string) => boolean}} listed the names of the signed list */
export function modelParts(listed) {
  if (!listed.has(DECLARATION)) return artifactParts('artifact');
  return [DECLARATION, ...STAGES.flatMap((stage) => artifactParts(`artifact/${stage}`))];
}
