/**
 * A hand-written dataset small enough to check with a pencil, and scratch folders to put it in.
 * @module
 */
import { join } from "node:path";
import type { Manifest } from "../../src/outcomes/manifest.ts";

/**
 * Six records: five with a score of every model (`ash`, `birch`, `cedar/v1.5`), `q5` without birch's.
 * Tokens and costs follow {@link smallManifest}'s prices, 1 and 2 dollars a million for ash, 10 and 20
 * for birch; cedar has neither. Not in order of id.
 */
export const SMALL = `\
{"id":"q3","benchmark":"trivia","task":"rivers","query":"Which river flows through Köln?\\nA. Main\\nB. Rhein\\nC. 長江","scores":{"ash":0,"birch":1,"cedar/v1.5":1},"tokens":{"ash":[20,5],"birch":[20,9]},"costs":{"ash":0.00003,"birch":0.00038},"split":"test"}
{"id":"q1","benchmark":"sums","task":"plus","level":"easy","query":"2 + 2 = ?","scores":{"ash":1,"birch":1,"cedar/v1.5":0.5},"tokens":{"ash":[6,1],"birch":[6,30]},"costs":{"ash":0.000008,"birch":0.00066},"split":"train","repeats":{"ash":[1,1,1],"cedar/v1.5":[1,0]}}
{"id":"q2","benchmark":"sums","task":"times","level":"hard","query":"17 × 23 = ?","scores":{"ash":0,"birch":1,"cedar/v1.5":0},"tokens":{"ash":[7,3],"birch":[7,80]},"costs":{"ash":0.000013,"birch":0.00167},"split":"train"}
{"id":"q4","benchmark":"trivia","query":"Largest of these?\\nA. Ural\\nB. Wolga","scores":{"ash":1,"birch":0,"cedar/v1.5":1},"tokens":{"ash":[11,2],"birch":[11,4]},"costs":{"ash":0.000015,"birch":0.00019},"split":"test"}
{"id":"q5","benchmark":"sums","task":"plus","level":"easy","query":"1 + 1 = ?","scores":{"ash":1,"cedar/v1.5":1}}
{"id":"q10","benchmark":"sums","task":"plus","level":"hard","query":"999 + 999 = ?","scores":{"ash":0.25,"birch":0.75,"cedar/v1.5":0.75},"tokens":{"ash":[9,7],"birch":[9,40]},"costs":{"ash":0.000023,"birch":0.00089},"split":"test","options":5}
`;

/** A manifest for {@link SMALL}, without the hash of the records. */
export const smallManifest: Manifest = {
  name: "small",
  version: "1",
  title: "Small",
  description: "Written by hand.",
  synthetic: true,
  licence: { repository: "MIT", questions: "MIT" },
  source: {},
  records: {},
  metric: "right or wrong",
  prices: {
    date: "2026-01-02",
    source: "invented",
    currency: "USD",
    perMillionTokens: { ash: [1, 2], birch: [10, 20] },
  },
  benchmarks: {
    sums: { solvedFrom: 0.5, options: 0, domain: "mathematics" },
    trivia: { solvedFrom: 1, options: "letters", domain: "knowledge" },
  },
  views: {
    all: { models: ["cedar/v1.5", "birch", "ash"] },
    two: { models: ["ash", "cedar/v1.5"] },
    priced: { models: ["ash", "birch"] },
    "sums-test": { where: { benchmark: "sums", split: ["test"] }, models: ["ash", "birch"] },
    "not-easy": { not: { level: "easy" }, models: ["ash"] },
  },
};

/** Runs with a folder that holds these files, and removes it. */
export async function withFolder<T>(
  files: Record<string, string | Uint8Array>,
  run: (folder: string) => T | Promise<T>,
): Promise<T> {
  const folder = await Deno.makeTempDir({ prefix: "outcomes-" });
  try {
    for (const [name, content] of Object.entries(files)) {
      const path = join(folder, name);
      await Deno.mkdir(join(path, ".."), { recursive: true });
      if (typeof content === "string") await Deno.writeTextFile(path, content);
      else await Deno.writeFile(path, content);
    }
    return await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
