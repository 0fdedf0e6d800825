// The table of trials: sorted by its headings, filtered by text and by value.

const ABSENT = "\u0000"; // the choice of rows without a value

function written(value, column) {
  if (value === null) return DASH;
  if (column.kind === "percent") return percent(value, column.digits);
  if (column.kind === "number") return number(value, column.digits);
  if (column.key === "commit") return value.slice(0, 7);
  return value;
}

const read = (value) => (value === "inf" ? Infinity : value === "-inf" ? -Infinity : value);

/** Compare two values so that those that are absent come last in both directions. */
function compared(a, b, direction) {
  if (a === null || b === null) return (a === null) - (b === null);
  if (typeof a === "number") return a === b ? 0 : direction * (a < b ? -1 : 1);
  return direction * a.localeCompare(b, "en", { numeric: true });
}

function cell(value, column, open) {
  const text = written(value, column);
  if (column.key === "trial_id") {
    const content = open
      ? html("button", {
        type: "button", class: "open", title: "Show its cases", onclick: () => open(value),
      }, html("code", {}, text))
      : html("code", {}, text);
    return html("th", { scope: "row" }, content);
  }
  if (column.kind === "state") {
    return html("td", {}, html("span", { class: "state", "data-state": value }, text));
  }
  if (column.kind === "id") return html("td", { title: value }, html("code", {}, text));
  return html("td", { class: isNumeric(column) ? "number" : null }, text);
}

const isNumeric = (column) => column.kind === "number" || column.kind === "percent";

/** Fill the table; `opener(id)` gives what a trial's name does, or null. */
function trialTable({ columns, rows }, opener) {
  const table = byId("trial-table");
  const entries = rows.map((row) => {
    const values = row.map((v, i) => (isNumeric(columns[i]) ? read(v) : v));
    const texts = values.map((value, i) => written(value, columns[i]));
    const element = html("tr", {}, ...values.map((value, i) =>
      cell(value, columns[i], columns[i].key === "trial_id" ? opener(value) : null)));
    const search = [...texts, ...values.filter((v) => typeof v === "string")].join("\n");
    return { values, texts, element, search: search.toLowerCase() };
  });
  const body = html("tbody", {}, ...entries.map((entry) => entry.element));
  const headings = columns.map((column, i) => {
    const button = html("button", { type: "button", onclick: () => sortBy(i) }, column.label);
    return html("th", { scope: "col", class: isNumeric(column) ? "number" : null }, button);
  });
  table.append(html("thead", {}, html("tr", {}, ...headings)), body);

  function sortBy(i) {
    const direction = headings[i].getAttribute("aria-sort") === "ascending" ? -1 : 1;
    headings.forEach((heading) => heading.removeAttribute("aria-sort"));
    headings[i].setAttribute("aria-sort", direction === 1 ? "ascending" : "descending");
    entries.sort((a, b) => compared(a.values[i], b.values[i], direction));
    body.append(...entries.map((entry) => entry.element));
  }

  const filters = trialFilters(columns, entries);
  return { sortBy, ...filters };
}

/** Make the search field and a select for each column that has several values to choose from. */
function trialFilters(columns, entries) {
  const chosen = new Map(); // column -> text of the value
  const count = html("output", { class: "count", "aria-live": "polite" });
  const search = html("input", { type: "search", placeholder: "any text", oninput: apply });
  const choices = columns.flatMap((column, i) => {
    const found = new Map(entries.map((entry) => [entry.texts[i], entry.values[i]]));
    // A commit and nothing, where trials have not run, is no choice.
    const least = column.kind === "id" && found.has(DASH) ? 3 : 2;
    if (!column.choose || found.size < least || found.size > 60) return [];
    const options = [...found].sort((a, b) => compared(a[1], b[1], 1))
      .map(([text, value]) => (value === null ? [ABSENT, "none"] : [text, text]));
    return [chooser(column.label, [["", "all"], ...options], (value) => {
      if (value === "") chosen.delete(i);
      else chosen.set(i, value === ABSENT ? DASH : value);
      apply();
    })];
  });
  const clear = html("button", {
    type: "button",
    onclick: () => {
      search.value = "";
      chosen.clear();
      choices.forEach((choice) => { choice.querySelector("select").value = ""; });
      apply();
    },
  }, "Show all");
  const field = html("div", { class: "choice" }, ...withLabel("Search", search));
  byId("trial-choices").append(field, ...choices, clear, count);

  function apply() {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of entries) {
      const fits = words.every((word) => entry.search.includes(word))
        && [...chosen].every(([i, text]) => entry.texts[i] === text);
      entry.element.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown === entries.length
      ? `${shown} trials` : `${shown} of ${entries.length} trials`;
    clear.hidden = words.length === 0 && chosen.size === 0;
  }
  apply();
  return { apply };
}
