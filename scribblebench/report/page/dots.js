// Dice of each cell as a row, drawn where there are no curves.

const DOTS_CAPTION = "A cell is one form, density, randomness and method. Dice: mean over the "
  + "patients, with its 95 % interval, in order of the mean; seeds are averaged within a patient. "
  + "Cells with missing seeds are hollow and come last. The shaded band is the "
  + "interval of full supervision.";

const ROW_PX = 24;

function drawDots(container, shown, tip) {
  const rows = shown.flatMap((one) => one.points.map((point) => ({ one, point })));
  rows.sort((a, b) => b.point.is_complete - a.point.is_complete
    || b.point.dsc_mean - a.point.dsc_mean);
  const width = Math.max(280, container.clientWidth);
  const height = ROW_PX * rows.length + 56;
  const left = Math.min(240, 0.42 * width);
  const letters = Math.floor((left - 14) / 7);
  const [low, high] = diceRange(shown);
  const toX = (dice) => left + ((dice - low) / (high - low)) * (width - MARGIN.right - left);
  const toY = (i) => 16 + ROW_PX * (i + 0.5);
  const bottom = 16 + ROW_PX * rows.length;
  const figure = svg("svg", {
    viewBox: `0 0 ${width} ${height}`, width, height, tabindex: 0, role: "group",
    "aria-label": "Dice of each cell; arrow keys step through them",
  });
  const axes = svg("g", { class: "axes", "aria-hidden": "true" });
  for (const [x, digits] of ticksOf(low, high, width < 480 ? 3 : 6)) {
    axes.append(
      svg("line", { x1: toX(x), x2: toX(x), y1: 12, y2: bottom, class: "grid" }),
      svg("text", { x: toX(x), y: bottom + 16, "text-anchor": "middle" }, number(x, digits)),
    );
  }
  axes.append(
    svg("path", { d: `M${left} 12V${bottom}H${width - MARGIN.right}`, class: "frame" }),
    svg("text", { x: (left + width) / 2, y: bottom + 36, "text-anchor": "middle" }, "Dice"),
  );
  figure.append(axes);
  const full = rows.find(({ one }) => one.kind === "level" && one.colour === "currentColor");
  if (full && full.point.dsc_low !== null) {
    figure.append(coloured(svg("rect", {
      x: toX(full.point.dsc_low), width: toX(full.point.dsc_high) - toX(full.point.dsc_low),
      y: 12, height: bottom - 12, class: "band",
    }), "currentColor"));
  }
  const marks = rows.map(({ one, point }, i) => {
    const y = toY(i);
    const name = point.label.length > letters ? `${point.label.slice(0, letters - 1)}…`
      : point.label;
    const group = coloured(svg("g", { class: "series", "data-label": one.label }), one.colour);
    group.append(svg("text", { x: left - 8, y: y + 4, "text-anchor": "end" }, name));
    if (point.dsc_low !== null) {
      group.append(svg("line", {
        x1: toX(point.dsc_low), x2: toX(point.dsc_high), y1: y, y2: y, class: "whisker",
      }));
    }
    group.append(marker(one.colour === "currentColor" ? "D" : "o", toX(point.dsc_mean), y,
      point.is_complete));
    figure.append(group);
    return { x: toX(point.dsc_mean), y, lines: described(null, point) };
  });
  const ring = svg("circle", { r: 9, class: "ring", hidden: true });
  figure.append(ring);
  container.querySelector("svg")?.remove();
  container.prepend(figure);
  pointable(figure, marks, tip, ring);
}
