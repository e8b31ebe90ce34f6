/**
 * `deno task fit`: fits a router on a pool and saves it, for `deno task route`.
 * @module
 */
import { dirname } from "node:path";
import { openPool } from "../api/pool.ts";
import { fitRouter, openRouter } from "../api/route.ts";
import { UsageError } from "../base/errors.ts";
import { progress } from "../base/progress.ts";
import { shellQuote } from "../base/shell.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";
import { expectWritable } from "./writable.ts";

const FLAGS = {
  router: { type: "string", value: "id", help: "id or file of the router; needed" },
  data: {
    type: "string",
    default: "demo",
    value: "dataset",
    help: "dataset, dataset/view, or path of records",
  },
  save: { type: "string", value: "file", help: "where to; needed" },
  seed: { type: "number", default: 42, integer: true, min: 0, help: "as the bench's" },
  embedding: {
    type: "string",
    default: "static",
    value: "name",
    help: "see deno task embed --list",
  },
  everyRow: {
    type: "boolean",
    help: "fit at the end on the bench's test rows too: more data, but no bench of this very fit",
  },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task fit",
  summary:
    "Fits a router on recorded outcomes and saves it. The configuration is chosen on validation rows and fitted " +
    "as by deno task bench --protocol id with the same seed.",
  flags: FLAGS,
  examples: [
    "deno task fit --router knn --data demo --save runs/knn.router",
    "deno task fit --router icl_router_plus --data ./records.jsonl --every-row --save runs/mine.router",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags: { router, save, data, ...options } } = parseFlags(argv, COMMAND);
  if (!router) throw new UsageError("--router is needed: what is fitted (see deno task routers)");
  if (!save) throw new UsageError("--save is needed: the file to write");
  await expectWritable("--save", dirname(save));
  const pool = await openPool(data), line = progress(`fitting ${router}`, 100);
  const fitted = await fitRouter(pool, router, {
    ...options,
    progress: (share) => line.update(Math.round(100 * share)),
  });
  line.end();
  await fitted.save(save);
  const start = performance.now(), again = await openRouter(save);
  await again.fitted();
  const seconds = ((performance.now() - start) / 1000).toFixed(1), { saved } = again;
  console.log(
    `wrote ${save}: ${saved.router.id} on ${saved.table.ids.length} queries of ${pool.source}, ` +
      `${again.models.length} models, ${
        JSON.stringify(saved.configs.score)
      }; opens in ${seconds} s\n` +
      `to ask it: deno task route --router ${shellQuote(save)} "…"`,
  );
}

if (import.meta.main) await runMain(main);
