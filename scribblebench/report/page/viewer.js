// The case viewer: choose trial and case, go through the slices, compare with the dense label.

const LAYERS = [
  { key: "dense", letter: "L", label: "dense label (outline)" },
  { key: "pred", letter: "P", label: "prediction (filled)" },
  { key: "scribble", letter: "S", label: "scribble" },
  { key: "errors", letter: "E", label: "errors" },
];

const KEYS_HELP = [["↑ ↓", "slice"], ["[ ]", "case"], [", .", "trial"], ["+ − 0", "zoom"],
  ["Shift + arrows", "move the zoomed slice"]];

function caseViewer({ classes, trials, cases }) {
  const foreground = classes.filter((one) => one.id > 0);
  const colours = [];
  for (const one of classes) colours[one.id] = rgbOf(one.colour);
  const state = { trial: 0, case: 0, plane: 0, opened: null, overlay: null };
  const look = {
    dense: true, pred: true, scribble: false, errors: false, opacity: 0.5,
    hidden: new Set(), colours,
  };
  const stage = makeStage((step, probe) => (probe ? canStep(step) : move(step)));
  const view = viewerControls({
    classes, trials, cases, look, stage, redraw,
    pick: (key, value) => pick({ [key]: value }), move, goTo,
  });
  byId("viewer").append(stage.element, view.element);
  byId("viewer").addEventListener("keydown", onKey);

  let request = 0;
  /** Open what is picked; a plane is kept unless the case changes. */
  async function pick(change) {
    const mine = ++request;
    const newCase = change.case !== undefined && change.case !== state.case;
    Object.assign(state, change);
    view.message("");
    try {
      let { opened } = state;
      if (newCase || !opened) opened = await openCase(state.case, cases[state.case].shape);
      const overlay = trials.length ? await opened.overlay(trials[state.trial].id) : null;
      if (mine !== request) return; // something else was picked meanwhile
      if (opened !== state.opened) state.plane = fullestPlane(opened.label, opened.shape);
      Object.assign(state, { opened, overlay });
      if (trials.length && !overlay) view.message("No prediction of this trial was kept here.");
    } catch (error) {
      if (mine !== request) return;
      Object.assign(state, { opened: null, overlay: null });
      view.message(`This case cannot be shown: ${error.message}`);
    }
    view.scores(scores());
    redraw();
  }

  /** Dice by class name and of their average, where a prediction is shown. */
  function scores() {
    const found = new Map();
    if (!state.overlay) return found;
    const given = state.opened.scores.get(trials[state.trial].id);
    for (const { id, name } of foreground) {
      found.set(name, given ? given[name] ?? null
        : diceOf(state.overlay.pred, state.opened.label, id));
    }
    const defined = [...found.values()].filter((dice) => dice !== null);
    const sum = defined.reduce((a, b) => a + b, 0);
    found.set("average", defined.length ? sum / defined.length : null);
    return found;
  }

  function redraw() {
    view.show(state);
    if (!state.opened) return;
    const [, rows, cols] = state.opened.shape;
    const part = (volume) => volume
      && volume.subarray(state.plane * rows * cols, (state.plane + 1) * rows * cols);
    const slice = {
      image: part(state.opened.image), label: part(state.opened.label),
      pred: part(state.overlay?.pred ?? null), scribble: part(state.overlay?.scribble ?? null),
    };
    stage.draw(slice, look, { rows, cols, aspect: cases[state.case].aspect });
    const trial = trials[state.trial];
    stage.canvas.setAttribute("aria-label", `${cases[state.case].id}, slice ${state.plane + 1} of `
      + `${state.opened.shape[0]}${trial ? `, ${trial.label}` : ""}`);
    Object.assign(stage.canvas.dataset, {
      trial: trial?.id ?? "", case: cases[state.case].id, plane: state.plane,
    });
  }

  const canStep = (step) => state.opened !== null && state.plane + step >= 0
    && state.plane + step < state.opened.shape[0];

  function goTo(plane) {
    state.plane = plane;
    redraw();
  }

  function move(step) {
    if (canStep(step)) goTo(state.plane + step);
  }

  function onKey(event) {
    const { target, key } = event;
    if (event.ctrlKey || event.metaKey || event.altKey || target.matches("select")) return;
    const arrow = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
    const near = (name, n, step) => pick({ [name]: (state[name] + step + n) % n });
    const layer = LAYERS.find((one) => one.letter === key.toUpperCase());
    if (key in arrow) {
      if (target.matches("input")) return; // sliders move by themselves
      const [x, y] = arrow[key];
      if (event.shiftKey) stage.pan(x, y);
      else move(x + y);
    } else if (layer) view.toggle(layer.key);
    else if (key === "[" || key === "]") near("case", cases.length, key === "]" ? 1 : -1);
    else if ((key === "," || key === ".") && trials.length) {
      near("trial", trials.length, key === "." ? 1 : -1);
    } else if ("+=-0".includes(key)) view.zoomed(stage.zoomBy({ "-": -1, 0: 0 }[key] ?? 1));
    else return;
    event.preventDefault();
  }

  pick({ case: 0, trial: 0 });
  return {
    has: (id) => trials.some((trial) => trial.id === id),
    open(id) {
      pick({ trial: trials.findIndex((trial) => trial.id === id) });
      byId("cases").scrollIntoView();
      stage.element.focus({ preventScroll: true });
    },
  };
}
