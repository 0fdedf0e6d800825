// The controls of the case viewer: selects, layers, sliders, and the legend with its Dice.

/** A select between two buttons that go to the one before and after; both wrap around. */
function stepper(label, options, onpick) {
  const choice = chooser(label, options.map((text, i) => [i, text]), (value) => onpick(+value));
  const select = choice.querySelector("select");
  const step = (by) => onpick((+select.value + by + options.length) % options.length);
  const button = (text, by, what) => html("button", {
    type: "button", class: "step", "aria-label": `${what} ${label.toLowerCase()}`,
    onclick: () => step(by),
  }, text);
  const element = html("div", { class: "stepper" }, choice, button("‹", -1, "previous"),
    button("›", 1, "next"));
  return { element, set(i) { select.value = String(i); } };
}

function slider(label, attributes, oninput) {
  const value = html("output");
  const input = html("input", { type: "range", oninput: () => oninput(+input.value), ...attributes });
  const element = html("div", { class: "slider" }, ...withLabel(label, input), value);
  return { element, input, value };
}

const swatch = (colour) => {
  const element = html("span", { class: "swatch", "aria-hidden": "true" });
  element.style.background = colour;
  return element;
};

function viewerControls({ classes, trials, cases, look, stage, redraw, pick, move, goTo }) {
  const trial = stepper("Trial", trials.map((one) => `${one.label} · ${one.id}`),
    (i) => pick("trial", i));
  const chosen = stepper("Case", cases.map((one) => one.id), (i) => pick("case", i));
  const plane = slider("Slice", { min: 0, max: 0, step: 1 }, goTo);
  const opacity = slider("Opacity", { min: 0, max: 100, step: 5, value: 100 * look.opacity },
    (value) => {
      look.opacity = value / 100;
      opacity.value.textContent = `${value} %`;
      redraw();
    });
  opacity.value.textContent = `${100 * look.opacity} %`;
  const message = html("p", { class: "message", role: "status" });

  const layers = new Map(LAYERS.map(({ key, letter, label }) => [key, html("button", {
    type: "button", "aria-pressed": String(look[key]), "aria-keyshortcuts": letter,
    "data-layer": key, onclick: () => toggle(key),
  }, label, html("kbd", {}, letter))]));

  function toggle(key) {
    if (layers.get(key).disabled) return;
    look[key] = !look[key];
    layers.get(key).setAttribute("aria-pressed", String(look[key]));
    errorLegend.hidden = !look.errors;
    redraw();
  }

  const errorLegend = html("p", { class: "errors", hidden: true },
    ...ERRORS.map((error) => html("span", {}, swatch(error.colour), error.name)));

  const dice = new Map();
  const rows = classes.map(({ id, name, colour }) => {
    const button = html("button", {
      type: "button", "aria-pressed": "true", title: "Show or hide this class",
      onclick: () => {
        if (!look.hidden.delete(id)) look.hidden.add(id);
        button.setAttribute("aria-pressed", String(!look.hidden.has(id)));
        redraw();
      },
    }, swatch(colour), name);
    dice.set(name, html("td", { class: "number" }));
    return html("tr", {}, html("th", { scope: "row" }, button), id > 0 ? dice.get(name)
      : html("td", { class: "number" }));
  });
  dice.set("average", html("td", { class: "number" }));
  const legend = html("table", { class: "classes" },
    html("thead", {}, html("tr", {}, html("th", { scope: "col" }, "Class"),
      html("th", { scope: "col", class: "number" }, "Dice of the case"))),
    html("tbody", {}, ...rows, html("tr", { class: "average" },
      html("th", { scope: "row" }, "average"), dice.get("average"))));

  const factor = html("output", {}, "1×");
  const zoomed = (value) => { factor.textContent = `${number(value)}×`; };
  const zoomButton = (text, step, label) => html("button", {
    type: "button", class: "step", "aria-label": label,
    onclick: () => zoomed(stage.zoomBy(step)),
  }, text);
  const zoom = html("div", { class: "zoom", role: "group", "aria-label": "Zoom" },
    html("span", {}, "Zoom"), zoomButton("−", -1, "zoom out"), factor,
    zoomButton("+", 1, "zoom in"), zoomButton("fit", 0, "fit to the stage"));
  const help = html("p", { class: "help" }, "Keys: ", ...KEYS_HELP.flatMap(([key, what], i) =>
    [i ? "; " : "", html("kbd", {}, key), ` ${what}`]), ". The wheel changes the slice.");

  return {
    element: html("div", { class: "controls" },
      trials.length ? trial.element : null, chosen.element, message, plane.element,
      html("div", { class: "layers", role: "group", "aria-label": "Shown" }, ...layers.values()),
      errorLegend, opacity.element, zoom, legend, help),
    toggle,
    zoomed,
    message(text) { message.textContent = text; },
    scores(found) {
      for (const [name, element] of dice) {
        element.textContent = found.has(name) ? number(found.get(name), 3) : "";
      }
    },
    show(state) {
      if (trials.length) trial.set(state.trial);
      chosen.set(state.case);
      const planes = state.opened?.shape[0] ?? 1;
      plane.input.max = planes - 1;
      plane.input.value = state.plane;
      plane.value.textContent = `${state.plane + 1} of ${planes}`;
      layers.get("pred").disabled = layers.get("errors").disabled = !state.overlay;
      layers.get("scribble").disabled = !state.overlay?.scribble;
    },
  };
}
