import { deepStrictEqual, rejects, strictEqual } from "node:assert";
import { DataError } from "../../src/base/errors.ts";
import { brokenPromises, differences } from "../../src/jupyter/compare.ts";
import { readNotebook, writeNotebook } from "../../src/jupyter/notebook.ts";
import { runNotebook } from "../../src/jupyter/run.ts";
import { main } from "../../src/cli/notebooks.ts";

/** A notebook file with these code cells, in a folder of its own. */
async function notebook(...sources: string[]): Promise<AsyncDisposable & { path: string }> {
  const folder = await Deno.makeTempDir();
  const path = `${folder}/story.ipynb`;
  const cells = sources.map((source) => ({
    cell_type: "code",
    source,
    metadata: {},
    outputs: [],
    execution_count: null,
  }));
  const metadata = { kernelspec: { name: "deno", display_name: "Deno", language: "typescript" } };
  await Deno.writeTextFile(
    path,
    JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 }),
  );
  return { path, [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }) };
}

function namesIt(text: string): (error: unknown) => true {
  return (error) => {
    strictEqual(error instanceof DataError, true, String(error));
    strictEqual((error as Error).message.includes(text), true, (error as Error).message);
    return true;
  };
}

Deno.test("run: streams, displays and results come back, state is kept between cells", async () => {
  await using file = await notebook(
    'for (const x of [1, 2, 3]) console.log("line", x);\nconsole.error("oops"); const kept = 6;',
    'await Deno.jupyter.display({ "text/plain": "shown" }, { raw: true });\nkept * 7',
    '({ [Symbol.for("Jupyter.display")]: async () => ({ "image/png": "AAAA", "text/plain": "p" }) })',
    "undefined",
    `console.log("${"long ".repeat(30_000)}")`,
  );
  const fresh = await runNotebook(file.path);
  deepStrictEqual(fresh.cells.slice(0, 4).map((cell) => cell.outputs), [
    [
      { output_type: "stream", name: "stdout", text: "line 1\nline 2\nline 3\n" },
      { output_type: "stream", name: "stderr", text: "oops\n" },
    ],
    [
      { output_type: "display_data", data: { "text/plain": "shown" } },
      { output_type: "execute_result", data: { "text/plain": "42" } },
    ],
    [{ output_type: "execute_result", data: { "image/png": "AAAA", "text/plain": "p" } }],
    [],
  ]);
  deepStrictEqual(fresh.cells[4].outputs, [
    { output_type: "stream", name: "stdout", text: "long ".repeat(30_000) + "\n" },
  ]);
  await writeNotebook(file.path, fresh);
  const first = await Deno.readTextFile(file.path);
  deepStrictEqual(await readNotebook(file.path), fresh);
  const again = await runNotebook(file.path);
  deepStrictEqual(differences(fresh, again), []);
  deepStrictEqual(brokenPromises(again), []);
  await writeNotebook(file.path, again);
  strictEqual(await Deno.readTextFile(file.path), first);
});

Deno.test("run: an exception names file and cell", async () => {
  await using file = await notebook("1 + 1", 'throw new TypeError("no such model")');
  await rejects(runNotebook(file.path), namesIt("story.ipynb: cell [2]: "));
  await rejects(runNotebook(file.path), namesIt("TypeError: no such model"));
});

Deno.test("run: code that does not parse is an error, although the kernel shows none", async () => {
  await using file = await notebook("1 + 1", "const a = ;");
  await rejects(runNotebook(file.path), namesIt("story.ipynb: cell [2]: "));
  await rejects(runNotebook(file.path), namesIt("does not parse"));
});

Deno.test("run: a cell that takes too long names file, cell and limit", async () => {
  await using file = await notebook("1", "for (;;);");
  await rejects(runNotebook(file.path, 2), namesIt("cell [2]: ran out of time"));
});

Deno.test("run: a cell that ends the kernel names file and cell", async () => {
  await using file = await notebook(
    'import process from "node:process"; process.kill(Deno.pid, "SIGKILL")',
  );
  await rejects(runNotebook(file.path), namesIt("cell [1]: ended the kernel"));
});

Deno.test("command: refuses what does not show what was committed, and --write stores it", async () => {
  await using file = await notebook('"fresh"');
  await rejects(main([file.path]), { name: "VerificationError" });
  await main([file.path, "--write"]);
  await main([file.path]);
  await rejects(main([file.path, "--write", "--check"]), { name: "UsageError" });
});
