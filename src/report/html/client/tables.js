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
  const original = [...body.rows];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    head.setAttribute("aria-sort", "none");
    button.addEventListener("click", () => {
      const before = head.getAttribute("aria-sort");
      // Numbers fall first, names rise; the third click restores the order of the report.
      const first = column === 0 ? "ascending" : "descending";
      const second = column === 0 ? "descending" : "ascending";
      const next = before === "none" ? first : before === first ? second : "none";
      for (const other of heads) other.setAttribute("aria-sort", "none");
      head.setAttribute("aria-sort", next);
      const rows = next === "none" ? original : sorted(original, column, next === "ascending");
      table.classList.toggle("resorted", next !== "none");
      body.append(...rows);
    });
  });
}

/**
 * @param {HTMLTableRowElement[]} rows
 * @param {number} column
 * @param {boolean} rising
 */
function sorted(rows, column, rising) {
  const sign = rising ? 1 : -1;
  return rows.toSorted((a, b) => {
    const [x, y] = [a.cells[column], b.cells[column]];
    if (column === 0) return sign * (x.textContent ?? "").localeCompare(y.textContent ?? "");
    const [p, q] = [x.dataset.sort ?? "", y.dataset.sort ?? ""];
    if (p === "" || q === "") return Number(p === "") - Number(q === ""); // unknown is last either way
    return sign * (Number(p) - Number(q));
  });
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
