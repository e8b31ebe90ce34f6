/** ICL-Router on the middle of a tiny language model with random weights. */
import type { FusedMethod } from "../../../src/icl/lm/fused_training.ts";
import { TINY_LLAMA } from "../../lm/tiny_decoder.ts";
import { withStore } from "./toy.ts";

/** Three layers, of which two read. */
export const CONFIG = { ...TINY_LLAMA, num_hidden_layers: 4 };
/** Blocks, and width of the query vectors. */
export const FROM = 1, TO = 3, INPUT = 6;

/** A store with the tiny model, and a method that trains it for a few steps. */
export async function withMethod(use: (method: FusedMethod) => Promise<void>): Promise<void> {
  await withStore((root) =>
    use({
      ...{ model: "tiny", root, blocks: [FROM, TO], rank: 2, record: 8, judged: 20 },
      ...{ decided: { record: 16, records: 2 }, projectorRate: 1 },
      answer: {
        ...{ models: 2, targets: 16, passes: 1000, mostSteps: 12, rate: 1e-2 },
        ...{ dropout: 0, inputDropout: 0, decay: 0, soft: true },
      },
    }), CONFIG);
}
