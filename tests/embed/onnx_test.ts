/** ONNX encoders, on a model small enough to compute by hand. */
import assert from "node:assert/strict";
import { CapabilityError, DataError } from "../../src/base/errors.ts";
import { matrix, row } from "../../src/linalg/matrix.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { openOnnx } from "../../src/embed/onnx.ts";
import {
  FLOAT,
  INT64,
  model,
  node,
  TINY_VECTORS,
  TINY_VOCABULARY,
  value,
  withTinyEncoder,
  writeTinyEncoder,
} from "../support/tiny_model.ts";

/** The tiny encoder in plain TypeScript. */
function expected(text: string, pooling: string): number[] {
  const pieces = ["[CLS]", ...text.split(" ").filter((p) => p !== ""), "[SEP]"];
  const words = pieces.map((piece) => TINY_VECTORS[TINY_VOCABULARY.indexOf(piece)]);
  const mean = [0, 1, 2].map((j) => words.reduce((s, w) => s + w[j], 0) / words.length);
  const states = words.map((w) => w.map((x, j) => x + mean[j]));
  const sum = (rows: number[][]): number[] =>
    [0, 1, 2].map((j) => rows.reduce((s, r) => s + r[j], 0));
  const pooled = pooling === "mean" ? sum(states) : states.at(pooling === "cls" ? 0 : -1)!;
  const length = Math.hypot(...pooled);
  return pooled.map((x) => x / length);
}

const TEXTS = ["the cat sat .", "", "dog ran", "two plus two ?", "the dog ##s sat . the cat ran"];
const SPLIT = TEXTS.map((text) => text.replace(" ##", ""));

function near(actual: ArrayLike<number>, wanted: ArrayLike<number>, tolerance = 1e-6): void {
  assert.equal(actual.length, wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    assert.ok(Math.abs(actual[i] - wanted[i]) < tolerance, `[${i}]: ${actual[i]}, ${wanted[i]}`);
  }
}

for (const pooling of ["mean", "cls", "last_token"]) {
  Deno.test(`${pooling} pooling is what the model says, in a batch and alone`, () =>
    withTinyEncoder(async (folder) => {
      const provider = await openProvider(`onnx:${folder}?pooling=${pooling}`);
      assert.equal(provider.width, 3);
      const batch = await provider.embed(SPLIT);
      for (const [i, text] of TEXTS.entries()) {
        near(row(batch, i), expected(text, pooling));
        near((await provider.embed([SPLIT[i]])).data, row(batch, i));
      }
    }));
}

Deno.test("texts are cut to the limit, the closing token stays", () =>
  withTinyEncoder(async (folder) => {
    const provider = await openProvider(`onnx:${folder}?tokens=8&pooling=last_token`);
    const long = Array(50).fill("cat").join(" ");
    const cut = Array(6).fill("cat").join(" ");
    near((await provider.embed([long])).data, expected(cut, "last_token"));
  }));

Deno.test("what the numbers depend on is in the key", () =>
  withTinyEncoder(async (folder) => {
    const keys = new Set<string>();
    for (const query of ["", "?pooling=cls", "?tokens=8"]) {
      keys.add((await openProvider(`onnx:${folder}${query}`)).key);
    }
    keys.add((await openProvider(`onnx:${folder}`, { device: "webgpu" })).key);
    const vocabulary = await Deno.readTextFile(`${folder}/tokenizer.json`);
    await Deno.writeTextFile(`${folder}/tokenizer.json`, vocabulary.replace('"cat"', '"cow"'));
    keys.add((await openProvider(`onnx:${folder}`)).key);
    assert.equal(keys.size, 5);
  }));

Deno.test("no texts give no rows", () =>
  withTinyEncoder(async (folder) => {
    const provider = await openProvider(`onnx:${folder}`);
    assert.deepEqual(await provider.embed([]), matrix(0, 3));
  }));

Deno.test("missing and wrong files are named", () =>
  withTinyEncoder(async (folder) => {
    const opened = (query = ""): Promise<unknown> => openProvider(`onnx:${folder}${query}`);
    await assert.rejects(opened("?file=onnx/other.onnx"), /onnx\/other\.onnx: cannot be read/);
    const shape = { file: "onnx/model.onnx", pooling: "mean", maxTokens: 8 } as const;
    const rest = { name: "x", preparation: "none", device: "cpu", facts: {} } as const;
    await assert.rejects(
      openOnnx({ folder, ...shape, ...rest, sha256: "0".repeat(64) }),
      (error: Error) => error instanceof DataError && /expected 0{64}/.test(error.message),
    );
    await Deno.writeTextFile(`${folder}/config.json`, "{}");
    await assert.rejects(opened(), /config\.json: "hidden_size" is undefined/);
  }));

Deno.test("a model with other inputs or outputs is refused", () =>
  withTinyEncoder(async (folder) => {
    const put = async (input: string, output: string): Promise<void> => {
      const graph = model({
        nodes: [node("Cast", [input], [output], { to: FLOAT })],
        inputs: [value(input, INT64, ["batch", "tokens"])],
        outputs: [value(output, FLOAT, ["batch", "tokens"])],
      });
      await Deno.writeFile(`${folder}/onnx/model.onnx`, graph);
    };
    const embed = async (): Promise<unknown> =>
      (await openProvider(`onnx:${folder}`)).embed(["the cat"]);
    await put("pixels", "last_hidden_state");
    await assert.rejects(
      embed,
      (e: Error) => e instanceof CapabilityError && /pixels/.test(e.message),
    );
    await put("input_ids", "logits");
    await assert.rejects(embed, /gives logits; expected float32 token states/);
    await put("input_ids", "last_hidden_state");
    await assert.rejects(embed, /expected float32 token states/);
    await writeTinyEncoder(folder);
    await embed();
  }));
