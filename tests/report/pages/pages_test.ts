/** The committed pages are what the committed results say, and short enough to read. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { repoPath } from "../../../src/base/files.ts";
import { isKnown, main } from "../../../src/cli/pages.ts";
import { demoTable } from "../../../datasets/demo/generate.ts";
import { knownViews } from "../../../datasets/load.ts";
import { limitTable } from "../../../src/outcomes/limit.ts";
import { controlsPage } from "../../../src/report/pages/controls_page.ts";
import { datasetPage } from "../../../src/report/pages/dataset_page.ts";
import { variantsPages } from "../../../src/report/pages/variants_page.ts";
import { handRun, withFolder, written } from "../../results/fixture.ts";
import { captured } from "../../support/capture.ts";
import { records } from "../fixture.ts";
import { able, invented, unseen } from "../invented.ts";

/** Most lines of a page; README.md has a bound of its own. */
const MOST: Readonly<Record<string, number>> = { "README.md": 60, "icl-router.md": 300 };

/** The folder of results without its pages. */
async function withResults(run: (root: string) => Promise<void>): Promise<void> {
  await withFolder(async (folder) => {
    const root = join(folder, "results");
    for await (const { name, isDirectory } of Deno.readDir(repoPath("results"))) {
      if (!isDirectory || name === "figures") continue;
      await Deno.mkdir(join(root, name), { recursive: true });
      for await (const { name: file } of Deno.readDir(repoPath("results", name))) {
        if (!file.endsWith(".md") && !file.endsWith(".splits.json")) {
          await Deno.symlink(repoPath("results", name, file), join(root, name, file));
        }
      }
    }
    await run(root);
  });
}

async function pagesIn(root: string): Promise<Map<string, string>> {
  const pages = new Map<string, string>();
  const add = async (folder: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(join(root, folder))) {
      if (isDirectory) await add(join(folder, name));
      else if (name.endsWith(".md")) {
        pages.set(join(folder, name), await Deno.readTextFile(join(root, folder, name)));
      }
    }
  };
  await add(".");
  return pages;
}

Deno.test("the committed pages are those of `deno task pages`", () =>
  withResults(async (root) => {
    await captured(() => main(["--results", root]));
    const [made, committed] = [await pagesIn(root), await pagesIn(repoPath("results"))];
    assert.deepEqual([...made.keys()].sort(), [...committed.keys()].sort());
    for (const [path, page] of made) {
      assert.ok(page === committed.get(path), `${path}: run deno task pages again`);
    }
  }));

Deno.test("the committed pages are short and whole", async () => {
  for (const [path, page] of await pagesIn(repoPath("results"))) {
    const lines = page.split("\n").length;
    assert.ok(lines <= (MOST[path] ?? 600), `${path}: ${lines} lines`);
    assert.doesNotMatch(page, /undefined|NaN|Infinity|\[object/, path);
  }
});

Deno.test("results of data without a manifest here are passed over", () =>
  withFolder(async (folder) => {
    const routers = { icl_router: able(1), knn: able(0.5) };
    await written(folder, await handRun(folder, { records: records(false), routers }));
    const lines = await captured(() => main(["--results", join(folder, "results")]));
    assert.match(lines[0], /\(0 results\)$/);
    assert.match(lines[1], /^not taken up, of data without a manifest here: \S+\/id\.\S+\.json$/);
    const pages = await pagesIn(join(folder, "results"));
    assert.deepEqual([...pages.keys()].filter((path) => path.includes("/")), []);
  }));

Deno.test("a first look at known data is taken up, and one at other data is not", async () => {
  const known = await knownViews(), some = limitTable(await demoTable(), 50).dataset;
  assert.ok(!known.has(some.sha256));
  assert.ok(isKnown(some, known));
  assert.ok(!isKnown({ ...some, limit: 51 }, known));
});

Deno.test("a dataset's page: the answer, the tables, what is of another run, the files", async () => {
  const [main, other] = await Promise.all([
    invented({ knn: 0.5, ridge: 0.9 }, "a@1/id.static.json", [7, 8]),
    invented({ knn: 0.5, icl_router: 0.2, icl_k100: 0.7 }, "a@1/id.static.1.json", [7]),
  ]);
  const page = datasetPage([other, main, unseen(main)], "A title");
  assert.equal(datasetPage([unseen(main), main, other], "A title"), page);
  assert.match(
    page,
    /^# mmlu-pro\n\n\*\*On queries of known benchmarks \(ID\), ridge has the highest mean score: \.\d{3}, \+\.\d{3} \[[+−]\.\d{3}, \+\.\d{3}\] to the best single model \(\.\d{3}\), no significant difference\.\*\* Of 2 routers none is significantly above best single, \d below\./,
  );
  assert.match(page, /^A title: 60 queries × 4 models, 3 benchmarks\./m);
  const table = page.slice(page.indexOf("## Known benchmarks"), page.indexOf("## Unseen models"));
  assert.match(table, /^\| oracle \|/m);
  assert.match(table, /^\| ICL-Router \(table\) ¹ \|/m);
  assert.match(table, /^Seeds 7, 8\. ¹ Of another run \(seed 7\): compare its Δ/m);
  assert.doesNotMatch(table, /icl_k100/);
  assert.match(page, /^- \[id\.static\.json\]\(id\.static\.json\): `deno task bench`$/m);
});

Deno.test("runs chosen by hand: a page a dataset, and the list of them", async () => {
  const [main, other, elsewhere] = await Promise.all([
    invented({ knn: 0.5, ridge: 0.9 }, "a@1/id.static.json", [7, 8]),
    invented({ knn: 0.5, icl_k100: 0.7 }, "a@1/id.static.1.json", [7]),
    invented({ knn: 0.5 }, "b@1/id.static.json", [7]),
  ]);
  const pages = new Map(variantsPages([main, other, elsewhere]));
  assert.deepEqual([...pages.keys()], ["variants.md", "a@1/variants.md"]);
  assert.match(
    pages.get("variants.md")!,
    /^- \[mmlu-pro\]\(a@1\/variants\.md\): id, static\n\nMade by/m,
  );
  const page = pages.get("a@1/variants.md")!;
  assert.match(page, /^# mmlu-pro: variants$/m);
  assert.match(page, /^## id, static, seed 7\n\[id\.static\.1\.json\]\(id\.static\.1\.json\): /m);
  assert.deepEqual(variantsPages([main, elsewhere]), []);
});

Deno.test("controls that other code made than the run beside them say so, others do not", async () => {
  const plain = await invented({ knn: 0.5 }, "a/id.static.json", [7, 8]);
  const control = {
    path: "a/id.static.shuffled-labels.json",
    result: {
      ...plain.result,
      protocol: { ...plain.result.protocol, control: "shuffled-labels" },
    },
  };
  assert.doesNotMatch(controlsPage([plain, control])!, /same code/);
  const { harness } = plain.result;
  const older = {
    ...control,
    result: { ...control.result, harness: { ...harness, sha256: "0123456789abcdef" } },
  };
  const said = `real data by \`${
    harness.sha256.slice(0, 12)
  }\`, shuffled labels by \`0123456789ab\``;
  assert.ok(controlsPage([plain, older])!.includes(`Not made by the same code: ${said}.`));
});
