/**
 * What the HTML report is made from.
 * @module
 */
import type { CallFacts } from "../../evaluate/calls.ts";
import type { OutcomeTable } from "../../outcomes/table.ts";
import type { EpisodeReport } from "../../results/episode_file.ts";
import type { OpenedResult } from "../../results/result.ts";
import type { SpeedSheet } from "../tables/print.ts";

/** One result of a report. */
export interface Reported extends OpenedResult {
  /** Where its file is, as named on the command line. */
  readonly path: string;
  /** The speed sheet beside it. */
  readonly speed?: SpeedSheet;
  /** What its routers did that read replies. */
  readonly episodes?: EpisodeReport;
  /** What its records say of single calls, where that was asked for. */
  readonly calls?: CallFacts;
  /** Its outcomes, audited; or a sentence that says why they are not here. */
  readonly outcomes: OutcomeTable | string;
}

/** A report. */
export interface Report {
  /** The command that makes it again. */
  readonly command: string;
  /** Results in the order given. */
  readonly results: readonly Reported[];
}

/** A result within its page. */
export interface Placed extends Reported {
  /** Prefix of its ids in the page, `r0`. */
  readonly key: string;
  /** Name in the page's list of results. */
  readonly label: string;
  /** `mmlu-pro/priced@1`. */
  readonly dataset: string;
}

/** Protocols in reading order. */
const PROTOCOLS = ["id", "task", "ood", "new-model"];

/** Names results and sorts them: by dataset as given, then plain runs first, by protocol, larger runs first. */
export function placed(results: readonly Reported[]): Placed[] {
  const order = (r: Reported): number[] => {
    const { protocol, routers } = r.result;
    const rank = PROTOCOLS.indexOf(protocol.name.split(":")[0]);
    return [
      protocol.control === "none" ? 0 : 1,
      rank < 0 ? PROTOCOLS.length : rank,
      protocol.name.includes(":") ? 1 : 0,
      -routers.length,
    ];
  };
  const sorted = [...Map.groupBy(results, datasetOf).values()].flatMap((own) =>
    own.toSorted((a, b) => {
      const [x, y] = [order(a), order(b)];
      const first = x.findIndex((value, i) => value !== y[i]);
      return first < 0 ? 0 : x[first] - y[first];
    })
  );
  const count = Map.groupBy(sorted, (r) => `${datasetOf(r)} ${labelOf(r)}`);
  return sorted.map((reported, i) => {
    const dataset = datasetOf(reported), label = labelOf(reported);
    const alone = count.get(`${dataset} ${label}`)!.length === 1;
    return {
      ...reported,
      key: `r${i}`,
      label: alone ? label : `${label} · ${stemOf(reported.path)}`,
      dataset,
    };
  });
}

function datasetOf({ result: { dataset } }: Reported): string {
  return `${dataset.name}@${dataset.version}${dataset.synthetic ? " (synthetic)" : ""}`;
}

function labelOf({ result: { protocol, embedding } }: Reported): string {
  const { name, control } = protocol;
  return `${PROTOCOL_NAMES[name] ?? name} · ${embedding.name}` +
    (control === "none" ? "" : ` · control: ${control}`);
}

const PROTOCOL_NAMES: Readonly<Record<string, string>> = {
  id: "id (in distribution)",
  ood: "ood (benchmarks held out)",
  task: "task (tasks held out)",
  "new-model": "new-model (unseen models)",
};

function stemOf(path: string): string {
  return path.split("/").at(-1)!.replace(/\.json$/, "");
}
