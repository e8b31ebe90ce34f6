/** Submissions: a router's file beside its result, and what verify says when the two do not belong together. */
import assert from "node:assert/strict";
import { bench, openPool } from "../../src/mod.ts";
import { main as verify } from "../../src/cli/verify.ts";
import { VerificationError } from "../../src/base/errors.ts";
import { submissionOf } from "../../src/results/submission.ts";
import { demoRecords } from "../../datasets/demo/generate.ts";
import { captured } from "../support/capture.ts";
import { inFolder } from "../support/folder.ts";

const ROUTER = `export default {
  name: "first model", summary: "always the first", source: "none", grid: [{}],
  fit: ({ models }) => ({
    models,
    predict: ({ ids }) => ({
      quality: new Float64Array(ids.length * models.length).map((_, at) => Number(at % models.length === 0)),
    }),
    describe: () => ({ parameters: 0 }),
  }),
};
`;

Deno.test("a folder of a router and its result is verified; an edited, absent or foreign router is not", async () => {
  await inFolder(async (root) => {
    const records = `${root}/records.jsonl`,
      folder = `${root}/submissions/mine`,
      file = `${folder}/mine.ts`;
    const lines = demoRecords({ queries: 100 }).map((record) => JSON.stringify(record) + "\n");
    await Deno.writeTextFile(records, lines.join(""));
    await Deno.mkdir(folder, { recursive: true });
    await Deno.writeTextFile(file, ROUTER);
    const options = {
      seeds: 1,
      workers: 1,
      jobs: `${root}/jobs`,
      routers: [file, "router_retriever"],
    };
    const { path } = await (await bench(await openPool(records), options)).save(folder);
    assert.equal(submissionOf(path), folder);
    const check = () => captured(() => verify([folder, "--data", records]));
    const [line] = await check();
    assert.match(line, /^ok .*: \d+ numbers recomputed; mine as in .*submissions\/mine$/);
    const refused = async (message: RegExp): Promise<void> => {
      await assert.rejects(check(), (error: Error) => {
        assert.ok(error instanceof VerificationError, String(error));
        assert.match(error.message, message);
        return true;
      });
    };
    await Deno.writeTextFile(file, ROUTER + "// edited\n");
    await refused(/mine\.ts is not the router of this result: its hash is/);
    await Deno.remove(file);
    await refused(/its router "mine" has no file .*submissions\/mine\/mine\.ts/);
  });
});

Deno.test("a result without a router of its folder is no submission", async () => {
  await inFolder(async (root) => {
    const records = `${root}/records.jsonl`, folder = `${root}/submissions/mine`;
    const lines = demoRecords({ queries: 100 }).map((record) => JSON.stringify(record) + "\n");
    await Deno.writeTextFile(records, lines.join(""));
    const options = { seeds: 1, workers: 1, jobs: `${root}/jobs`, routers: ["router_retriever"] };
    await (await bench(await openPool(records), options)).save(folder);
    await assert.rejects(
      captured(() => verify([folder, "--data", records])),
      /no router of its table has a file in/,
    );
  });
});

Deno.test("only folders in submissions are submissions", () => {
  assert.equal(submissionOf("/a/submissions/mine/demo@1/id.static.json"), "/a/submissions/mine");
  assert.equal(submissionOf("/a/submissions/id.static.json"), undefined);
  assert.equal(submissionOf("/a/results/demo@1/id.static.json"), undefined);
});
