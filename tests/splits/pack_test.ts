import assert from "node:assert/strict";
import { packSplits, unpackSplits } from "../../src/splits/pack.ts";
import { splitHash } from "../../src/splits/split.ts";
import { makeSplits } from "../../src/splits/make.ts";
import { DataError } from "../../src/base/errors.ts";
import { generated, tableOf } from "./tables.ts";

const { rows, groups } = generated({ alpha: 1000, beta: 900, gamma: 700 }, 5);
const table = tableOf(rows);
const splits = ["id", "ood", "new-model"]
  .flatMap((protocol) => makeSplits(table, groups, protocol, [1, 2]));

Deno.test("pack: through JSON and back, same splits and hashes, a fraction of the size", () => {
  const json = JSON.stringify(packSplits(splits));
  const back = unpackSplits(JSON.parse(json), "file");
  assert.deepEqual(back, splits);
  assert.deepEqual(back.map(splitHash), splits.map(splitHash));
  assert.ok(json.length < JSON.stringify(splits).length / 2, `${json.length} characters`);
});

Deno.test("unpack: errors name the source, the split and the field", () => {
  const [good] = packSplits(splits.slice(-1));
  const broken: [Record<string, unknown>, RegExp][] = [
    [{ format: 2 }, /file: split 0: format must be 1, got 2/],
    [{ dataset: "" }, /dataset must be a text/],
    [{ dataSha256: "abc" }, /dataSha256 must be 64 hex digits, got "abc"/],
    [{ idsSha256: undefined }, /idsSha256 must be 64 hex digits, got undefined/],
    [{ seed: 0.5 }, /seed/],
    [{ fold: -1 }, /fold must be a whole number from 0/],
    [{ validation: "test" }, /validation/],
    [{ heldOutModels: [1] }, /heldOutModels/],
    [{ roles: "tve" }, /roles: not deflated base64/],
    [{ roles: 7 }, /roles: not deflated base64/],
    [{ roles: packSplits([{ ...splits[0], roles: "tex" }])[0].roles }, /letters t, v, e and d/],
    [{ profile: { selection: "best", order: "" } }, /profile.selection/],
    [{ profile: { ...good.profile, order: "!" } }, /profile.order: not deflated/],
    [{ roles: packSplits([{ ...splits[0], roles: "eee" }])[0].roles }, /profile.order holds row/],
  ];
  for (const [change, message] of broken) {
    assert.throws(() => unpackSplits([{ ...good, ...change }], "file"), (error) => {
      assert.ok(error instanceof DataError);
      assert.match(error.message, message);
      return true;
    });
  }
  assert.throws(() => unpackSplits({}, "file"), /file: expected an array/);
  assert.throws(() => unpackSplits([null], "file"), DataError);
});
