/**
 * Every operator against its definition: values, and gradients by central differences, of every input on
 * its own and of all together, with ONNX Runtime's fused operators and without.
 * @module
 */
import * as layers from "../../src/nn/layers.ts";
import * as ops from "../../src/nn/ops.ts";
import assert from "node:assert/strict";
import { type Case, compare, title } from "./differences.ts";
import { ACTIVATIONS, ARITHMETIC, PRODUCTS, SHAPES } from "./element_cases.ts";
import { LOOKUP, LOSSES, NORMS, ROTARY, SOFTMAX } from "./layer_cases.ts";

const OPS: Record<string, Case[]> = {
  arithmetic: ARITHMETIC,
  shapes: SHAPES,
  products: PRODUCTS,
  lookup: LOOKUP,
};
const LAYERS: Record<string, Case[]> = {
  activations: ACTIVATIONS,
  softmax: SOFTMAX,
  norms: NORMS,
  losses: LOSSES,
  rotary: ROTARY,
};

/** Exported functions that make constants or shapes, so that there is nothing to differentiate. */
const NOT_OPERATORS = [
  "scalar",
  "constantOnes",
  "zerosLike",
  "integers",
  "broadcastShape",
  "causalMask",
  "gradients",
  "Dropout",
];

for (const [name, cases] of Object.entries({ ...OPS, ...LAYERS })) {
  Deno.test(`${name}: values and gradients are those of the definitions`, async () => {
    for (const it of cases) {
      const inputs = it.shapes.map((_, i) => i);
      for (const fused of [true, false]) await compare(it, fused, inputs);
      if (inputs.length > 1) { for (const i of inputs) await compare(it, true, [i]); }
    }
  });
}

Deno.test("every exported operator has a gradient test", () => {
  for (const [module, groups] of [[ops, OPS], [layers, LAYERS]] as const) {
    const exported = Object.keys(module).filter((key) => !NOT_OPERATORS.includes(key));
    const tested = [...new Set(Object.values(groups).flat().map(({ of }) => of))];
    assert.deepEqual(tested.toSorted(), exported.toSorted());
  }
});

Deno.test("the titles of cases, which seed their numbers, are distinct", () => {
  const titles = Object.values({ ...OPS, ...LAYERS }).flat().map(title);
  assert.deepEqual(titles.filter((t, i) => titles.indexOf(t) !== i), []);
});
