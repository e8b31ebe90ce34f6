/** Errors from thread to thread: what arrives is what was thrown, as far as anyone looks. */
import assert from "node:assert/strict";
import { CapabilityError } from "../../src/base/errors.ts";
import { receiveError, sendError } from "../../src/base/threads.ts";

Deno.test("an error arrives with its name, message, stack and exit code", () => {
  const thrown = new CapabilityError("too few rows");
  const error = receiveError(structuredClone(sendError(thrown))) as CapabilityError;
  assert.ok(error instanceof Error);
  const { name, message, stack, exitCode } = error;
  assert.deepEqual({ name, message, exitCode }, {
    name: "CapabilityError",
    message: "too few rows",
    exitCode: 4,
  });
  assert.equal(stack, thrown.stack);
});

Deno.test("what is thrown without being an error arrives as one", () => {
  const error = receiveError(structuredClone(sendError("odd")));
  assert.deepEqual([error.name, error.message], ["Error", "odd"]);
  assert.equal(receiveError(sendError(undefined)).message, "undefined");
});
