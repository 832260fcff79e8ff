// Runs the page's search for faces on what a test in Python hands over as JSON; answers as JSON.
//   {"pictures": [{width, height, data}]}            every number of every cell, as base64
//   {"digests": [{width, height, data}]}             SHA-256 of these numbers
//   {"smaller": [{picture, width, height}]}          bilinear; without a size: halved
//   {"levels": {picture, smallest, step}}            the sizes of the pyramid and their pixels
//   {"rows": {picture, weights, bias, least, scale}} the windows picked, their rows and boxes
//   {"windows": [{box, score}]}                      one face of overlapping windows
//   {"colours": base64 RGBA}                         their brightness
//   {"declarations": [{content, names}]}             what is declared, or why it is refused
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

const web = new URL('../../firmware_bundle/web/', import.meta.url);
const { bilinear, halved, pyramid } = await import(new URL('pyramid.js', web));
const { featuresOf, MARGIN, WINDOW } = await import(new URL('gradients.js', web));
const { fillRow, picked, productOf, ROW, scoresOf, windowBox } = await import(new URL('windows.js', web));
const { grouped } = await import(new URL('grouping.js', web));
const { greyOf } = await import(new URL('looking.js', web));
const { readDeclaration } = await import(new URL('declaration.js', web));

const bytes = (text) => Uint8Array.from(Buffer.from(text, 'base64'));
const text = (array) => Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');
const grey = ({ width, height, data }) => ({ width, height, data: bytes(data) });
const said = {};
const given = JSON.parse(readFileSync(0, 'utf8'));

if (given.pictures !== undefined) {
  said.pictures = given.pictures.map((one) => text(featuresOf(grey(one)).data));
}
if (given.digests !== undefined) {
  said.digests = given.digests.map((one) => (
    createHash('sha256').update(new Uint8Array(featuresOf(grey(one)).data.buffer)).digest('hex')
  ));
}
if (given.smaller !== undefined) {
  said.smaller = given.smaller.map(({ picture, width, height }) => (
    text((width === undefined ? halved(grey(picture)) : bilinear(grey(picture), width, height)).data)
  ));
}
if (given.levels !== undefined) {
  const { picture, smallest, step } = given.levels;
  said.levels = [...pyramid(grey(picture), { smallest, step, window: WINDOW, margin: MARGIN })].map(
    (one) => ({ width: one.grey.width, height: one.grey.height, data: text(one.grey.data), scale: one.scale }),
  );
}
if (given.rows !== undefined) {
  const { picture, weights, bias, least, scale } = given.rows;
  const cells = featuresOf(grey(picture));
  const product = productOf(weights, bias);
  const row = new Float64Array(ROW);
  said.scores = text(scoresOf(product, cells).scores);
  said.rows = picked(product, cells, least).map((window) => {
    fillRow(cells, window, row);
    return { ...window, row: text(row), box: windowBox(window, scale) };
  });
}
if (given.windows !== undefined) said.windows = given.windows.map((one) => grouped(one));
if (given.colours !== undefined) {
  const data = bytes(given.colours);
  said.colours = text(greyOf({ width: data.length / 4, height: 1, data }).data);
}
if (given.declarations !== undefined) {
  said.declarations = [];
  for (const { content, names } of given.declarations) {
    const contracts = names.map((name) => ({ name }));
    said.declarations.push(await readDeclaration(bytes(content), contracts).then(
      (declared) => ({ declared }), (error) => ({ refused: error.key ?? String(error), name: error.name }),
    ));
  }
}
process.stdout.write(JSON.stringify(said));
