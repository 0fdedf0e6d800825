// The stage of the case viewer: a canvas that shows each pixel of a slice as a block.

const ZOOMS = [1, 1.5, 2, 3, 4, 6, 8];
const WHEEL_STEP = 50; // of deltaY, for a slice: touchpads send many small ones

/** Make the stage; onslice(step) is called by the wheel. draw() shows a slice. */
function makeStage(onslice) {
  const canvas = html("canvas", { role: "img" });
  const element = html("div", {
    class: "stage", tabindex: 0, role: "group", "aria-label": "Slice; arrow keys change it",
  }, canvas);
  const buffer = html("canvas");
  let [zoom, wheel, last] = [0, 0, null];

  element.addEventListener("wheel", (event) => {
    if (event.ctrlKey) return;
    if (Math.sign(event.deltaY) !== Math.sign(wheel)) wheel = 0;
    wheel += event.deltaY;
    const step = Math.sign(event.deltaY);
    if (!onslice(step, true)) return; // at the end the page scrolls on
    event.preventDefault();
    if (Math.abs(wheel) < WHEEL_STEP) return;
    wheel = 0;
    onslice(step, false);
  }, { passive: false });

  let grip = null;
  element.addEventListener("pointerdown", (event) => {
    if (zoom > 0 && event.target === canvas && event.pointerType === "mouse") {
      grip = [event.clientX + element.scrollLeft, event.clientY + element.scrollTop];
      canvas.setPointerCapture(event.pointerId);
    }
  });
  canvas.addEventListener("pointermove", (event) => {
    if (grip) element.scrollTo(grip[0] - event.clientX, grip[1] - event.clientY);
  });
  for (const name of ["pointerup", "pointercancel"]) {
    canvas.addEventListener(name, () => { grip = null; });
  }

  /** How many canvas pixels a pixel of the slice takes, across and down. */
  function blockSize(rows, cols, aspect) {
    const ratio = window.devicePixelRatio || 1;
    const fit = Math.min(element.clientWidth / cols, element.clientHeight / (rows * aspect));
    const k = Math.max(1, Math.floor(fit * ratio)) * ZOOMS[zoom];
    const shrink = Math.min(1, fit * ratio); // a slice with more pixels than there is room for
    return { kx: Math.round(k), ky: Math.max(1, Math.round(k * aspect)), css: shrink / ratio };
  }

  function draw(slice, look, { rows, cols, aspect }) {
    last = [slice, look, { rows, cols, aspect }];
    const { kx, ky, css } = blockSize(rows, cols, aspect);
    [buffer.width, buffer.height] = [cols, rows];
    buffer.getContext("2d").putImageData(new ImageData(composed(slice, look), cols, rows), 0, 0);
    [canvas.width, canvas.height] = [cols * kx, rows * ky];
    canvas.style.width = `${canvas.width * css}px`;
    canvas.style.height = `${canvas.height * css}px`;
    const context = canvas.getContext("2d");
    context.imageSmoothingEnabled = false;
    context.drawImage(buffer, 0, 0, canvas.width, canvas.height);
    if (!look.dense) return;
    context.lineWidth = Math.max(1, Math.min(kx, ky) / 2.5);
    context.lineCap = "square";
    look.colours.forEach((colour, classId) => {
      if (classId === 0 || look.hidden.has(classId)) return;
      context.strokeStyle = `rgb(${colour.join(" ")})`;
      context.stroke(outline(slice.label, rows, cols, classId, kx, ky));
    });
  }

  new ResizeObserver(() => { if (last) draw(...last); }).observe(element);

  return {
    element,
    canvas,
    draw,
    zoomBy(step) {
      const [x, y] = [element.scrollLeft + element.clientWidth / 2,
        element.scrollTop + element.clientHeight / 2];
      const [left, top] = [canvas.offsetLeft, canvas.offsetTop];
      const [width, height] = [canvas.offsetWidth, canvas.offsetHeight];
      zoom = step === 0 ? 0 : Math.min(ZOOMS.length - 1, Math.max(0, zoom + step));
      element.classList.toggle("zoomed", zoom > 0);
      if (last) draw(...last);
      // What was in the middle stays there.
      element.scrollTo({
        left: canvas.offsetLeft + ((x - left) / width) * canvas.offsetWidth
          - element.clientWidth / 2,
        top: canvas.offsetTop + ((y - top) / height) * canvas.offsetHeight
          - element.clientHeight / 2,
        behavior: "instant",
      });
      return ZOOMS[zoom];
    },
    pan(x, y) { element.scrollBy(40 * x, 40 * y); },
  };
}
