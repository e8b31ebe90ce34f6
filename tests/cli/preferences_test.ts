/** `deno task preferences`: what it refuses, and that the committed numbers follow from the committed decisions. */
import assert from "node:assert/strict";
import { UsageError } from "../../src/base/errors.ts";
import { main } from "../../src/cli/preferences.ts";
import { withFolder } from "../results/fixture.ts";
import { captured } from "../support/capture.ts";

Deno.test("preferences: the committed numbers are recomputed, other folders and seeds refused", async () => {
  if (!Deno.env.get("ICLR_DATA")) {
    await assert.rejects(main([]), /ICLR_DATA must name/);
    return console.log("SKIPPED: the committed file, as ICLR_DATA is not set");
  }
  await assert.rejects(main(["--seeds", "x"]), /"x" is not a whole number/);
  await withFolder((folder) => assert.rejects(main(["--verify", "--out", folder]), UsageError));
  const lines = await captured(() => main(["--verify"]));
  assert.match(lines.join("\n"), /preferences\.static\.json: \d+ numbers recomputed/);
});
