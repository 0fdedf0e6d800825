// The section of the figure: its choices, its legend and its numbers.

/** A legend's sample of a series. */
function sample(one) {
  const picture = svg("svg", { width: 30, height: 14, "aria-hidden": "true" });
  if (one.kind !== "point" && !isSingle(one)) {
    picture.append(svg("line", {
      x1: 1, x2: 29, y1: 7, y2: 7, class: "line",
      "stroke-dasharray": one.kind === "level" ? "7 4" : one.dash || null,
    }));
  }
  if (one.kind !== "level") picture.append(marker(one.marker, 15, 7, true));
  return coloured(picture, one.colour);
}

function numbersTable(shown) {
  const names = ["Cell", "Density", "Dice", "95 % interval", "Patients", "Seeds", "Collapse",
    "Missed or invented"];
  const rows = shown.flatMap((one) => one.points.map((point) => html("tr", {},
    html("th", { scope: "row" }, point.label),
    ...[percent(point.x), number(point.dsc_mean, 3), interval(point), String(point.n_patients),
      seedsOf(point), percent(point.collapse_rate), percent(point.failure_rate)]
      .map((text) => html("td", { class: "number" }, text)))));
  byId("chart-numbers").replaceChildren(
    html("thead", {}, html("tr", {}, ...names.map((name, i) =>
      html("th", { scope: "col", class: i ? "number" : null }, name)))),
    html("tbody", {}, ...rows),
  );
}

/** Show one panel at a time; what the legend hides stays hidden in all of them. */
function figureSection(panels) {
  if (!panels.length) {
    byId("curves").hidden = true;
    return;
  }
  const container = byId("chart");
  const tip = tooltip(container);
  const hidden = new Set();
  const unique = (key) => [...new Set(panels.map((panel) => panel[key]))];
  const chosen = { dataset: panels[0].dataset, class_name: panels[0].class_name };
  for (const [key, label] of [["dataset", "Data set"], ["class_name", "Class"]]) {
    const values = unique(key);
    if (values.length < 2) continue;
    const options = values.map((v) => [v, v === "average" ? "average of the classes" : v]);
    byId("panel-choices").append(chooser(label, options, (value) => {
      chosen[key] = value;
      legend();
      draw();
    }));
  }
  const panel = () => panels.find((one) =>
    one.dataset === chosen.dataset && one.class_name === chosen.class_name);

  function draw() {
    const curved = panels.some(hasCurves);
    const shown = (panel()?.series ?? []).filter((one) => !curved || !hidden.has(one.label));
    tip.hide();
    (curved ? drawCurves : drawDots)(container, shown, tip);
    byId("curves-title").textContent = curved ? "Annotation efficiency" : "Dice of each cell";
    byId("chart-caption").textContent = (curved ? CURVE_CAPTION : DOTS_CAPTION) + TERMS;
    byId("chart-legend").hidden = !curved;
    numbersTable(shown);
  }
  function legend() {
    byId("chart-legend").replaceChildren(...(panel()?.series ?? []).map((one) => {
      const button = html("button", {
        type: "button", "aria-pressed": String(!hidden.has(one.label)),
        onclick: () => {
          if (!hidden.delete(one.label)) hidden.add(one.label);
          button.setAttribute("aria-pressed", String(!hidden.has(one.label)));
          draw();
        },
      }, sample(one), one.label);
      return button;
    }));
  }
  legend();
  let drawnAt = 0;
  new ResizeObserver(() => {
    if (container.clientWidth === drawnAt) return;
    drawnAt = container.clientWidth;
    draw();
  }).observe(container);
}
