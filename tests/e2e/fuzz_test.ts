/** A few of the random command lines of `tests/bench/fuzz_cli.ts`, which runs more. */
import assert from "node:assert/strict";
import { fuzz } from "../bench/fuzz_cli.ts";

Deno.test("whatever is typed, a command says whose fault it is, shows no stack and changes no file", async () => {
  assert.deepEqual(await fuzz(40, 1), []);
});
