/**
 * ICL-Router on a language model by the clock: one training step, and routing of 1,000 queries among ten models, on
 * random vectors.
 *
 *     deno run --frozen --no-prompt --allow-read --allow-env --allow-ffi --allow-sys tests/bench/icl_lm.ts [threads]
 *
 * @module
 */
import { cpuUsage } from "node:process";
import { random } from "../../src/base/random.ts";
import { openFused } from "../../src/icl/lm/fused.ts";
import { SMOLLM2 } from "../../src/icl/lm/fused_presets.ts";
import { type EncodedRecord, Reader } from "../../src/icl/reader.ts";
import { type Labelled } from "../../src/icl/record.ts";
import { trainAnswer } from "../../src/icl/stage2.ts";
import { matrix } from "../../src/linalg/matrix.ts";
import { findModel } from "../../src/lm/store.ts";

const MODELS = 10, QUERIES = 1000, ROWS = 600, STEPS = 4;

/** Runs something; prints CPU and wall seconds a unit. */
async function timed(what: string, units: number, run: () => Promise<unknown>): Promise<void> {
  const cpu = cpuUsage(), start = performance.now();
  await run();
  const { user, system } = cpuUsage(cpu);
  const [used, wall] = [(user + system) / 1e6, (performance.now() - start) / 1000];
  console.log(`${what}: ${(used / units).toFixed(4)} CPU s, ${(wall / units).toFixed(4)} s`);
}

if (import.meta.main) {
  const threads = Number(Deno.args[0] ?? 1);
  const { model, blocks: [from, to], rank, decided, record, answer } = SMOLLM2;
  const { folder, config } = await findModel(model), input = Number(config.hidden_size);
  const stream = random(1);
  const network = await openFused({ folder, from, to, rank, input, random: stream });
  const vectors = (rows: number): ReturnType<typeof matrix> =>
    matrix(rows, input, Float32Array.from({ length: rows * input }, () => stream.normal()));
  const labels = Float64Array.from({ length: ROWS * MODELS }, () => stream.integer(2));
  const solved: Pick<Labelled, "vectors" | "labels" | "models" | "benchmarks"> = {
    ...{ vectors: vectors(ROWS), labels, models: MODELS, benchmarks: new Array(ROWS).fill("b") },
  };
  const data = {
    ...{ solved, scores: labels, profile: new Uint32Array(0) },
    targets: Uint32Array.from({ length: ROWS }, (_, i) => i),
  };
  const train = (steps: number): Promise<unknown> =>
    trainAnswer(
      network,
      data,
      { ...answer, fresh: record, mostSteps: steps },
      stream.fork("train"),
      undefined,
      { threads },
    );
  await timed("a training step, the first with compiling", 1, () => train(1));
  await timed("a training step, compiling included", STEPS, () => train(STEPS));
  const reader = new Reader(network, { threads }), K = decided.record;
  const records: EncodedRecord[] = [];
  await timed(`a record of ${K}`, MODELS * decided.records, async () => {
    for (let m = 0; m < MODELS * decided.records; m++) {
      const told = BigInt64Array.from({ length: K }, () => BigInt(stream.integer(2)));
      records.push(await reader.encode({ vectors: vectors(K).data, labels: told }));
    }
  });
  const queries = vectors(QUERIES);
  await timed(
    `a query among ${MODELS} models, ${decided.records} records each`,
    QUERIES,
    () => reader.answer(queries, records),
  );
}
