/**
 * What a device is worth by the clock, beside the processor: for ICL-Router on language models (tokens a second), and for
 * what closed-form routers compute over a million rows; share of what the device can do, and how often faster it is.
 * Random weights and rows, so nothing has to be downloaded.
 *
 *     deno run -A --lock=full.lock tests/bench/gpu.ts [--device webgpu] [--shapes 135m,0.5b,1.5b] [--minutes 9]
 *       [--peak 67] [--threads 0] [--toy] [--out figures.json]
 *     deno run -A --lock=full.lock tests/bench/gpu.ts --pack FOLDER     # a folder that needs no network, see pack.ts
 *
 * `--peak` is the device's float32 peak in TFLOP/s; without it shares are of a product of large matrices on it, measured
 * in the same run. What does not fit into the minutes is left out, and said so. `--toy` is for SwiftShader, a graphics
 * card made of software (tests/support/webgpu.ts says how to get it).
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import type { Device } from "../../src/base/device.ts";
import { probeDevice } from "../../src/onnx/device.ts";
import { FEW, MILLION, tasksOnRows } from "./gpu_rows.ts";
import { pack } from "./pack.ts";
import { REAL, SHAPES, squareProduct, type Task, tasksOn, TOY, type Where } from "./gpu_tasks.ts";

/** A task on one device. */
export interface Measured {
  /** Shape of the language model, `–` for none. */
  readonly shape: string;
  /** What was done. */
  readonly what: string;
  /** Where. */
  readonly device: Device;
  /** Tokens of a run. */
  readonly tokens: number;
  /** Floating-point operations of a run. */
  readonly flops: number;
  /** Seconds of the first run, in which graphs are compiled and weights moved. */
  readonly first?: number;
  /** Seconds of a run, the best of those that followed. */
  readonly seconds?: number;
  /** Why there are none. */
  readonly missing?: string;
}

/** What is to be measured. */
export interface Wanted {
  readonly device: Device;
  readonly shapes: readonly string[];
  readonly toy: boolean;
  /** Seconds in all. */
  readonly budget: number;
  /** Threads of the processor. */
  readonly threads: number;
}

/** Measures everything, shape by shape, on the device and then on the processor. */
export async function measure(
  { device, shapes, toy, budget, threads }: Wanted,
  tell: (line: Measured) => void = () => {},
): Promise<Measured[]> {
  const end = performance.now() + 1000 * budget, sizes = toy ? TOY : REAL, all: Measured[] = [];
  const tasks = [
    { shape: "–", task: squareProduct(sizes.product) },
    ...tasksOnRows(toy ? FEW : MILLION).map((task) => ({ shape: "rows", task })),
    ...shapes.flatMap((shape) => tasksOn(SHAPES[shape], sizes).map((task) => ({ shape, task }))),
  ];
  for (const { shape, task } of tasks) {
    for (const on of new Set([device, "cpu" as const])) {
      const known = on === device ? undefined : all.at(-1);
      const line = { shape, ...await timed(task, { device: on, threads }, end, known) };
      all.push(line);
      tell(line);
    }
  }
  return all;
}

/** The processor is slower, so it gets one counted run, and none where the device took long already. */
async function timed(
  task: Task,
  where: Where,
  end: number,
  onDevice?: Measured,
): Promise<Omit<Measured, "shape">> {
  const { what, tokens, flops } = task, { device } = where;
  const facts = { ...{ what, device, tokens, flops } },
    left = (): number => end - performance.now();
  const expected = 1000 * (onDevice?.seconds ?? 0);
  if (left() < 10_000 + 20 * expected) return { ...facts, missing: "the time was up" };
  let running;
  try {
    running = await task.open(where);
    const seconds = async (): Promise<number> => {
      const start = performance.now();
      await running!.run();
      return (performance.now() - start) / 1000;
    };
    const first = await seconds(), runs: number[] = [], start = performance.now();
    const most = onDevice ? 1 : 10;
    do runs.push(await seconds()); while (
      runs.length < most && performance.now() - start < 5000 && left() > 0
    );
    return { ...facts, first, seconds: Math.min(...runs) };
  } catch (error) {
    return { ...facts, missing: (error as Error).message.split("\n")[0].slice(0, 200) };
  } finally {
    await running?.close();
  }
}

/** The table. @param peak of the device in FLOP/s, that of its product of matrices if absent */
export function table(all: readonly Measured[], device: Device, peak?: number): string {
  const speed = ({ flops, seconds = NaN }: Measured): number => flops / seconds;
  const best = peak ?? speed(all.find(({ shape }) => shape === "–")!);
  const rows = all.filter((row) => row.device === device).map((row) => {
    const cpu = all.find((other) =>
      other.device === "cpu" && other.what === row.what && other.shape === row.shape
    );
    if (row.missing) return `| ${row.shape} | ${row.what} | – | – | – | – | ${row.missing} |`;
    const ratio = cpu?.seconds === undefined
      ? `– (${cpu?.missing})`
      : (cpu.seconds / row.seconds!).toFixed(1);
    const tokens = row.tokens === 0 ? "–" : (row.tokens / row.seconds!).toFixed(0);
    const gflops = (speed(row) / 1e9).toFixed(0), share = (100 * speed(row) / best).toFixed(1);
    const cells = [row.shape, row.what, tokens, gflops, `${share}%`, ratio];
    return `| ${cells.join(" | ")} | ${row.first!.toFixed(1)} s at first |`;
  });
  return [
    `Shares are of ${(best / 1e12).toFixed(2)} TFLOP/s, ${
      peak ? "as given" : "the product of matrices"
    }.\n`,
    "| shape | what | tokens/s | GFLOP/s | share of peak | times as fast as the processor | |",
    "|---|---|---:|---:|---:|---:|---|",
    ...rows,
  ].join("\n");
}

if (import.meta.main) {
  const flags = parseArgs(Deno.args, {
    boolean: ["toy"],
    string: ["device", "shapes", "minutes", "peak", "threads", "out", "pack"],
  });
  if (flags.pack !== undefined) {
    console.log(await pack(flags.pack));
    Deno.exit(0);
  }
  const device = (flags.device ?? "webgpu") as Device, { adapter } = await probeDevice(device);
  const shapes = flags.shapes?.split(",") ?? (flags.toy ? ["toy"] : ["135m", "0.5b", "1.5b"]);
  console.log(`${device}${adapter ? `: ${adapter}` : ""}; ${navigator.hardwareConcurrency} cores`);
  const [budget, threads] = [60 * Number(flags.minutes ?? 9), Number(flags.threads ?? 0)];
  const wanted: Wanted = { device, shapes, toy: flags.toy, budget, threads };
  const all = await measure(wanted, (line) => console.error(JSON.stringify(line)));
  console.log(table(all, device, flags.peak ? 1e12 * Number(flags.peak) : undefined));
  if (flags.out) await Deno.writeTextFile(flags.out, JSON.stringify({ adapter, wanted, all }));
}
