// The efficiency curves: Dice against density, on a logarithmic axis.

const CURVE_CAPTION = "Dice against the annotated share of each class, on a logarithmic scale. "
  + "Markers: mean over the patients, with its 95 % interval; hollow where seeds are missing. "
  + "Points of a single density are drawn a little beside it. Lines: fitted, with a 95 % band. Arrow keys step through the points once the figure has the "
  + "focus.";

const ASIDE_PX = 11;

const MARGIN = { left: 54, right: 18, top: 12, bottom: 50 };

/** Whether a panel has a line with more than one density: else there is no curve to draw. */
const hasCurves = (panel) => panel.series.some((one) => one.kind === "line"
  && new Set(one.points.map((point) => point.x)).size > 1);

const isSingle = (one) => one.kind !== "level" && new Set(one.points.map((p) => p.x)).size === 1;

/** How far each series of a single density is moved aside, so that all of them are seen. */
function asides(shown) {
  const found = new Map();
  for (const x of new Set(shown.filter(isSingle).map((one) => one.points[0].x))) {
    const here = shown.filter((one) => isSingle(one) && one.points[0].x === x);
    const isTaken = shown.some((one) => !isSingle(one) && one.points.some((p) => p.x === x));
    here.forEach((one, i) => {
      const step = i - (here.length - 1) / 2;
      found.set(one, ASIDE_PX * (isTaken ? step + (step < 0 ? -0.5 : 0.5) : step));
    });
  }
  return found;
}

/** Draw the series that are shown; `tip` is the container's tooltip. */
function drawCurves(container, shown, tip) {
  const width = Math.max(280, container.clientWidth);
  const height = Math.round(Math.min(460, Math.max(300, 0.5 * width)));
  const right = width - MARGIN.right;
  const bottom = height - MARGIN.bottom;
  const xs = shown.flatMap((one) => [...one.points, ...one.fit].map((p) => p.x))
    .filter((x) => x !== null && x > 0);
  const [first, last] = xs.length ? [Math.min(...xs) / 1.25, Math.min(1.05, Math.max(...xs) * 1.25)]
    : [0.01, 1];
  const [low, high] = diceRange(shown);
  const toX = (x) => MARGIN.left
    + (Math.log(x / first) / Math.log(last / first)) * (right - MARGIN.left);
  const toY = (y) => bottom - ((y - low) / (high - low)) * (bottom - MARGIN.top);
  const figure = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, tabindex: 0, role: "group",
    "aria-label": "Efficiency curves; arrow keys step through the points",
  });
  const ring = svg("circle", { r: 9, class: "ring", hidden: true });
  figure.append(curveAxes(shown, { width, right, bottom, toX, toY, low, high }));
  const marks = [];
  const aside = asides(shown);
  for (const one of shown.filter((s) => s.kind === "level")) {
    figure.append(drawLevel(one, right, toY));
    for (const point of one.points) {
      marks.push({ x: null, y: toY(point.dsc_mean), lines: described(one, point) });
    }
  }
  for (const one of shown.filter((s) => s.kind !== "level")) {
    const place = (x) => toX(x) + (aside.get(one) ?? 0);
    figure.append(drawSeries(one, place, toY));
    for (const point of one.points) {
      marks.push({ x: place(point.x), y: toY(point.dsc_mean), lines: described(one, point) });
    }
  }
  figure.append(ring);
  container.querySelector("svg")?.remove();
  container.prepend(figure);
  pointable(figure, marks, tip, ring);
}

function curveAxes(shown, { width, right, bottom, toX, toY, low, high }) {
  const axes = svg("g", { class: "axes", "aria-hidden": "true" });
  for (const [y, digits] of ticksOf(low, high, 6)) {
    axes.append(
      svg("line", { x1: MARGIN.left, x2: right, y1: toY(y), y2: toY(y), class: "grid" }),
      svg("text", { x: MARGIN.left - 8, y: toY(y) + 4, "text-anchor": "end" }, number(y, digits)),
    );
  }
  let free = -Infinity; // where the next label may begin
  const densities = shown.filter((one) => one.kind === "line")
    .flatMap((one) => one.points.map((point) => point.x));
  for (const x of [...new Set(densities)].sort((a, b) => a - b)) {
    axes.append(svg("line", { x1: toX(x), x2: toX(x), y1: MARGIN.top, y2: bottom, class: "grid" }));
    if (toX(x) - 20 < free) continue;
    free = toX(x) + 24;
    axes.append(svg("text", { x: toX(x), y: bottom + 18, "text-anchor": "middle" }, percent(x)));
  }
  const middle = (MARGIN.top + bottom) / 2;
  axes.append(
    svg("path", { d: `M${MARGIN.left} ${MARGIN.top}V${bottom}H${right}`, class: "frame" }),
    svg("text", { x: (MARGIN.left + right) / 2, y: bottom + 40, "text-anchor": "middle" },
      width < 480 ? "density" : "density: annotated share of each class"),
    svg("text", {
      "text-anchor": "middle", transform: `translate(14 ${middle}) rotate(-90)`,
    }, "Dice"),
  );
  return axes;
}

function drawLevel(one, right, toY) {
  const group = coloured(svg("g", { class: "series", "data-label": one.label }), one.colour);
  for (const { dsc_mean: mean, dsc_low: low, dsc_high: high } of one.points) {
    if (low !== null) {
      group.append(svg("rect", {
        x: MARGIN.left, width: right - MARGIN.left, y: toY(high),
        height: Math.max(0, toY(low) - toY(high)), class: "band",
      }));
    }
    group.append(svg("line", {
      x1: MARGIN.left, x2: right, y1: toY(mean), y2: toY(mean), class: "line",
      "stroke-dasharray": "7 4",
    }));
  }
  return group;
}

function drawSeries(one, toX, toY) {
  const group = coloured(svg("g", { class: "series", "data-label": one.label }), one.colour);
  const banded = one.fit.filter((p) => p.low !== null && p.high !== null);
  if (banded.length > 1) {
    const upper = banded.map((p) => `${toX(p.x)} ${toY(p.high)}`);
    const lower = banded.map((p) => `${toX(p.x)} ${toY(p.low)}`).reverse();
    group.append(svg("path", { d: `M${[...upper, ...lower].join("L")}Z`, class: "band" }));
  }
  // Without a fit, straight lines join the points.
  const line = one.fit.length ? one.fit.filter((p) => p.y !== null)
    : one.points.map((p) => ({ x: p.x, y: p.dsc_mean }));
  if (line.length > 1) {
    group.append(svg("path", {
      d: `M${line.map((p) => `${toX(p.x)} ${toY(p.y)}`).join("L")}`, class: "line",
      "stroke-dasharray": one.dash || null,
    }));
  }
  for (const point of one.points) {
    const [x, y] = [toX(point.x), toY(point.dsc_mean)];
    if (point.dsc_low !== null) {
      group.append(svg("line", {
        x1: x, x2: x, y1: toY(point.dsc_low), y2: toY(point.dsc_high), class: "whisker",
      }));
    }
    group.append(marker(one.marker, x, y, point.is_complete));
  }
  return group;
}
