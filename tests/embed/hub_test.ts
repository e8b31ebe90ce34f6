/** transformers.js: local folders offline, and downloads from a server of our own. */
import assert from "node:assert/strict";
import { env } from "npm:@huggingface/transformers@4.3.1";
import { CapabilityError, DataError } from "../../src/base/errors.ts";
import { row } from "../../src/linalg/matrix.ts";
import { openHub } from "../../src/embed/hub.ts";
import { openProvider } from "../../src/embed/mod.ts";
import type { HubModel } from "../../src/embed/models.ts";
import {
  TINY_VECTORS,
  TINY_VOCABULARY,
  withTinyDecoder,
  withTinyEncoder,
} from "../support/tiny_model.ts";

const TEXTS = ["the cat sat.", "", "dogs ran", "two plus two?", "the dog sat. the cat ran"];

for (const pooling of ["mean", "cls", "last_token"]) {
  Deno.test(`${pooling}: the same vectors as the plain ONNX provider, batch or single`, () =>
    withTinyEncoder(async (folder) => {
      const hub = await openProvider(`hub:${folder}?pooling=${pooling}`);
      const onnx = await openProvider(`onnx:${folder}?pooling=${pooling}`);
      const batch = await hub.embed(TEXTS);
      assert.deepEqual(batch, await onnx.embed(TEXTS));
      for (const [i, text] of TEXTS.entries()) {
        const single = (await hub.embed([text])).data;
        single.forEach((x, j) => assert.ok(Math.abs(x - batch.data[3 * i + j]) < 1e-6));
      }
      assert.equal(hub.facts.sha256, onnx.facts.sha256);
    }));
}

Deno.test("a causal model: the last token of a padded batch is that of the text alone", () =>
  withTinyDecoder(async (folder) => {
    const hub = await openProvider(`hub:${folder}?pooling=last_token`);
    const onnx = await openProvider(`onnx:${folder}?pooling=last_token`);
    const batch = await hub.embed(TEXTS);
    assert.deepEqual(batch, await onnx.embed(TEXTS));
    const words = ["[CLS]", "dog", "##s", "ran", "[SEP]"]
      .map((piece) => TINY_VECTORS[TINY_VOCABULARY.indexOf(piece)]);
    // The last of five tokens stands at position 4.
    const last = [0, 1, 2].map((j) => words.reduce((sum, word) => sum + word[j], 4));
    const length = Math.hypot(...last);
    last.forEach((x, j) => assert.ok(Math.abs(row(batch, 2)[j] - x / length) < 1e-6));
    for (const [i, text] of TEXTS.entries()) {
      assert.deepEqual((await hub.embed([text])).data, row(batch, i));
    }
  }));

Deno.test("a prefix stands before every text and in the key", () =>
  withTinyEncoder(async (folder) => {
    const plain = await openProvider(`hub:${folder}`);
    const prefixed = await openProvider(`hub:${folder}?prefix=the%20`);
    assert.deepEqual(await prefixed.embed(["cat"]), await plain.embed(["the cat"]));
    assert.notEqual(prefixed.key, plain.key);
  }));

Deno.test("a missing folder or file is named, without asking the network", () =>
  withTinyEncoder(async (folder) => {
    await assert.rejects(openProvider(`hub:${folder}/none`), /none: no such folder/);
    await assert.rejects(
      openProvider(`hub:${folder}?dtype=fp16`),
      (error: Error) => error instanceof DataError && /model_fp16\.onnx/.test(error.message),
    );
  }));

Deno.test("a model is downloaded once, then used without the server", () =>
  withTinyEncoder((source) =>
    withTinyEncoder(async (store) => {
      const asked: string[] = [];
      const server = Deno.serve(
        { port: 0, hostname: "127.0.0.1", onListen: () => {} },
        async (request) => {
          const path = new URL(request.url).pathname;
          asked.push(path);
          const file = path.replace("/org/tiny/resolve/main/", "");
          return await Deno.readFile(`${source}/${file}`)
            .then((bytes) => new Response(bytes), () => new Response("none", { status: 404 }));
        },
      );
      const host = env.remoteHost;
      env.remoteHost = `http://127.0.0.1:${server.addr.port}/`;
      const model: HubModel = {
        ...{ name: "hub:org/tiny", model: "org/tiny", pooling: "mean", prefix: "", dtype: "fp32" },
        ...{ revision: "main", maxTokens: 64, preparation: "none", device: "cpu", store },
      };
      try {
        const first = await openHub(model);
        const vectors = await first.embed(TEXTS);
        assert.ok(asked.includes("/org/tiny/resolve/main/onnx/model.onnx"));
        await server.shutdown();
        const again = await openHub(model);
        assert.equal(again.key, first.key);
        assert.deepEqual(await again.embed(TEXTS), vectors);
        const local = await openProvider(`hub:${source}?tokens=64`);
        assert.equal(first.facts.sha256, local.facts.sha256);
        await assert.rejects(
          openHub({ ...model, model: "org/other" }),
          (error: Error) => error instanceof CapabilityError && /org\/other/.test(error.message),
        );
      } finally {
        env.remoteHost = host;
        await server.shutdown();
      }
    })
  ));
