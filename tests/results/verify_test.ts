import assert from "node:assert/strict";
import type { NewModelEvaluation } from "../../src/evaluate/evaluate_new_model.ts";
import { writeRouter } from "../run/runs.ts";
import { join } from "node:path";
import { main } from "../../src/cli/verify.ts";
import { repoPath } from "../../src/base/files.ts";
import { DataError, UsageError, VerificationError } from "../../src/base/errors.ts";
import { verifyResult } from "../../src/results/verify.ts";
import { openResult } from "../../src/results/open.ts";
import { captured } from "../support/capture.ts";
import { F1, f1Run } from "./f1.ts";
import { always, handRun, headlineOnly, realRun, withFolder, written } from "./fixture.ts";
import { records } from "../report/fixture.ts";
import { loose, resealed } from "./forge.ts";

/** F1 with the reference rows as the harness decides them. */
async function ready(folder: string): Promise<{ path: string; data: string }> {
  const run = await f1Run(folder, { references: {} });
  return { path: (await written(folder, run)).path, data: run.data };
}

Deno.test("openResult gives decisions and splits, in order", () =>
  withFolder(async (folder) => {
    const { path } = await ready(folder);
    const { result, entries, splits } = await openResult(path);
    assert.deepEqual(splits.map((s) => [s.seed, s.fold]), [[7, 0], [7, 1], [7, 2], [7, 3], [7, 4]]);
    assert.equal(entries.length, 7 * 5, "seven rows, Bayes-optimal aside");
    assert.equal(result.splits.parts.reduce((n, part) => n + part.test, 0), 8);
  }));

Deno.test("outcomes that are not on this machine: hashes and form only, or an error on demand", () =>
  withFolder(async (folder) => {
    const { path, data } = await ready(folder);
    assert.equal((await verifyResult(path)).depth, "full", "found where the command says");
    await Deno.rename(data, `${data}.gone`);
    const { depth, numbers } = await verifyResult(path);
    assert.deepEqual([depth, numbers], ["integrity", 0]);
    await assert.rejects(verifyResult(path, { requireData: true }), UsageError);
    await assert.rejects(
      verifyResult(path, { data: join(folder, "elsewhere.jsonl") }),
      UsageError,
    );
    const lines = await captured(() => main([path]));
    assert.match(
      lines[0],
      /^part {2}.*: hashes and form; its records were not found: verify with --data \S+\.jsonl$/,
    );
    assert.equal(lines[1], "0 of 1 results recomputed in full, the others by hash");
  }));

Deno.test("a known dataset whose records are damaged is an error, not an absence", () =>
  withFolder(async (folder) => {
    const { path } = await ready(folder);
    const result = loose((await openResult(path)).result);
    result.dataset.name = "mmlu-pro";
    result.dataset.version = "1";
    await Deno.writeTextFile(path, resealed(result));
    await Deno.mkdir(join(folder, "mmlu-pro"));
    await Deno.writeTextFile(join(folder, "mmlu-pro", "records.jsonl"), '{"id":');
    // In a process of its own, since the environment is shared by tests that run side by side.
    const { code, stderr } = await new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-read",
        "--allow-env",
        repoPath("src/cli/verify.ts"),
        path,
      ],
      env: { ICLR_DATA: folder, NO_COLOR: "1" },
    }).output();
    assert.equal(code, 3);
    assert.match(new TextDecoder().decode(stderr), /^error: .*mmlu-pro.*records\.jsonl/m);
  }));

Deno.test("other outcomes are refused before any number is compared", () =>
  withFolder(async (folder) => {
    const { path, data } = await ready(folder);
    const changed = F1.with(0, { ...F1[0], scores: { ...F1[0].scores, "a-small": 0 } });
    await Deno.writeTextFile(data, changed.map((r) => JSON.stringify(r) + "\n").join(""));
    await assert.rejects(verifyResult(path, { data }), (error) => {
      assert.ok(error instanceof VerificationError);
      assert.match(error.message, /made from data [0-9a-f]{12}, here is [0-9a-f]{12}/);
      return true;
    });
  }));

