// @ts-check
/// <reference lib="dom" />

/** Makes every table of class `sortable` sortable, and its filters work. */
export function setUpTables() {
  for (const table of document.querySelectorAll("table.sortable")) {
    makeSortable(/** @type {HTMLTableElement} */ (table));
  }
  for (const form of document.querySelectorAll("form[data-filters]")) {
    makeFilter(/** @type {HTMLFormElement} */ (form));
  }
}

/** @param {HTMLTableElement} table */
function makeSortable(table) {
  const heads = [...table.tHead?.rows[0].cells ?? []];
  const body = table.tBodies[0];
  const original = unitsOf(body);
  const order = table.caption?.querySelector("[data-order]");
  const before = order?.textContent ?? "";
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    const title = (head.textContent ?? "").trim();
    button.addEventListener("click", () => {
      const now = head.getAttribute("aria-sort");
      // Numbers fall first, names rise; the third click restores the order of the report.
      const first = column === 0 ? "ascending" : "descending";
      const second = column === 0 ? "descending" : "ascending";
      const next = now === "none" ? first : now === first ? second : "none";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", next);
      const units = next === "none" ? original : sorted(original, column, next === "ascending");
      table.classList.toggle("resorted", next !== "none");
      body.append(...units.flat());
      if (order) order.textContent = next === "none" ? before : orderText(title, column, next);
    });
  });
}

/**
 * What keeps together when a table is sorted: a row, or a heading row with the rows below it.
 * @param {HTMLTableSectionElement} body
 * @returns {HTMLTableRowElement[][]}
 */
function unitsOf(body) {
  const rows = [...body.rows];
  if (!rows.some((row) => row.classList.contains("group"))) return rows.map((row) => [row]);
  /** @type {HTMLTableRowElement[][]} */
  const units = [];
  for (const row of rows) {
    if (row.classList.contains("group") || units.length === 0) units.push([row]);
    else units[units.length - 1].push(row);
  }
  return units;
}

/**
 * @param {string} title
 * @param {number} column
 * @param {string} direction
 */
function orderText(title, column, direction) {
  const rising = direction === "ascending";
  if (column === 0) return `By ${title}, ${rising ? "A to Z" : "Z to A"}.`;
  return `By ${title}, ${rising ? "lowest" : "highest"} first.`;
}

/**
 * @param {HTMLTableRowElement[][]} units
 * @param {number} column
 * @param {boolean} rising
 */
function sorted(units, column, rising) {
  const sign = rising ? 1 : -1;
  /** @param {HTMLTableRowElement[]} unit the best of its rows stands for it */
  const value = (unit) => {
    const known = unit.map((row) => row.cells[column]?.dataset.sort ?? "").filter((v) => v !== "");
    return known.length > 0 ? Math.max(...known.map(Number)) : NaN;
  };
  return units.toSorted((a, b) => {
    if (column === 0) return sign * nameOf(a).localeCompare(nameOf(b));
    const [p, q] = [value(a), value(b)];
    if (Number.isNaN(p) || Number.isNaN(q)) {
      return Number(Number.isNaN(p)) - Number(Number.isNaN(q)); // unknown is last either way
    }
    return sign * (p - q);
  });
}

/** @param {HTMLTableRowElement[]} unit */
function nameOf([row]) {
  return row.cells[0].textContent ?? "";
}

/** @param {HTMLFormElement} form */
function makeFilter(form) {
  const table = document.getElementById(form.dataset.filters ?? "");
  if (!(table instanceof HTMLTableElement)) return;
  const rows = [...table.tBodies[0].rows];
  const apply = () => {
    const given = new FormData(form);
    const text = `${given.get("text")}`.toLowerCase(), kind = `${given.get("kind")}`;
    let shown = 0;
    for (const row of rows) {
      const fits = (row.cells[0].textContent ?? "").toLowerCase().includes(text) &&
        (kind === "" || row.classList.contains(kind));
      row.hidden = !fits;
      if (fits) shown++;
    }
    const output = form.querySelector("output");
    if (output) output.textContent = shown < rows.length ? `${shown} of ${rows.length} rows` : "";
  };
  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
}
