/** The prepared measurement at toy size: on the processor, on WebGPU where there is one, and out of its pack. */
import assert from "node:assert/strict";
import { inFolder } from "../support/folder.ts";
import { webgpu } from "../support/webgpu.ts";
import { measure, type Measured, table, type Wanted } from "./gpu.ts";
import { stage } from "./pack.ts";

const { usable, says } = await webgpu();
console.log(usable ? `WebGPU on ${says}` : `SKIPPED: no WebGPU on this machine: ${says}`);

const TOY: Wanted = { device: "cpu", shapes: ["toy"], toy: true, budget: 600, threads: 1 };

Deno.test("every task runs, of both layouts, and is counted", async () => {
  const all = await measure(TOY);
  assert.deepEqual(all.flatMap(({ missing }) => missing ?? []), []);
  assert.equal(all.length, 10);
  for (const { seconds, flops, first } of all) assert.ok(seconds! > 0 && first! > 0 && flops > 0);
  // 64 rows of 8: four queries; a product; four centres, twice; 64 hidden numbers, 36 models, three times.
  const perRow = [8 * 4, 8 * 8, 2 * 8 * 4, 3 * 64 * (8 + 36)];
  assert.deepEqual(all.slice(1, 5).map(({ flops }) => flops), perRow.map((n) => 2 * 64 * n));
  // A product of 64³ multiplications and additions; 2 × 8 tokens; 2 × (8 + 4) tokens; 2 × 64 answers.
  assert.equal(all[0].flops, 2 * 64 ** 3);
  assert.deepEqual(all.slice(5, 8).map(({ tokens }) => tokens), [16, 24, 128]);
  assert.equal(table(all, "cpu").match(/s at first/g)!.length, 10);
});

Deno.test("the table: tokens a second, share of peak, ratio to the processor; what is missing says why", () => {
  const row = (what: string, device: "cpu" | "webgpu", seconds?: number): Measured => ({
    ...{ shape: what === "product" ? "–" : "toy", what, device, tokens: 100, flops: 1e9 },
    ...(seconds === undefined ? { missing: "the time was up" } : { first: 2, seconds }),
  });
  const all = [
    ...[row("product", "webgpu", 0.001), row("product", "cpu", 0.01)],
    ...[row("step", "webgpu", 0.01), row("step", "cpu", 0.05)],
    ...[row("routing", "webgpu", 0.02), row("routing", "cpu")],
    row("paper", "webgpu"),
  ];
  const lines = table(all, "webgpu").split("\n");
  assert.match(lines[0], /1\.00 TFLOP\/s, the product of matrices/);
  assert.ok(lines.includes("| toy | step | 10000 | 100 | 10.0% | 5.0 | 2.0 s at first |"));
  assert.ok(
    lines.includes("| toy | routing | 5000 | 50 | 5.0% | – (the time was up) | 2.0 s at first |"),
  );
  assert.ok(lines.includes("| toy | paper | – | – | – | – | the time was up |"));
  assert.match(table(all, "webgpu", 2e12), /\| step \| 10000 \| 100 \| 5\.0% \|/);
});

Deno.test("a budget that is spent leaves tasks out", async () => {
  const all = await measure({ ...TOY, budget: 0 });
  assert.ok(all.every(({ missing }) => missing === "the time was up"));
});

Deno.test({
  name: "on WebGPU: what fits into a minute is measured",
  ignore: !usable,
  fn: async () => {
    const all = await measure({ ...TOY, device: "webgpu", budget: 60 });
    const [product] = all.filter(({ device }) => device === "webgpu");
    assert.ok(product.seconds! > 0, product.missing);
    const others = all.flatMap(({ missing }) => missing ?? []);
    assert.ok(others.every((missing) => missing === "the time was up"), others.join("\n"));
  },
});

Deno.test("a packed folder runs by itself, from its own cache", () =>
  inFolder(async (root) => {
    const folder = `${root}/pack`;
    await stage(folder);
    const { success, stdout, stderr } = await new Deno.Command("sh", {
      args: [`${folder}/run.sh`, ...["--toy", "--device", "cpu", "--threads", "1"]],
      clearEnv: true,
      env: { PATH: "/usr/bin:/bin", HOME: root, NO_COLOR: "1" },
    }).output();
    const text = new TextDecoder();
    assert.ok(success, text.decode(stderr));
    assert.equal(text.decode(stdout).match(/s at first/g)?.length, 10, text.decode(stdout));
  }));
