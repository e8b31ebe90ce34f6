/** Retrieved documents, from a file of records to a verified result. */
import assert from "node:assert/strict";
import type { Evaluation } from "../../src/evaluate/evaluate.ts";
import { random } from "../../src/base/random.ts";
import { readResult } from "../../src/results/result.ts";
import { filesBelow, inside, workFolder } from "./cli.ts";

const folder = await workFolder(100);

const SUBJECTS = ["tower", "river", "treaty", "enzyme", "opera", "comet", "bridge", "harbour"];
const ASKED = ["How old is the", "Who first described the", "Where is the", "What became of the"];
const DOCUMENTS = [
  "measured, confirmed and published: the official record of the",
  "rumour, parody and invented nonsense, told as a joke about the",
];

/**
 * 240 queries, each with a sound or an invented document. `credulous` knows every answer, but believes what it reads;
 * `stubborn` is right in six of ten cases, whatever it reads, and costs more.
 */
function records(): string {
  const draw = random(7, "records with documents");
  return Array.from({ length: 240 }, (_, i) => {
    const subject = `${SUBJECTS[i % 8]} of ${
      ["Bram", "Vell", "Osk", "Ruan", "Tiv"][draw.integer(5)]
    }-${i}`;
    const sound = draw.next() < 0.5, luck = Number(draw.next() < 0.6);
    const price = { credulous: 0.001, stubborn: 0.003 };
    return JSON.stringify({
      split: i % 3 === 0 ? "test" : "train",
      ...{ id: `q${i}`, benchmark: `b${i % 2}`, query: `${ASKED[draw.integer(4)]} ${subject}?` },
      ...{ scores: { credulous: 1, stubborn: luck }, costs: price },
      documents: [`${DOCUMENTS[Number(!sound)]} ${subject}`],
      scores_rag: { credulous: Number(sound), stubborn: luck },
      costs_rag: { credulous: 0.002, stubborn: 0.006 },
    }) + "\n";
  }).join("");
}

/** The router and its control with a short training in place of a grid of long ones. */
const HASTY = `
import rag from "${import.meta.resolve("../../baselines/rag_router.ts")}";
import { rag_router_blanked as blanked } from "${
  import.meta.resolve("../../baselines/variants/rag_router.ts")
}";
const grid = [{ passes: 10, leastSteps: 50 }];
export const rag_router = { ...rag, grid };
export const rag_router_blanked = { ...blanked, grid };
`;

Deno.test("RAGRouter on records with documents: it reads them, its controls do not, and all of it is verified", async () => {
  const data = `${folder}/rag.jsonl`, out = `${folder}/out`;
  await Deno.writeTextFile(data, records());
  const hasty = `${folder}/hasty.ts`;
  await Deno.writeTextFile(hasty, HASTY);
  const common = [
    ...["--protocol", "id:published", "--seeds", "42"],
    ...["--jobs", `${folder}/jobs`, "--out", out],
  ];
  const routers = ["--routers", `${hasty}#rag_router,${hasty}#rag_router_blanked,knn`];
  const { code, text } = await inside(
    ...["bench", "--data", `${data}/documents`, ...common, ...routers, "--statements"] as const,
  );
  assert.equal(code, 0, text);
  assert.match(text, /id-published\.static\.\w+\.json: verified \(full\), \d+ numbers recomputed/);
  assert.match(text, /no cross-encoder,\s+encoders\s+not\s+fine-tuned/);
  const [file] = filesBelow(out).filter((path) =>
    /\/id-published\.static\.[^/]*json$/.test(path) && !/s(plits|peed)\.json$/.test(path)
  );
  const result = await readResult(`${out}/${file}`);
  assert.equal(result.dataset.name, "rag/documents");
  const score = (id: string): number =>
    (result.evaluation as Evaluation).routers.find((each) => each.router === id)!.mean.quality!;
  // Chance of the better model: .5 for the credulous, .6 for the stubborn; reading tells which of them, .8.
  const read = score("rag_router");
  for (const other of ["rag_router_blanked", "knn", "best-single"]) {
    assert.ok(read > score(other) + 0.08, `${other}: ${score(other)}, reading ${read}`);
  }
  const plain = await inside("bench", "--data", data, ...common, "--routers", "rag_router,knn");
  assert.equal(plain.code, 0, plain.text);
  assert.match(plain.text, /not run: RAGRouter \(frozen encoders\) \(needs documents, and scores/);
});
