/**
 * Every operator against its definition: values, and gradients by central differences, of every input on
 * its own and of all together, with ONNX Runtime's fused operators and without.
 * @module
 */
import assert from "node:assert/strict";
import * as activations from "../../src/nn/activations.ts";
import * as arithmetic from "../../src/nn/arithmetic.ts";
import * as lookup from "../../src/nn/lookup.ts";
import * as losses from "../../src/nn/losses.ts";
import * as norms from "../../src/nn/norms.ts";
import * as products from "../../src/nn/products.ts";
import * as rotary from "../../src/nn/rotary.ts";
import * as shapes from "../../src/nn/shapes.ts";
import * as softmax from "../../src/nn/softmax.ts";
import { type Case, compare, title } from "./differences.ts";
import { ACTIVATIONS, ARITHMETIC, PRODUCTS, SHAPES } from "./element_cases.ts";
import { LOOKUP, LOSSES, NORMS, ROTARY, SOFTMAX } from "./layer_cases.ts";

const ROOM: Record<string, [Record<string, unknown>, Case[]]> = {
  arithmetic: [arithmetic, ARITHMETIC],
  shapes: [shapes, SHAPES],
  products: [products, PRODUCTS],
  activations: [activations, ACTIVATIONS],
  softmax: [softmax, SOFTMAX],
  norms: [norms, NORMS],
  losses: [losses, LOSSES],
  lookup: [lookup, LOOKUP],
  rotary: [rotary, ROTARY],
};

/** Exported functions that make constants or shapes, so that there is nothing to differentiate. */
const NOT_OPERATORS = ["scalar", "ones", "zerosLike", "integers", "broadcastShape", "causalMask"];

for (const [name, [, cases]] of Object.entries(ROOM)) {
  Deno.test(`${name}: values and gradients are those of the definitions`, async () => {
    for (const it of cases) {
      const inputs = it.shapes.map((_, i) => i);
      for (const fused of [true, false]) await compare(it, fused, inputs);
      if (inputs.length > 1) { for (const i of inputs) await compare(it, true, [i]); }
    }
  });
}

Deno.test("every exported operator has a gradient test", () => {
  for (const [name, [module, cases]] of Object.entries(ROOM)) {
    const exported = Object.keys(module).filter((key) => !NOT_OPERATORS.includes(key));
    const tested = [...new Set(cases.map(({ of }) => of))];
    assert.deepEqual(tested.toSorted(), exported.toSorted(), name);
  }
});

Deno.test("the titles of cases, which seed their numbers, are distinct", () => {
  const titles = Object.values(ROOM).flatMap(([, cases]) => cases.map(title));
  assert.deepEqual(titles.filter((t, i) => titles.indexOf(t) !== i), []);
});
