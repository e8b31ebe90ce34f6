/**
 * Language models of random weights, as large as published ones: speed does not depend on what a weight says.
 * @module
 */
import { random } from "../../src/base/random.ts";
import type { Backbone } from "../../src/lm/backbone.ts";
import { decoderConfig, decoderShapes } from "../../src/lm/config.ts";
import { decoderOf, type DecoderOptions } from "../../src/lm/decoder.ts";
import type { LmTokenizer } from "../../src/lm/tokenizer.ts";
import { type Initialiser, ones, Parameters } from "../../src/nn/parameters.ts";

/** Numbers after which random weights repeat: billions of draws would take minutes. */
const PERIOD = 1 << 20;

/** A model of a configuration, its blocks `from` (default 0) to the last. @param tokenizer none, where no text is read */
export function randomDecoder(
  content: Readonly<Record<string, unknown>>,
  options: Pick<DecoderOptions, "tuning" | "from">,
  tokenizer: LmTokenizer = { hash: "none" } as LmTokenizer,
): Backbone {
  const config = decoderConfig(content, "a random model"), stream = random(1, "random decoder");
  const drawn = Float32Array.from({ length: PERIOD }, () => 0.02 * stream.normal());
  const filled: Initialiser = (data) => {
    for (let at = 0; at < data.length; at += PERIOD) {
      data.set(drawn.subarray(0, Math.min(PERIOD, data.length - at)), at);
    }
  };
  const parameters = new Parameters(stream);
  for (const [name, shape] of decoderShapes(config)) {
    const [, layer] = /^model\.layers\.(\d+)\./.exec(name) ?? [];
    if (layer !== undefined && Number(layer) < (options.from ?? 0)) continue;
    parameters.add(name, shape, /norm\.weight$/.test(name) ? ones : filled);
  }
  return decoderOf(config, parameters, tokenizer, options);
}
