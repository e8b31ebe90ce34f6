/** Programs that are kept compiled, and how many. */
import assert from "node:assert/strict";
import { random } from "../../src/base/random.ts";
import type { Graph } from "../../src/nn/graph.ts";
import { mul, sumAll } from "../../src/nn/ops.ts";
import { type Bound, Parameters, values } from "../../src/nn/parameters.ts";
import { Programs } from "../../src/nn/programs.ts";
import { Trainer } from "../../src/nn/trainer.ts";

function one(): Parameters {
  const parameters = new Parameters(random(1));
  parameters.add("w", [1], values([3]));
  return parameters;
}

Deno.test("at most some programs are kept; the one not used for longest is compiled again", async () => {
  const built: string[] = [];
  const programs = new Programs(one(), { most: 2 });
  const run = async (name: string): Promise<number> => {
    const { y } = await programs.run(name, (graph: Graph, parameter: Bound) => {
      built.push(name);
      graph.output("y", mul(parameter("w"), graph.input("x", [1])));
    }, { x: Float32Array.of(Number(name)) });
    return y[0];
  };
  const made: number[] = [];
  for (const name of ["1", "2", "1", "3", "1", "2"]) made.push(await run(name));
  assert.deepEqual(made, [3, 6, 3, 9, 3, 6]);
  assert.deepEqual(built, ["1", "2", "3", "2"], "2 made room for 3");
  await programs.release();
});

Deno.test("a trainer's steps do not depend on how many programs it keeps", async () => {
  const weight = async (most?: number): Promise<{ w: number; built: number }> => {
    const parameters = one(), trainer = new Trainer(parameters, { schedule: () => 0.1, most });
    let built = 0;
    for (const shape of [1, 2, 3, 1, 2, 3]) {
      await trainer.update(`${shape}`, (graph, parameter) => {
        built++;
        const x = graph.input("x", [shape]);
        return sumAll(mul(mul(parameter("w"), x), mul(parameter("w"), x)));
      }, [{ x: new Float32Array(shape).fill(1) }]);
    }
    await trainer.release();
    return { w: parameters.get("w").data[0], built };
  };
  const all = await weight(), two = await weight(2);
  assert.deepEqual([all.built, two.built], [3, 6]);
  assert.equal(two.w, all.w);
});
