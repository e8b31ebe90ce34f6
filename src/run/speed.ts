/**
 * The speed sheet: what a router costs to fit and to ask, measured on a split of its own so that no
 * memo of another router helps it.
 * @module
 */
import type { Router } from "../router/contract.ts";
import type { OpenedSplit } from "./open_split.ts";
import { createMemo } from "../router/memo.ts";
import { random } from "../base/random.ts";
import { takeRows } from "../linalg/matrix.ts";
import { finalTraining, type JobOptions, whyNot } from "./job.ts";

/** Measured on this machine; never part of a result's hash. */
export interface Speed {
  /** Seconds of one fit of the chosen configuration. */
  readonly fitSeconds: number;
  /** Microseconds a query when the whole test part is asked at once. */
  readonly batchMicroseconds: number;
  /** Microseconds of single queries, median. */
  readonly p50Microseconds: number;
  /** Microseconds of single queries, 95th percentile. */
  readonly p95Microseconds: number;
  /** Learned numbers. */
  readonly parameters: number;
  /** Growth of the JavaScript heap and its buffers over the fit, in bytes (0 if it shrank). */
  readonly heapBytes: number;
}

/** Single queries timed for the percentiles. */
const SINGLES = 60;

/**
 * Times a router. Give it a freshly opened split.
 * @returns undefined where the router does not apply
 */
export async function measureSpeed(
  router: Router,
  config: number,
  split: OpenedSplit,
  { device, signal }: Pick<JobOptions, "device" | "signal">,
): Promise<Speed | undefined> {
  if (whyNot(router, split.all, split)) return undefined;
  const test = split.testFor(router);
  const used = (): number => {
    const { heapUsed, external } = Deno.memoryUsage();
    return heapUsed + external;
  };
  const train = finalTraining(router, split);
  const before = used(), start = performance.now();
  const fitted = await router.fit(train, router.grid[config], {
    stage: "final",
    seed: split.split.seed,
    random: random(split.split.seed, "speed"),
    device,
    progress: () => {},
    signal,
  });
  const fitSeconds = (performance.now() - start) / 1000, heapBytes = Math.max(0, used() - before);

  const single = (i: number) => ({
    ids: [test.ids[i]],
    texts: [test.texts[i]],
    vectors: takeRows(test.vectors, [i]),
    ...(test.documents && { documents: takeRows(test.documents, [i]) }),
    memo: createMemo(`single/${i}`),
    ...(test.benchmarks ? { benchmarks: [test.benchmarks[i]] } : {}),
    ...(test.truth
      ? {
        truth: test.truth.slice(i * train.models.length, (i + 1) * train.models.length),
        truthCost: test.truthCost!.slice(i * train.models.length, (i + 1) * train.models.length),
      }
      : {}),
  });
  const times: number[] = [];
  for (let i = 0; i < Math.min(SINGLES + 5, test.ids.length); i++) {
    const query = single(i), from = performance.now();
    await fitted.predict(query);
    if (i >= 5) times.push((performance.now() - from) * 1000); // the first five warm up
  }
  times.sort((a, b) => a - b);
  const from = performance.now();
  await fitted.predict({ ...test, memo: createMemo("batch") });
  const batch = ((performance.now() - from) * 1000) / test.ids.length;
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? batch;
  return {
    fitSeconds,
    batchMicroseconds: batch,
    p50Microseconds: at(0.5),
    p95Microseconds: at(0.95),
    parameters: fitted.describe().parameters,
    heapBytes,
  };
}
