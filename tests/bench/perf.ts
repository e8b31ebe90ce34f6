/**
 * `deno task perf`: times the harness beside scikit-learn and PyTorch on this machine and writes
 * docs/performance.md. What Python lacks is left out, and the page says so.
 *
 *     python3 -m pip install scikit-learn torch     # once, to compare with
 *     deno task perf [--json]
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { repoPath } from "../../src/base/files.ts";
import { adapterStepRow } from "./icl_step.ts";
import { headRows } from "./heads.ts";
import { kernelRows } from "./kernels.ts";
import { ratioOf, type Row } from "./measure.ts";
import { performancePage, type Run } from "./perf_page.ts";
import { trainingRow } from "./pytorch.ts";
import { hasModule } from "./python.ts";

if (import.meta.main) {
  const { json } = parseArgs(Deno.args, { boolean: ["json"] });
  const run = await measure((task) => console.error(task));
  await Deno.writeTextFile(repoPath("docs/performance.md"), performancePage(run));
  console.log(json ? JSON.stringify(withRatios(run), null, 2) : performancePage(run));
}

async function measure(progress: (task: string) => void): Promise<Run> {
  await Deno.mkdir(repoPath(".cache"), { recursive: true });
  const before = Deno.loadavg()[0], start = performance.now();
  const missing: string[] = [];
  for (const [name, module] of [["scikit-learn", "sklearn"], ["PyTorch", "torch"]]) {
    if (!await hasModule(module)) missing.push(name);
  }
  if (!await hasModule("numpy")) throw new Error("nothing to compare with: python3 with NumPy");
  const rows: Row[] = await kernelRows(progress);
  if (!missing.includes("PyTorch")) {
    rows.push(...await headRows(progress));
    for (const threads of [1, 2]) {
      progress(`training step, ${threads} thread(s)`);
      rows.push(await trainingRow(threads));
      progress(`training step of ICL-Router on a language model, ${threads} thread(s)`);
      rows.push(await adapterStepRow(threads));
    }
  }
  return {
    rows,
    missing,
    date: new Date().toISOString().slice(0, 10),
    deno: Deno.version.deno,
    processor: await processor(),
    cores: navigator.hardwareConcurrency,
    load: [before, Deno.loadavg()[0]],
    seconds: (performance.now() - start) / 1000,
  };
}

async function processor(): Promise<string> {
  const { cpus } = await import("node:os");
  return cpus()[0]?.model ?? Deno.build.arch;
}

function withRatios(run: Run): unknown {
  return { ...run, rows: run.rows.map((row) => ({ ...row, ratio: ratioOf(row) })) };
}
