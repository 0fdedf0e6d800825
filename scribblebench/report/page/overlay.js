// The colours of a slice. Prediction and scribble lie over the grey image in this order; an error
// takes the place of the prediction. The dense label is an outline, so that both are seen at once.

const IGNORED = 255; // a pixel that is not annotated

const ERRORS = [
  { name: "false positive", colour: "#ff3df2" },
  { name: "false negative", colour: "#00e5ff" },
  { name: "wrong class", colour: "#ffffff" },
];

const rgbOf = (hex) => [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** Which error a pixel is (an index into ERRORS), or -1; hidden classes count as background. */
function errorAt(pred, label, hidden) {
  if (label === IGNORED) return -1;
  const p = hidden.has(pred) ? 0 : pred;
  const t = hidden.has(label) ? 0 : label;
  if (p === t) return -1;
  if (t === 0) return 0;
  return p === 0 ? 1 : 2;
}

/**
 * RGBA of a slice, row by row.
 * slice: {image, label, pred, scribble}, the last two may be null;
 * look: {pred, errors, scribble: booleans, opacity: 0 to 1, hidden: Set of class ids,
 * colours: array of [r, g, b] by class id}.
 */
function composed({ image, label, pred, scribble }, look) {
  const rgba = new Uint8ClampedArray(4 * image.length);
  const errorColours = ERRORS.map((error) => rgbOf(error.colour));
  const alpha = look.opacity;
  for (let i = 0; i < image.length; i++) {
    let [r, g, b] = [image[i], image[i], image[i]];
    const blend = ([cr, cg, cb], a) => {
      r = Math.round((1 - a) * r + a * cr);
      g = Math.round((1 - a) * g + a * cg);
      b = Math.round((1 - a) * b + a * cb);
    };
    const error = pred && look.errors ? errorAt(pred[i], label[i], look.hidden) : -1;
    if (error >= 0) {
      blend(errorColours[error], (1 + alpha) / 2); // thin rims have to be seen
    } else if (pred && look.pred && pred[i] > 0 && pred[i] !== IGNORED
      && !look.hidden.has(pred[i])) {
      blend(look.colours[pred[i]], alpha);
    }
    if (scribble && look.scribble && scribble[i] !== IGNORED && !look.hidden.has(scribble[i])) {
      blend(look.colours[scribble[i]], 1);
    }
    rgba.set([r, g, b, 255], 4 * i);
  }
  return rgba;
}

/** The outline of a class along the edges of its pixels, kx by ky canvas pixels each. */
function outline(label, rows, cols, classId, kx, ky) {
  const path = new Path2D();
  const at = (r, c) => (r < 0 || c < 0 || r >= rows || c >= cols ? -1 : label[r * cols + c]);
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      if (at(r, c) !== classId) continue;
      const [x0, y0, x1, y1] = [c * kx, r * ky, (c + 1) * kx, (r + 1) * ky];
      const sides = [[at(r - 1, c), x0, y0, x1, y0], [at(r + 1, c), x0, y1, x1, y1],
        [at(r, c - 1), x0, y0, x0, y1], [at(r, c + 1), x1, y0, x1, y1]];
      for (const [beyond, xa, ya, xb, yb] of sides) {
        if (beyond === classId) continue;
        path.moveTo(xa, ya);
        path.lineTo(xb, yb);
      }
    }
  }
  return path;
}