Deno.test("a result of another metrics version is not judged", () =>
  withFolder(async (folder) => {
    const { path, data } = await ready(folder);
    const result = loose((await openResult(path)).result);
    result.metricsVersion = "0";
    await Deno.writeTextFile(path, resealed(result));
    await assert.rejects(verifyResult(path, { data }), /metrics version 0, this harness computes/);
  }));

Deno.test("missing neighbours are named", () =>
  withFolder(async (folder) => {
    const { path } = await ready(folder);
    for (const neighbour of [".decisions.gz", ".splits.json"]) {
      const file = path.replace(/\.json$/, neighbour);
      const bytes = await Deno.readFile(file);
      await Deno.remove(file);
      await assert.rejects(openResult(path), (error) => {
        assert.ok(error instanceof DataError);
        assert.ok(error.message.startsWith(`${file}: cannot be read`), error.message);
        return true;
      });
      await Deno.writeFile(file, bytes);
    }
    await openResult(path);
  }));

Deno.test("decisions of another result of the same form do not pass for this one's", () =>
  withFolder(async (folder) => {
    const { path } = await ready(folder);
    await Deno.mkdir(join(folder, "second"));
    const second = await ready(join(folder, "second")); // the same records in a folder of other name
    const file = (p: string): string => p.replace(/\.json$/, ".decisions.gz");
    await Deno.copyFile(file(second.path), file(path));
    await openResult(path); // same decisions, same bytes
    const other = await f1Run(folder, { references: {}, seeds: [8] });
    const { path: third } = await written(folder, other);
    await Deno.copyFile(file(third), file(path));
    await assert.rejects(openResult(path), /its content has sha256/);
  }));

Deno.test("verify: files, folders and what is not there", () =>
  withFolder(async (folder) => {
    const { path, data } = await ready(folder);
    const lines = await captured(() => main([join(folder, "results"), "--data", data]));
    assert.match(lines[0], /^ok {4}\S+\.json: \d+ numbers recomputed$/);
    assert.equal(lines.length, 2, "split files and speed sheets are no results");
    assert.equal(lines[1], "1 of 1 results recomputed in full");
    await assert.rejects(main([join(folder, "nowhere")]), /nowhere: no such file or folder/);
    await Deno.mkdir(join(folder, "empty"));
    await assert.rejects(main([join(folder, "empty")]), UsageError);
    await Deno.remove(data);
    await assert.rejects(main([path, "--require-data"]), UsageError);
  }));

Deno.test("real runs of other protocols and of a control are verified in full", () =>
  withFolder(async (folder) => {
    const runs: Parameters<typeof realRun>[2][] = [
      { protocol: "ood", validation: "id" },
      { protocol: "task" },
      { protocol: "new-model", budgets: [8, 16], subsets: 2, selection: "discriminative" },
      { protocol: "new-model", budgets: [16], subsets: 2, arms: ["own", "ignore"] },
      { protocol: "new-model", budgets: [16], subsets: 2, arms: ["retrain"] },
      { control: "shuffled-labels" },
    ];
    for (const settings of runs) {
      const { path, data } = await realRun(folder, 120, settings);
      const { depth, numbers, result } = await verifyResult(path, { data });
      assert.equal(depth, "full", result.command);
      assert.ok(numbers > (settings?.arms ? 40 : 300), `${result.command}: ${numbers}`);
    }
  }));

Deno.test("a reason that counts other rows on every split is still the same reason", () =>
  withFolder(async (folder) => {
    // Costs are known on one benchmark only, so that the fold that tests it sees none in training.
    const given = records(true).map((r) =>
      r.benchmark === "letters" ? r : { ...r, costs: undefined }
    );
    const routers = { hand: headlineOnly(always(0)) };
    const run = await handRun(folder, { records: given, protocol: "ood", routers });
    const { path, assembled } = await written(folder, run);
    const { notApplicable } = assembled.result.routers.find((r) => r.id === "zero-router")!;
    assert.equal(notApplicable, "needs costs; 4 of 4 models have none");
    assert.equal((await verifyResult(path, { data: run.data })).depth, "full");
  }));

