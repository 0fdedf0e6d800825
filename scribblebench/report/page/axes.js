// Scales, ticks, markers and the text of tooltips, shared by both figures.

const SHAPES = { // drawn in a square from -1 to 1
  o: "M1 0A1 1 0 1 1 -1 0A1 1 0 1 1 1 0Z",
  s: "M-.88 -.88H.88V.88H-.88Z",
  "^": "M0 -1.1L1.05 .8H-1.05Z",
  v: "M0 1.1L1.05 -.8H-1.05Z",
  D: "M0 -1.2L1.2 0L0 1.2L-1.2 0Z",
  P: "M-.4 -1.1H.4V-.4H1.1V.4H.4V1.1H-.4V.4H-1.1V-.4H-.4Z",
  X: "M-1.1 -.6L-.6 -1.1L0 -.5L.6 -1.1L1.1 -.6L.5 0L1.1 .6L.6 1.1L0 .5L-.6 1.1L-1.1 .6L-.5 0Z",
  "*": "M0 -1.6L.42 -.5L1.55 -.5L.64 .2L.98 1.32L0 .65L-.98 1.32L-.64 .2L-1.55 -.5L-.42 -.5Z",
};

const TERMS = " Collapse: the mean Dice of a class is below 0.5 in a seed. A class is missed or "
  + "invented in a case where exactly one of prediction and dense label holds it.";

const MARKER_PX = 4.5;

/** A marker in the current colour; hollow where seeds are missing. */
const marker = (shape, x, y, isComplete) => svg("path", {
  d: SHAPES[shape], class: isComplete ? "marker" : "marker hollow",
  transform: `translate(${x} ${y}) scale(${MARKER_PX})`,
});

function coloured(element, colour) {
  element.style.setProperty("--colour", colour);
  return element;
}

/** Round steps that divide a range into about n parts. */
function ticksOf(low, high, n) {
  const rough = (high - low) / n;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough * 0.999);
  const first = Math.ceil(low / step - 1e-9);
  const count = Math.floor(high / step + 1e-9) - first + 1;
  const digits = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return Array.from({ length: count }, (_, i) => [(first + i) * step, digits]);
}

/** The range of Dice that holds all intervals and lines, with a little room. */
function diceRange(series) {
  const values = series.flatMap((one) => [
    ...one.points.flatMap((p) => [p.dsc_low ?? p.dsc_mean, p.dsc_high ?? p.dsc_mean]),
    ...one.fit.flatMap((p) => [p.low ?? p.y, p.high ?? p.y]),
  ]).filter((value) => value !== null);
  if (!values.length) return [0, 1];
  const low = Math.min(...values);
  const high = Math.max(...values);
  const room = Math.max(0.02, 0.05 * (high - low));
  return [Math.max(0, low - room), Math.min(1, high + room)];
}

const interval = (point) => (point.dsc_low === null ? DASH
  : `${number(point.dsc_low, 3)} to ${number(point.dsc_high, 3)}`);

const seedsOf = (point) => (point.n_seeds === point.n_planned ? String(point.n_seeds)
  : `${point.n_seeds} of ${point.n_planned}`);

/** What a tooltip says of a point, line by line; the first is the heading. */
function described(one, point) {
  const share = point.x === null ? "" : `, ${percent(point.x)}`;
  return [
    one ? `${one.label}${share}` : point.label,
    `Dice ${number(point.dsc_mean, 3)} (95 % interval ${interval(point)})`,
    `${point.n_patients} patients, ${seedsOf(point)} seed${point.n_planned === 1 ? "" : "s"}`,
    `collapse: ${percent(point.collapse_rate)} of the seeds`,
    `missed or invented classes: ${percent(point.failure_rate)} of the cases`,
  ];
}

/** A tooltip in a container; show(lines, x, y) keeps it inside. */
function tooltip(container) {
  const box = html("div", { class: "tooltip", role: "status", hidden: true });
  container.append(box);
  return {
    show(lines, x, y) {
      box.replaceChildren(...lines.map((line, i) => html(i ? "div" : "strong", {}, line)));
      box.hidden = false;
      const left = x + 14 + box.offsetWidth > container.clientWidth ? x - 14 - box.offsetWidth
        : x + 14;
      box.style.left = `${Math.max(0, left)}px`;
      box.style.top = `${Math.max(0, y - box.offsetHeight - 10)}px`;
    },
    hide() { box.hidden = true; },
  };
}

/** Points under a pointer and by arrow keys: marks are {x, y, lines}, x null for a whole level. */
function pointable(figure, marks, tip, ring) {
  let current = -1;
  function show(i) {
    current = i;
    const mark = marks[i];
    const x = mark.x ?? figure.clientWidth / 2;
    tip.show(mark.lines, x, mark.y);
    ring.setAttribute("transform", `translate(${x} ${mark.y})`);
    ring.toggleAttribute("hidden", mark.x === null);
  }
  function hide() {
    current = -1;
    tip.hide();
    ring.toggleAttribute("hidden", true);
  }
  figure.onpointermove = (event) => {
    const frame = figure.getBoundingClientRect();
    const [x, y] = [event.clientX - frame.left, event.clientY - frame.top];
    const away = marks.map((mark) => (mark.x === null ? Math.abs(y - mark.y) + 12
      : Math.hypot(x - mark.x, y - mark.y)));
    const nearest = away.indexOf(Math.min(...away));
    if (nearest >= 0 && away[nearest] < 28) show(nearest);
    else hide();
  };
  figure.onpointerleave = hide;
  figure.onblur = hide;
  figure.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (event.key === "Escape") hide();
    if (!step || !marks.length) return;
    event.preventDefault();
    const from = current < 0 && step < 0 ? 0 : current;
    show((from + step + marks.length) % marks.length);
  };
}
