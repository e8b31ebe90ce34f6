import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import { Graph } from "../../src/nn/graph.ts";
import { bind, normal, ones, Parameters, values, zeros } from "../../src/nn/parameters.ts";

/** Three parameters, added in a given order. */
function three(order: readonly string[], seed = 5): Parameters {
  const parameters = new Parameters(random(seed, "start"));
  for (const name of order) parameters.add(name, [2, 3], normal(0.5));
  return parameters;
}

Deno.test("a parameter starts the same whatever was added before it", () => {
  const a = three(["x", "y", "z"]), b = three(["z", "x", "y"]);
  for (const name of ["x", "y", "z"]) assert.deepEqual(a.get(name).data, b.get(name).data);
  assert.notDeepEqual(a.get("x").data, a.get("y").data);
  assert.notDeepEqual(a.get("x").data, three(["x"], 6).get("x").data);
  assert.deepEqual([...b].map(([name]) => name), ["z", "x", "y"]);
});

Deno.test("initialisers fill what they say", () => {
  const parameters = new Parameters(random(1));
  parameters.add("zeros", [2], zeros);
  parameters.add("ones", [2], ones);
  parameters.add("values", [2], values([3, -4]));
  parameters.add("normal", [10_000], normal(0.5));
  assert.deepEqual([...parameters.get("zeros").data], [0, 0]);
  assert.deepEqual([...parameters.get("ones").data], [1, 1]);
  assert.deepEqual([...parameters.get("values").data], [3, -4]);
  const { data } = parameters.get("normal");
  const mean = data.reduce((a, b) => a + b, 0) / data.length;
  const variance = data.reduce((a, b) => a + b * b, 0) / data.length;
  assert.ok(Math.abs(mean) < 0.02 && Math.abs(variance - 0.25) < 0.01, `${mean} ${variance}`);
  assert.equal(parameters.count, 10_006);
});

Deno.test("a copy has numbers of its own, and others where they are given", () => {
  const parameters = new Parameters(random(1));
  parameters.add("kept", [2], values([1, 2]));
  parameters.add("replaced", [1], values([3]));
  const copy = parameters.copy({ replaced: { shape: [2, 1], data: [4, 5] } });
  assert.deepEqual([...copy].map(([name, { shape }]) => [name, shape]), [
    ["kept", [2]],
    ["replaced", [2, 1]],
  ]);
  copy.get("kept").data[0] = 9;
  assert.deepEqual([...parameters.get("kept").data], [1, 2]);
  assert.deepEqual([...copy.get("replaced").data], [4, 5]);
  assert.throws(() => parameters.copy({ kept: { shape: [3], data: [1] } }), RangeError);
});

Deno.test("names and sizes that do not fit are refused", () => {
  const parameters = three(["x"]);
  assert.throws(() => parameters.add("x", [1], zeros), { name: "RangeError", message: /"x"/ });
  assert.throws(() => parameters.get("y"), { name: "RangeError", message: /"y"/ });
  assert.throws(() => parameters.add("v", [3], values([1, 2])), { message: /2 values .* of 3/ });
  assert.throws(() => parameters.restore(new Map([["x", new Float32Array(2)]])), {
    name: "RangeError",
    message: /2 values .* of 6/,
  });
  assert.deepEqual([parameters.has("x"), parameters.has("y")], [true, false]);
});

Deno.test("a snapshot is a copy, and comes back in place", () => {
  const parameters = three(["x", "y"]), { data } = parameters.get("x");
  const snapshot = parameters.snapshot(), before = [...data];
  data.fill(9);
  parameters.restore(snapshot);
  assert.deepEqual([...data], before);
  assert.notEqual(parameters.get("x").data, snapshot.get("x"));
});

Deno.test("bound parameters become inputs when they are first asked for", () => {
  const parameters = three(["x", "y", "z"]), graph = new Graph();
  const bound = bind(graph, parameters, (name) => name === "y");
  assert.deepEqual(graph.inputs, []);
  assert.equal(bound("x"), bound("x"));
  assert.deepEqual(
    [bound("y"), bound("x")].map(({ differentiable }) => differentiable),
    [false, true],
  );
  assert.deepEqual(graph.inputs.map(({ name }) => name), ["x", "y"]);
  assert.deepEqual([...bound.used.keys()], ["x", "y"]);
  assert.deepEqual(Object.keys(bound.feeds), ["x", "y"]);
  assert.equal(bound.feeds.x, parameters.get("x").data);
  assert.throws(() => bound("w"), { message: /"w"/ });
});
