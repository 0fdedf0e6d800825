// Making elements and writing numbers. Text is set as text and never read as HTML.

const SVG = "http://www.w3.org/2000/svg";

function make(namespace, name, attributes, children) {
  const element = document.createElementNS(namespace, name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}

const html = (name, attributes = {}, ...children) =>
  make("http://www.w3.org/1999/xhtml", name, attributes, children);

const svg = (name, attributes = {}, ...children) => make(SVG, name, attributes, children);

const byId = (id) => document.getElementById(id);

const DASH = "–";

/** Write a number; digits null: as many decimals as it needs, at most 3. */
function number(value, digits = null) {
  if (value === null || Number.isNaN(value)) return DASH;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  const text = digits === null ? String(Number(value.toFixed(3))) : value.toFixed(digits);
  return text.replace("-", "−");
}

/** Write a fraction in per cent: 0.003 is 0.3 %. */
function percent(value, digits = null) {
  if (value === null) return DASH;
  const text = digits === null ? String(Number((100 * value).toPrecision(3)))
    : (100 * value).toFixed(digits);
  return `${text} %`;
}

let labelled = 0; // how many controls have got an id

/** A label and what it names, as two elements. */
function withLabel(text, control) {
  control.id = `control-${labelled++}`;
  return [html("label", { for: control.id }, text), control];
}

/** A labelled select; options are [value, text]. */
function chooser(label, options, onchange) {
  const select = html("select", { onchange: () => onchange(select.value) },
    ...options.map(([value, text]) => html("option", { value }, text)));
  return html("div", { class: "choice" }, ...withLabel(label, select));
}
