/**
 * `deno task diff`: what changed between two results.
 * @module
 */
import { FEWEST_UNITS } from "../metrics/mod.ts";
import { diffResults, type RouterChange } from "../results/diff.ts";
import { intervalCell, isSignificant } from "../report/tables/leaderboard.ts";
import { digits, percent, signed } from "../report/tables/numbers.ts";
import { textTable } from "../report/tables/text_table.ts";
import { type Command, type Flags, parseFlags, runMain } from "./args.ts";

const FLAGS = {
  data: {
    type: "string",
    value: "dataset",
    help: "outcomes to pair from, if not the named dataset",
  },
} as const satisfies Flags;

const COMMAND: Command<typeof FLAGS> = {
  name: "deno task diff",
  summary:
    "Says what changed between two results of the same data, router by router, and whether the change " +
    "is significant (paired bootstrap, Holm). Results of different data or metric versions are refused.",
  args: { usage: "<before.json> <after.json>", min: 2, max: 2 },
  flags: FLAGS,
  examples: ["deno task diff results/demo@1/id.static.json results/demo@1/id.hashed-384.json"],
};

/** Runs the command. */
export async function main(argv: string[]): Promise<void> {
  const { flags, args: [before, after] } = parseFlags(argv, COMMAND);
  const { fields, routers, onlyBefore, onlyAfter } = await diffResults(before, after, flags.data);
  if (fields.length === 0) console.log("same data, code, settings and environment");
  else {
    console.log(textTable(
      [{ title: "changed" }, { title: "before" }, { title: "after" }],
      fields.map((f) => [f.field, f.before, f.after]),
    ));
  }
  console.log();
  console.log(textTable(
    [
      { title: "router" },
      { title: "before", align: "right" },
      { title: "after", align: "right" },
      { title: "difference [95% CI]", align: "right" },
      { title: "significant", align: "left" },
      { title: "decisions changed", align: "right" },
    ],
    routers.map((r) => [
      r.router,
      digits(r.before),
      digits(r.after),
      r.paired
        ? intervalCell({ difference: r.after - r.before, ...r.paired })
        : signed(r.after - r.before),
      significanceOf(r.paired),
      percent(r.decisionsChanged),
    ]),
  ));
  if (onlyBefore.length > 0) console.log(`only before: ${onlyBefore.join(", ")}`);
  if (onlyAfter.length > 0) console.log(`only after: ${onlyAfter.join(", ")}`);
}

function significanceOf(paired: RouterChange["paired"]): string {
  if (!paired) return "– (not paired)";
  if (paired.pHolm === null) return `– (fewer than ${FEWEST_UNITS} independent units)`;
  return isSignificant(paired) ? "yes" : "no";
}

if (import.meta.main) await runMain(main);
