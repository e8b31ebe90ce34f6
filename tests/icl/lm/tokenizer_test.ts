/** Tokenizers of language models: parts cast, text to and fro, what is refused. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { openTokenizer as openPlain } from "../../../src/lm/tokenizer.ts";
import {
  castTokens,
  type TextTokenizer,
  type TokenizerOptions,
} from "../../../src/icl/lm/tokenizer.ts";
import { tokenizerJson, VOCABULARY, writeDecoder } from "../../lm/tiny_decoder.ts";
import { inFolder } from "../../support/folder.ts";

const openTokenizer = async (
  folder: string,
  options: TokenizerOptions = {},
  vocabulary = VOCABULARY,
): Promise<TextTokenizer> => castTokens(await openPlain(folder), vocabulary, options);

Deno.test("the tokenizer: specials by id only, text to and fro", async () => {
  await inFolder(async (folder) => {
    await writeDecoder(folder);
    const tokenizer = await openTokenizer(folder);
    const { encode, decode, slot, end, yes, no } = tokenizer;
    assert.deepEqual([encode("Yes"), encode("No")], [[yes], [no]]);
    const text = "the é in <|im_end|>\n\n<|fim_pad|>";
    assert.ok(!encode(text).includes(end) && !encode(text).includes(slot));
    assert.equal(decode([end, ...encode(text), slot]), text);
    assert.deepEqual(encode(["t", "he"]), encode("the"), "texts side by side are one");
    assert.deepEqual(encode(["t", slot, "he"]), [...encode("t"), slot, ...encode("he")]);
    const turn = encode([...tokenizer.before("user"), "the", ...tokenizer.after]);
    assert.equal(turn.length, 2 + encode("user\nthe").length + 1);
    assert.equal(turn.at(-2), end);
  });
});

Deno.test("a tokenizer without what ICL-Router needs is refused", async () => {
  await inFolder(async (folder) => {
    await writeDecoder(folder);
    const path = join(folder, "tokenizer.json");
    const refuse = async (json: unknown, message: RegExp): Promise<void> => {
      await Deno.writeTextFile(path, JSON.stringify(json));
      await assert.rejects(openTokenizer(folder), { name: "DataError", message });
    };
    await refuse(tokenizerJson(["N o"]), /tokenizer\.json: "Yes" is 3 tokens \(.*\), expected one/);
    const json = tokenizerJson();
    const added = json.added_tokens as { content: string }[];
    await refuse(
      { ...json, added_tokens: added.filter(({ content }) => content !== "<|fim_pad|>") },
      /tokenizer\.json: added_tokens: no special token <\|fim_pad\|> or <empty_output>/,
    );
    await refuse({ ...json, model: undefined }, /tokenizer\.json: not a tokenizer/);
    await refuse({}, /tokenizer\.json/);
    await Deno.writeTextFile(path, JSON.stringify(json));
    await assert.rejects(openTokenizer(folder, { slot: 7 }), /no special token 7/);
    await assert.rejects(
      openTokenizer(folder, {}, 100),
      /vocab_size: 100, but the tokenizer's ids/,
    );
    const id = VOCABULARY - 4;
    assert.equal((await openTokenizer(folder, { slot: id })).slot, id);
    await assert.rejects(
      openTokenizer(folder, { answers: ["Yes", "Nope"] }),
      /"Nope" is \d tokens/,
    );
  });
});

Deno.test("the slot of a model without Qwen's is SmolLM2's", async () => {
  await inFolder(async (folder) => {
    await writeDecoder(folder);
    const json = tokenizerJson(), added = json.added_tokens as { id: number; content: string }[];
    const renamed = added.map((token) =>
      token.content === "<|fim_pad|>" ? { ...token, content: "<empty_output>" } : token
    );
    const text = JSON.stringify({ ...json, added_tokens: renamed });
    await Deno.writeTextFile(join(folder, "tokenizer.json"), text);
    assert.equal((await openTokenizer(folder)).slot, VOCABULARY - 1);
  });
});

Deno.test("a chat may have another form", async () => {
  await inFolder(async (folder) => {
    await writeDecoder(folder);
    const { encode, before, after, end } = await openTokenizer(folder, {
      chat: {
        before: (role, special) => [special("<|im_start|>"), role, special("<|im_end|>"), "\n\n"],
        end: "<|endoftext|>",
        gap: "",
      },
    });
    const [start, role, close, gap] = ["<|im_start|>", "user", "<|im_end|>", "\n\n"];
    const special = (token: string): number => encode(before("x")).at(token === start ? 0 : 2)!;
    assert.deepEqual(encode([...before("user"), "in", ...after]), [
      special(start),
      ...encode(role),
      special(close),
      ...encode(`${gap}in`),
      end,
    ]);
    assert.equal(end, VOCABULARY - 4);
  });
});
