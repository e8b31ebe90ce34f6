/**
 * `deno task route`: asks a fitted router which model should answer.
 * @module
 */
import { openPool } from "../api/pool.ts";
import { openRouter } from "../api/route.ts";
import { UsageError } from "../base/errors.ts";
import { digits, money } from "../report/tables/numbers.ts";
import { columnsOf, textTable } from "../report/tables/text_table.ts";
import type { PoolRouter } from "../route/pool_router.ts";
import type { Recorded, Routed, Trade } from "../route/routed.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  router: { type: "string", value: "file", help: "what deno task fit wrote; needed" },
  lambda: { type: "number", min: 0, help: "price of cost, costs scaled to 0…1; 0 = score alone" },
  dial: { type: "number", help: "setting of the router's own dial, where it has one" },
  nearest: { type: "number", default: 3, integer: true, min: 0, help: "recorded queries to show" },
  data: { type: "string", value: "dataset", help: "fail unless it was fitted on these data" },
  json: { type: "boolean", help: "one JSON object a query" },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task route",
  summary:
    "Chooses a model for each query, and shows what it expects of every model and which recorded queries are near. " +
    "Without a query it reads lines from standard input and answers each with one line: model, predicted " +
    "score, US dollars per 1,000 queries.",
  args: { usage: "[query]..." },
  flags: FLAGS,
  examples: [
    'deno task route --router runs/knn.router "What is 17 · 23?"',
    "deno task route --router runs/knn.router --lambda 0.2 < queries.txt",
  ],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { args, flags } = parseFlags(argv, COMMAND), { lambda, dial, nearest, json } = flags;
  if (!flags.router) throw new UsageError("--router is needed: a file that deno task fit wrote");
  if (lambda !== undefined && dial !== undefined) {
    throw new UsageError("--lambda or --dial, not both");
  }
  const pool = flags.data === undefined ? undefined : await openPool(flags.data);
  const router = await openRouter(flags.router, { pool }), trade: Trade = { lambda, dial };
  const show = async (query: string, routed: Routed, long: boolean): Promise<void> => {
    const near = nearest > 0 && (long || json) ? await router.nearest(query, nearest) : [];
    if (json) return console.log(JSON.stringify({ query, ...routed, nearest: near }));
    console.log(long ? longAnswer(routed, near, router) : shortAnswer(routed));
  };
  if (args.length > 0) {
    for (const query of args) await show(query, (await router.route([query], trade))[0], true);
    return;
  }
  for await (const lines of linesOf(Deno.stdin.readable)) {
    const all = await router.route(lines, trade);
    for (const [i, routed] of all.entries()) await show(lines[i], routed, false);
  }
}

/** Lines as they come in, those of one piece together; the last one may lack its end. */
export async function* linesOf(
  bytes: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string[]> {
  let rest = "";
  for await (const piece of bytes.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split(/\r?\n/);
    rest = lines.pop()!;
    if (lines.length > 0) yield lines;
  }
  if (rest !== "") yield [rest];
}

function shortAnswer({ model, models }: Routed): string {
  const { score, cost } = models.find((each) => each.model === model)!;
  return `${model}\t${digits(score)}\t${money(cost)}`;
}

function longAnswer(
  { model, models }: Routed,
  near: readonly Recorded[],
  { saved: { table: { dataset } } }: PoolRouter,
): string {
  const best = models.toSorted((a, b) => (b.score ?? -1) - (a.score ?? -1));
  const rows = best.map(({ model: name, score, cost }) => [
    name,
    digits(score),
    money(cost),
    name === model ? "chosen" : "",
  ]);
  const columns = [...columnsOf(["model", "predicted score", "$ / 1,000"]), { title: "" }];
  const recorded = near.map(({ id, text, task, similarity, scores }) => [
    digits(similarity),
    digits(scores[model]),
    task,
    text === null ? id : `${id}: ${shortened(text)}`,
  ]);
  const why = textTable(
    [...columnsOf(["cosine", model], 0), { title: "task" }, {
      title: `nearest queries of ${dataset.name}`,
    }],
    recorded,
  );
  return `${model}\n\n${textTable(columns, rows)}\n${near.length > 0 ? `\n${why}\n` : ""}`;
}

function shortened(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > 60 ? `${line.slice(0, 59)}…` : line;
}

if (import.meta.main) await runMain(main);
