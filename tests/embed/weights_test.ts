/** The encoders from npm against stored vectors. Skipped, visibly, where the package cannot be had. */
import assert from "node:assert/strict";
import { CapabilityError } from "../../src/base/errors.ts";
import { row } from "../../src/linalg/matrix.ts";
import { type EmbeddingProvider, openProvider } from "../../src/embed/mod.ts";

const TEXTS = [
  "What is the capital of France?",
  "Name the largest city of Italy.",
  "def add(a, b): return a + b",
  "Solve 3x + 5 = 20 for x.",
  "Ĉu vi parolas Esperanton? 你好",
];
/** The first four coordinates of each text, onnxruntime 1.30.0 on x86-64. */
const STORED: Record<string, number[][]> = {
  "onnx:minilm": [
    [0.08204812, 0.03605548, -0.0038929, -0.00488108],
    [-0.00418189, 0.05213548, -0.01735691, 0.05613143],
    [-0.02378801, -0.00600838, -0.06712581, 0.02348844],
    [-0.0401237, 0.03957733, 0.0177565, 0.03616113],
    [-0.06843598, -0.02422581, -0.00313176, 0.00290486],
  ],
  "onnx:gte-small": [
    [-0.00639955, 0.01420882, -0.0076232, -0.05012572],
    [-0.02334806, 0.00440364, 0.03309672, 0.02666946],
    [-0.08968383, -0.03899899, 0.00121895, -0.00807254],
    [-0.048135, -0.01303554, 0.07780781, -0.00472725],
    [-0.04657251, -0.00087874, 0.0369688, -0.01650771],
  ],
};

async function openOrSkip(name: string): Promise<EmbeddingProvider | undefined> {
  try {
    return await openProvider(name);
  } catch (error) {
    if (!(error instanceof CapabilityError)) throw error;
    console.log(`SKIPPED ${name}: ${error.message}`);
  }
}

for (const [name, stored] of Object.entries(STORED)) {
  Deno.test(`${name} gives the stored vectors, alone and in a batch`, async () => {
    const provider = await openOrSkip(name);
    if (!provider) return;
    const batch = await provider.embed(TEXTS);
    const alone = await provider.embed(TEXTS.slice(2, 3));
    const near = (x: number, y: number, tolerance: number): void =>
      assert.ok(Math.abs(x - y) < tolerance, `${x}, expected ${y}`);
    for (const [i, wanted] of stored.entries()) {
      wanted.forEach((y, j) => near(row(batch, i)[j], y, 1e-3));
      near(Math.hypot(...row(batch, i)), 1, 1e-5);
    }
    alone.data.forEach((x, j) => near(x, row(batch, 2)[j], 1e-5));
  });
}

Deno.test("gte-small asks to be centred, MiniLM does not", async () => {
  const [minilm, gte] = await Promise.all(Object.keys(STORED).map(openOrSkip));
  if (!minilm || !gte) return;
  assert.deepEqual([minilm.preparation, gte.preparation], ["none", "centre"]);
  assert.deepEqual([minilm.facts.licence, gte.facts.licence], ["Apache-2.0", "MIT"]);
});
