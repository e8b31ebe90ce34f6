import assert from "node:assert/strict";
import { openSplit } from "../../src/run/open_split.ts";
import { measureSpeed } from "../../src/run/speed.ts";
import { type Call, embedded, OPTIONS, ruled, splitOf } from "./scene.ts";
import { tableOf } from "../splits/tables.ts";

Deno.test("speed is measured on the device of the run", async () => {
  const table = tableOf([..."etv"].map((id) => ({ id, scores: [1, 0] })));
  const split = openSplit(embedded(table), splitOf(table, "etv"));
  const calls: Call[] = [], router = ruled([{ t: [1, 0] }], {}, calls);
  const speed = await measureSpeed(router, 0, split, { ...OPTIONS, device: "cuda" });
  assert.equal(speed!.parameters, 7);
  assert.deepEqual(calls.map(({ context }) => context.device), ["cuda"]);
});
