import { deepStrictEqual, strictEqual, throws } from "node:assert";
import { brokenPromises, differences } from "../../src/jupyter/compare.ts";
import {
  type Cell,
  type Notebook,
  notebookText,
  type Output,
  parseNotebook,
  PLOTLY,
} from "../../src/jupyter/notebook.ts";

function book(outputs: Output[], tags: string[] = []): Notebook {
  const cell: Cell = { type: "code", source: "show(figure)\n// drawn", tags, outputs };
  return { cells: [{ type: "markdown", source: "# Title", tags: [], outputs: [] }, cell] };
}

function printed(text: string): Output {
  return { output_type: "stream", name: "stdout", text };
}

function drawn(data: Record<string, unknown>): Output {
  return { output_type: "execute_result", data };
}

Deno.test("notebook: reading and writing again changes no byte, whatever the order of keys", () => {
  const notebook = book([printed("a\nb\n"), drawn({ "text/plain": "x\ny", "image/png": "AA\n" })], [
    "figure",
  ]);
  const text = notebookText(notebook), value = JSON.parse(text);
  deepStrictEqual(parseNotebook(value, "n.ipynb"), notebook);
  strictEqual(notebookText(parseNotebook(value, "n.ipynb")), text);
  strictEqual(text.endsWith("}\n"), true);
  strictEqual(value.cells[1].execution_count, 1);
  deepStrictEqual(value.cells[1].source, ["show(figure)\n", "// drawn"]);
  deepStrictEqual(Object.keys(value.cells[1]), [
    "cell_type",
    "execution_count",
    "metadata",
    "outputs",
    "source",
  ]);
  // Jupyter adds ids and its own metadata when it saves; they leave no trace.
  value.cells.forEach((cell: Record<string, unknown>) => (cell.id = crypto.randomUUID()));
  value.metadata.language_info.version = "6.0.3";
  strictEqual(notebookText(parseNotebook(value, "n.ipynb")), text);
});

Deno.test("notebook: a broken file is refused, naming the place", () => {
  const good = JSON.parse(notebookText(book([])));
  const broken: [(value: typeof good) => void, RegExp][] = [
    [(v) => v.nbformat = 3, /n\.ipynb: \/nbformat: expected 4, got 3/],
    [(v) => v.metadata.kernelspec.name = "python3", /kernelspec\/name: expected "deno"/],
    [(v) => v.cells = {}, /\/cells: expected a list/],
    [(v) => v.cells[1].cell_type = "raw", /\/cells\/1\/cell_type: expected/],
    [(v) => v.cells[1].source = [1], /\/cells\/1\/source: expected a text/],
    [(v) => v.cells[1].metadata.tags = "figure", /\/cells\/1\/metadata\/tags: expected a list/],
    [(v) => v.cells[1].outputs = [{ output_type: "x" }], /outputs\/0\/output_type: expected/],
    [(v) => v.cells[1] = null, /\/cells\/1: expected a notebook's object/],
  ];
  for (const [breakIt, message] of broken) {
    const value = structuredClone(good);
    breakIt(value);
    throws(() => parseNotebook(value, "n.ipynb"), { name: "DataError", message });
  }
});

Deno.test("compare: a changed line is shown with the committed one", () => {
  deepStrictEqual(differences(book([printed("a\n0.71\n")]), book([printed("a\n0.72\n")])), [
    'cell [1]: line 2 is "0.72", committed was "0.71"',
  ]);
  deepStrictEqual(differences(book([]), book([printed("a")])), [
    "cell [1]: 1 outputs, committed were 0",
  ]);
  deepStrictEqual(differences(book([printed("a")]), book([drawn({})])), [
    "cell [1]: shows execute_result, committed was stream",
  ]);
});

Deno.test("compare: numbers of figures may differ by a hundred-thousandth, pictures by anything", () => {
  const figure = (y: number, png: string): Notebook =>
    book([drawn({ "image/png": png, [PLOTLY]: { data: [{ y: [1, y] }] } })]);
  deepStrictEqual(differences(figure(0.5, "AA"), figure(0.5 + 1e-9, "BB")), []);
  deepStrictEqual(differences(figure(0.5, "AA"), figure(0.51, "AA")), [
    `cell [1]: ${PLOTLY}/data/0/y/1 differs`,
  ]);
  const bare = book([drawn({ [PLOTLY]: {} })]);
  deepStrictEqual(differences(figure(0.5, "AA"), bare).length, 1);
});

Deno.test("compare: cells tagged timing are not compared, others are", () => {
  const before = book([printed("1.2 s")], ["timing"]), after = book([printed("1.3 s")], ["timing"]);
  deepStrictEqual(differences(before, after), []);
  deepStrictEqual(differences(book([printed("1.2 s")]), book([printed("1.3 s")])).length, 1);
});

Deno.test("compare: a cell tagged weights is compared unless it says SKIPPED, and then owes no picture", () => {
  const says = (text: string, tags: string[]): Notebook =>
    book([drawn({ "text/plain": text })], tags);
  const tags = ["weights", "figure"], skip = says("> SKIPPED: no weights", tags);
  deepStrictEqual(differences(says("0.7", tags), skip), []);
  deepStrictEqual(differences(skip, says("0.7", tags)), []);
  deepStrictEqual(differences(says("0.7", tags), says("0.8", tags)).length, 1);
  deepStrictEqual(differences(says("0.7", []), says("> SKIPPED", [])).length, 1);
  deepStrictEqual(brokenPromises(skip), []);
  deepStrictEqual(brokenPromises(says("0.7", tags)).length, 1);
});

Deno.test("compare: a cell tagged figure must show a picture", () => {
  deepStrictEqual(brokenPromises(book([drawn({ "image/png": "AA" })], ["figure"])), []);
  deepStrictEqual(brokenPromises(book([printed("no picture")], ["figure"])), [
    'cell [1]: tagged "figure", but shows no image/png',
  ]);
});
