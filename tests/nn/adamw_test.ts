import assert from "node:assert/strict";
import { AdamwMemory, type AdamwStep, globalNorm, warmupCosine } from "../../src/nn/adamw.ts";
import { random } from "../../src/base/random.ts";
import { near } from "./differences.ts";

/** A few steps on one weight, which is returned after each. */
function steps(
  start: number,
  slopes: readonly number[],
  options: Partial<AdamwStep>,
): number[] {
  const weight = Float32Array.of(start), memory = new AdamwMemory(new Map([["w", 1]]));
  return slopes.map((slope, i) => {
    memory.gradient("w")[0] = slope;
    memory.step("w", weight, {
      step: i + 1,
      rate: 0.1,
      decay: 0,
      factor: 1,
      epsilon: 0,
      ...options,
    });
    return weight[0];
  });
}

Deno.test("two steps by hand: decay apart from the gradient, both moments unbiased", () => {
  // Step 1: m = 0.1, v = 0.01, unbiased 1 and 1: w = 1 − 0.1·0.5·1 − 0.1·1/1 = 0.85.
  // Step 2: m = 0.09 − 0.1 = −0.01, unbiased −0.01/0.19; v = 0.0099 + 0.01, unbiased 0.0199/0.0199:
  //         w = 0.85 − 0.1·0.5·0.85 + 0.1·0.01/0.19 = 0.8127632.
  const made = steps(1, [1, -1], { decay: 0.5, beta1: 0.9, beta2: 0.99 });
  near(made, [0.85, 0.8127632], "weights", 1e-6);
});

Deno.test("ε bounds the step of a small gradient, and the factor multiplies the gradient", () => {
  near(steps(0, [1e-4], { epsilon: 1e-4 }), [-0.05], "as large as ε", 1e-6);
  near(steps(0, [2], { factor: 0.5, epsilon: 1 }), [-0.05], "halved to ε", 1e-6);
  assert.deepEqual(steps(3, [0], { epsilon: 1e-8 }), [3]);
});

Deno.test("the defaults are those of the paper's Adam", () => {
  // m̂ = (0.9·0.1·1 + 0.1·3) / (1 − 0.81) = 0.39/0.19, v̂ = (0.999·0.001 + 0.001·9) / (1 − 0.999²)
  const second = 0.39 / 0.19 / Math.sqrt((0.000999 + 0.009) / (1 - 0.999 ** 2));
  near(steps(0, [1, 3], {}), [-0.1, -0.1 - 0.1 * second], "weights", 1e-5);
});

Deno.test("the global norm is over all gradients", () => {
  assert.equal(globalNorm([Float32Array.of(3, 0), Float32Array.of(-4)]), 5);
  assert.equal(globalNorm([]), 0);
  assert.ok(Number.isNaN(globalNorm([Float32Array.of(1, NaN)])));
});

Deno.test("the schedule rises linearly to its peak and falls to zero along a half cosine", () => {
  const rate = warmupCosine(2, 10, 0.2);
  const made = [0, 1, 2, 4, 6, 8, 10].map(rate);
  const r = Math.SQRT1_2;
  near(made, [1, 2, 2, 1 + r, 1, 1 - r, 0], "rates", 1e-12);
  assert.equal(warmupCosine(2, 10, 0)(0), 2); // no warm-up: no step at rate zero
  assert.equal(warmupCosine(2, 1)(0), 2);
  const last = warmupCosine(1, 100)(99);
  assert.ok(last > 0 && last < 1e-3, `${last}`);
});

Deno.test("steps are those of a plain loop in float64, bit for bit, and parameters are apart", () => {
  const lengths = new Map([["a", 1], ["b", 7], ["c", 1026]]), memory = new AdamwMemory(lengths);
  const draw = random(1), beta1 = 0.9, beta2 = 0.999, rate = 0.01, decay = 0.1, factor = 0.7;
  const start = [...lengths].map(([name, n]) => {
    const weights = new Float32Array(n).map(() => draw.normal()), zeros = new Float32Array(n);
    return { name, weights, plain: weights.slice(), first: zeros, second: zeros.slice() };
  });
  for (let step = 1; step <= 5; step++) {
    for (const { name, plain, first, second } of start) {
      const gradient = memory.gradient(name).map(() => draw.normal() * 10 ** (4 * draw.normal()));
      memory.gradient(name).set(gradient);
      const unbias = 1 / (1 - beta2 ** step), scale = rate * (1 / (1 - beta1 ** step));
      gradient.forEach((slope, i) => {
        const g = slope * factor;
        const m = first[i] = beta1 * first[i] + (1 - beta1) * g;
        const v = second[i] = beta2 * second[i] + (1 - beta2) * g * g;
        plain[i] = plain[i] * (1 - rate * decay) - scale * m / (Math.sqrt(v * unbias) + 1e-8);
      });
    }
    for (const { name, weights } of start) {
      memory.step(name, weights, { step, rate, decay, factor });
    }
  }
  for (const { name, weights, plain, first, second } of start) {
    const { first: m, second: v } = memory.moments(name);
    assert.deepEqual([weights, m, v], [plain, first, second], name);
  }
});
