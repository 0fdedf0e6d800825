// Reading the volumes of a case, which lie deflated in the page until the case is opened.

async function inflated(text, size) {
  const packed = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("deflate"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  if (bytes.length !== size) throw new Error(`expected ${size} bytes, got ${bytes.length}`);
  return bytes;
}

/** Undo the prediction of each pixel by the median of left, above, and left + above - corner. */
function restored(residuals, [planes, rows, cols]) {
  const image = residuals;
  for (let p = 0; p < planes; p++) {
    for (let r = 0; r < rows; r++) {
      let i = (p * rows + r) * cols;
      for (let c = 0; c < cols; c++, i++) {
        const left = c ? image[i - 1] : 0;
        const above = r ? image[i - cols] : 0;
        const corner = r && c ? image[i - cols - 1] : 0;
        const [smaller, larger] = left < above ? [left, above] : [above, left];
        image[i] += Math.min(larger, Math.max(smaller, left + above - corner)); // modulo 256
      }
    }
  }
  return image;
}

/** Open case k: {shape, image, label, scores, overlay(trial) -> {pred, scribble} or null}. */
async function openCase(k, shape) {
  const payload = JSON.parse(byId(`case-${k}`).textContent);
  const size = shape[0] * shape[1] * shape[2];
  const [image, label] = await Promise.all([payload.image, payload.label]
    .map((text) => inflated(text, size)));
  const maps = new Map();
  const map = async (place) => {
    if (place === null) return null;
    if (!maps.has(place)) maps.set(place, await inflated(payload.maps[place], size));
    return maps.get(place);
  };
  const places = new Map(Object.entries(payload.overlays));
  return {
    shape,
    image: restored(image, shape),
    label,
    scores: new Map(Object.entries(payload.scores)),
    async overlay(trial) {
      if (!places.has(trial)) return null;
      const [pred, scribble] = places.get(trial);
      return { pred: await map(pred), scribble: await map(scribble) };
    },
  };
}

/** Dice of a class over a whole volume; null where neither holds it. */
function diceOf(pred, label, classId) {
  let [both, either] = [0, 0];
  for (let i = 0; i < label.length; i++) {
    if (label[i] === IGNORED) continue;
    const [p, t] = [pred[i] === classId, label[i] === classId];
    both += p && t;
    either += p + t;
  }
  return either ? (2 * both) / either : null;
}

/** The slice with the most foreground, the middle one if there is none. */
function fullestPlane(label, [planes, rows, cols]) {
  let [best, most] = [Math.floor(planes / 2), 0];
  for (let p = 0; p < planes; p++) {
    let n = 0;
    for (let i = p * rows * cols; i < (p + 1) * rows * cols; i++) {
      n += label[i] > 0 && label[i] !== IGNORED;
    }
    if (n > most) [best, most] = [p, n];
  }
  return best;
}