Deno.test("new-model: budgets, subsets and arms that were not run are found out", () =>
  withFolder(async (folder) => {
    const settings = { protocol: "new-model", budgets: [8, 16], subsets: 2 };
    const { path, data } = await realRun(folder, 120, settings);
    const original = JSON.parse(await Deno.readTextFile(path));
    const forged = async (edit: (result: typeof original) => void, message: RegExp) => {
      const result = loose(original);
      edit(result);
      await Deno.writeTextFile(path, resealed(result));
      await assert.rejects(verifyResult(path, { data }), (error) => {
        assert.ok(error instanceof VerificationError || error instanceof DataError, `${error}`);
        assert.match(error.message, message);
        return true;
      });
    };
    await forged(
      (r) => r.protocol.budgets = [8, 32],
      /\/protocol\/budgets\/1 is 32, recomputed 16/,
    );
    await forged(
      (r) => r.command += " --arms own",
      /\/protocol\/arms is the default, but \/command says --arms own/,
    );
    const armed = (arms: string[]) => (r: typeof original): void => {
      r.protocol.arms = arms;
      r.command += ` --arms ${arms.join(",")}`;
    };
    await forged(armed(["own"]), /\/protocol\/arms is false, recomputed true/);
    await forged(armed(["own", "ignore"]), /\/protocol\/arms\/0 is missing, recomputed 8/);
    await forged(armed(["retrain", "own"]), /\/protocol\/arms|\/routers/);
    await forged(armed(["old"]), /\/protocol\/arms\/0 must be equal to one of the allowed/);
    await forged((r) => r.protocol.subsets = 3, /\/protocol\/subsets is 3, but \/command says/);
    const three = (r: typeof original): void => {
      r.protocol.subsets = 3;
      r.command = r.command.replace("--subsets 2", "--subsets 3");
    };
    await forged(three, /\/splits\/parts\/2 .* is not the split that protocol new-model draws/);
    await forged((r) => r.evaluation.arms[3].quality += 0.01, /\/evaluation\/arms\/3\/quality is/);
    await forged((r) => r.routers[3].notApplicable = "so", /entry|\/routers\/3/);
  }));

Deno.test("new-model: arms refused at some size, and a router refused by one set of models, still add up", () =>
  withFolder(async (folder) => {
    const errors = JSON.stringify(import.meta.resolve("../../src/base/errors.ts"));
    const refusing = (name: string, when: string): Promise<string> =>
      writeRouter(
        folder,
        name,
        `async ({ models }) => {
          const { CapabilityError } = await import(${errors});
          const over = (models) => ({
            models,
            predict: ({ ids }) => ({ quality: new Float64Array(ids.length * models.length) }),
            describe: () => ({ parameters: 0 }),
            withModels: (given) => {
              if (${when}) throw new CapabilityError("not these");
              return over([...models, ...given.models].sort());
            },
          });
          return over(models);
        }`,
        `unseen: "zero-update",`,
      );
    const settings: Parameters<typeof realRun>[2] = {
      protocol: "new-model",
      budgets: [8, 16],
      subsets: 2,
      arms: ["own"],
      routers: [await refusing("small", "given.queries.ids.length < 16")],
    };
    const { path, data, assembled } = await realRun(folder, 120, settings);
    assert.equal((await verifyResult(path, { data })).depth, "full");
    const { arms } = assembled.result.evaluation as NewModelEvaluation;
    assert.deepEqual(arms.filter((a) => a.router === "small").map((a) => a.n), [16, 16]);

    const { entries, splits } = await openResult(path);
    assert.match(entries.at(-1)!.card.notes[0], /^zero-update, 8 labels: not these/);
    const [only] = splits[0].heldOutModels.filter((m) => !splits[1].heldOutModels.includes(m));
    const one = await refusing("one", `given.models.includes(${JSON.stringify(only)})`);
    const again = await realRun(folder, 120, { ...settings, routers: [one] });
    const row = again.assembled.result.routers.find(({ id }) => id === "one")!;
    assert.equal(row.notApplicable, "zero-update, 8 labels: not these");
    assert.deepEqual(row.chosen, []);
    assert.equal((await verifyResult(again.path, { data })).depth, "full");
  }));
