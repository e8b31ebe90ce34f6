import assert from "node:assert/strict";
import { DataError } from "../../src/base/errors.ts";
import { hashJson } from "../../src/base/hash.ts";
import { isNewModel, readResult, type Result, rounded, seal } from "../../src/results/result.ts";
import { f1Run } from "./f1.ts";
import { withFolder, written } from "./fixture.ts";
import { loose, resealed } from "./forge.ts";

Deno.test("rounded: ten digits, no NaN, structure kept", () => {
  assert.deepEqual(
    rounded({ a: 1 / 3, b: [123456789.123456, NaN, Infinity, -Infinity], c: "1/3", d: null, e: 7 }),
    { a: 0.3333333333, b: [123456789.1, null, null, null], c: "1/3", d: null, e: 7 },
  );
  assert.equal(rounded(1e-12 / 3), 3.333333333e-13);
  assert.equal(rounded(0), 0);
});

Deno.test("seal: the hash is of everything else, in canonical JSON", () => {
  const sealed = seal({ b: 1, a: { d: 2, c: 3 } } as unknown as Omit<Result, "sha256">);
  assert.equal(sealed.sha256, hashJson({ a: { c: 3, d: 2 }, b: 1 }));
  // Sealing goes by content, so the order of fields does not matter.
  assert.equal(seal({ a: { c: 3, d: 2 }, b: 1 } as unknown as typeof sealed).sha256, sealed.sha256);
});

Deno.test("readResult: what was written comes back", () =>
  withFolder(async (folder) => {
    const { path, assembled } = await written(folder, await f1Run(folder));
    const result = await readResult(path);
    assert.deepEqual(result, loose(assembled.result));
    assert.equal(isNewModel(result.evaluation), false);
    assert.match(path, /results\/[\w.-]+@inferred-[0-9a-f]{8}\/id\.static\.[0-9a-f]{8}\.json$/);
    assert.doesNotMatch(await Deno.readTextFile(path), /\d{4}-\d\d-\d\dT/, "no clock");
  }));

Deno.test("readResult: errors name the file, the field and what was expected", () =>
  withFolder(async (folder) => {
    const { assembled } = await written(folder, await f1Run(folder));
    const path = `${folder}/broken.json`;
    const cases: [edit: (result: ReturnType<typeof loose>) => void, message: RegExp][] = [
      [(r) => r.format = "other", /: \/format must be equal to constant$/],
      [(r) => r.formatVersion = 2, /: \/formatVersion must be equal to constant$/],
      [(r) => delete r.command, /: \/ must have required property 'command'$/],
      [(r) => r.extra = 1, /: \/ must NOT have additional properties "extra"$/],
      [(r) => r.dataset.queries = "8", /: \/dataset\/queries must be integer$/],
      [(r) => r.dataset.sha256 = "abc", /: \/dataset\/sha256 must match pattern/],
      [(r) => r.protocol.seeds = [], /: \/protocol\/seeds must NOT have fewer than 1 items$/],
      [
        (r) => r.protocol.control = "none at all",
        /: \/protocol\/control must be equal to one of .*"constant-text"/,
      ],
      [(r) => r.protocol.testOpened = 2, /: \/protocol\/testOpened must be equal to constant$/],
      [(r) => r.splits.file = "../other.json", /: \/splits\/file must match pattern/],
      [(r) => r.decisions.file = "a/b.gz", /: \/decisions\/file must match pattern/],
      [(r) => r.routers[0].needs = ["luck"], /: \/routers\/0\/needs\/0 must be equal to one of/],
      [
        (r) => r.routers[0].chosen[0].score = 0.5,
        /: \/routers\/0\/chosen\/0\/score must be integer$/,
      ],
      [(r) => r.audit.strict = {}, /: \/audit\/strict must have required property/],
      [
        (r) => r.evaluation.panels[0].guessFloor = null,
        /: \/evaluation\/panels\/0\/guessFloor must be number/,
      ],
    ];
    for (const [edit, message] of cases) {
      const changed = loose(assembled.result);
      edit(changed);
      await Deno.writeTextFile(path, resealed(changed));
      await assert.rejects(readResult(path), (error) => {
        assert.ok(error instanceof DataError, String(error));
        assert.ok(error.message.startsWith(path), error.message);
        assert.match(error.message, message);
        return true;
      });
    }
  }));

Deno.test("readResult: an altered number, text that is no JSON, numbers without end", () =>
  withFolder(async (folder) => {
    const facts = { hand: { grid: [{ at: null }] } };
    const { path } = await written(folder, await f1Run(folder, { facts }));
    const text = await Deno.readTextFile(path);
    const refused = async (content: string, message: RegExp): Promise<void> => {
      assert.notEqual(content, text);
      await Deno.writeTextFile(path, content);
      await assert.rejects(readResult(path), (error) => {
        assert.ok(error instanceof DataError, String(error));
        assert.match(error.message, message);
        return true;
      });
    };
    await refused(
      text.replace('"quality": 0.75', '"quality": 0.76'),
      /\/sha256 does not match the content/,
    );
    await refused(text.slice(0, -3), /not valid JSON/);
    await refused(text.replace('"quality": 0.75', '"quality": NaN'), /not valid JSON/);
    // JSON has no infinity, but 1e999 parses to it and is hashed like null.
    await refused(
      text.replace('"at": null', '"at": 1e999'),
      /\/grid\/0\/at must be a finite number$/,
    );
    await refused(
      text.replace('"quality_default_config": null', '"quality_default_config": 1e999'),
      /: \/evaluation\/routers\/0\/mean\/quality_default_config must be number,null$/,
    );
    await Deno.writeTextFile(path, JSON.stringify(JSON.parse(text)));
    await readResult(path); // white space is not content
    await assert.rejects(readResult(`${folder}/none.json`), /none\.json: cannot be read/);
  }));
