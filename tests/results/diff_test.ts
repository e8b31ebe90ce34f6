import assert from "node:assert/strict";
import { main } from "../../src/cli/diff.ts";
import { DataError, VerificationError } from "../../src/base/errors.ts";
import { diffResults } from "../../src/results/diff.ts";
import { captured } from "../support/capture.ts";
import { F1, F1_CHOICE, F1_ROUTER, f1Run, L, M, S } from "./f1.ts";
import { always, choices, type Decider, type HandRun, withFolder, written } from "./fixture.ts";
import { loose, resealed } from "./forge.ts";

async function two(
  folder: string,
  before: Partial<HandRun>,
  after: Partial<HandRun>,
): Promise<{ a: string; b: string; data: string }> {
  const paths: string[] = [];
  let data = "";
  for (const change of [before, after]) {
    const run = await f1Run(folder, change);
    const own = `${folder}/${paths.length}`;
    await Deno.mkdir(own);
    paths.push((await written(own, run)).path);
    data = run.data;
  }
  return { a: paths[0], b: paths[1], data };
}

/** F1's router, but S for the queries a2 and a3: one right answer less each. */
const worse: Decider = choices([
  [{ kind: "headline" }, (row) => row === 1 || row === 2 ? S : F1_CHOICE[row]],
  [{ kind: "curve", at: 0 }, () => L],
  [{ kind: "curve", at: "Infinity" }, () => S],
]);

Deno.test("diff: qualities, share of decisions changed, paired interval, who is missing", () =>
  withFolder(async (folder) => {
    const { a, b, data } = await two(
      folder,
      { routers: { hand: F1_ROUTER, gone: always(M) } },
      { routers: { hand: worse, new: always(M) } },
    );
    const { routers, onlyBefore, onlyAfter, fields } = await diffResults(a, b, data);
    assert.deepEqual([onlyBefore, onlyAfter], [["gone"], ["new"]]);
    const of = (id: string) => routers.find((r) => r.router === id)!;
    const { before, after, decisionsChanged, paired } = of("hand");
    assert.deepEqual([before, after, decisionsChanged], [0.75, 0.5, 0.25]);
    const none = { low: null, high: null, pHolm: null };
    assert.deepEqual(paired, none, "eight queries are too few");
    const single = of("best-single");
    assert.deepEqual([single.before, single.after, single.decisionsChanged], [0.625, 0.625, 0]);
    assert.deepEqual(single.paired, none);
    assert.equal(of("random").decisionsChanged, null, "a mixture has no decisions");
    assert.deepEqual(fields.map((f) => f.field), ["code of gone", "code of new"]);
    assert.equal(fields[0].after, "–");
  }));

Deno.test("diff: without the outcomes there is no interval", () =>
  withFolder(async (folder) => {
    const { a, b, data } = await two(folder, {}, { routers: { hand: worse } });
    await Deno.remove(data);
    const { routers, fields } = await diffResults(a, b);
    assert.ok(routers.every((r) => r.paired === null));
    assert.equal(routers.find((r) => r.router === "hand")!.decisionsChanged, 0.25);
    assert.deepEqual(fields, []);
  }));

Deno.test("diff: other splits are compared by their means only, and named", () =>
  withFolder(async (folder) => {
    const { a, b, data } = await two(folder, {}, { seeds: [8] });
    const { routers, fields } = await diffResults(a, b, data);
    assert.ok(routers.every((r) => r.paired === null && r.decisionsChanged === null));
    assert.deepEqual(fields.map((f) => f.field), ["seeds", "splits"]);
  }));

Deno.test("diff: other data or metrics are refused", () =>
  withFolder(async (folder) => {
    const records = F1.with(0, { ...F1[0], scores: { ...F1[0].scores, "a-small": 0 } });
    const { a, b, data } = await two(folder, {}, { records });
    await assert.rejects(diffResults(a, b, data), (error) => {
      assert.ok(error instanceof VerificationError);
      assert.match(error.message, /is of .* \([0-9a-f]{12}\), .*: not comparable$/);
      return true;
    });
    // Data that fit neither result: those of the second here, for two copies of the first.
    await assert.rejects(diffResults(a, a, data), /the results are of data [0-9a-f]{12}, here is/);
    const other = loose(JSON.parse(await Deno.readTextFile(a)));
    other.metricsVersion = "0";
    await Deno.writeTextFile(a, resealed(other));
    await assert.rejects(diffResults(a, b), /has metrics version 0, .* 3: not comparable/);
  }));

Deno.test("diff: a damaged result is refused", () =>
  withFolder(async (folder) => {
    const { a, b } = await two(folder, {}, {});
    await Deno.writeTextFile(b, (await Deno.readTextFile(b)).replace("0.75", "0.85"));
    await assert.rejects(diffResults(a, b), DataError);
  }));

Deno.test("diff prints what changed", () =>
  withFolder(async (folder) => {
    const { a, b, data } = await two(folder, {}, { routers: { hand: worse } });
    const text = (await captured(() => main([a, b, "--data", data]))).join("\n");
    assert.match(text, /^same data, code, settings and environment$/m);
    assert.match(
      text,
      /^hand +\.750 +\.500 +−\.250 \[–\] +– \(fewer than 10 independent units\) +25%$/m,
    );
    assert.match(
      text,
      /^random +\.458 +\.458 +\+\.000 \[–\] +– \(fewer than 10 independent units\) +–$/m,
    );
    const other = await two(await Deno.makeTempDir({ dir: folder }), {}, { seeds: [8] });
    const lines = (await captured(() => main([other.a, other.b]))).join("\n");
    assert.match(lines, /^seeds +7 +8$/m);
    assert.match(lines, /^hand .*– \(not paired\)/m);
  }));
