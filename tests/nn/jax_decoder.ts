/**
 * The decoder of `src/nn/transformer.ts`, written independently with JAX's primitives (jax-js, float32).
 *
 * Arrays of jax-js are owned: each use consumes one, and `.ref` makes another use.
 * @module
 */
import {
  type Array as Jax,
  defaultDevice,
  init,
  nn,
  numpy as np,
  valueAndGrad,
} from "npm:@jax-js/jax@0.1.25";
import type { Parameters } from "../../src/nn/parameters.ts";
import type { BlockShape } from "../../src/nn/transformer.ts";

/** Sizes and data of one loss. */
export interface DecoderData {
  readonly batch: number;
  readonly length: number;
  readonly layers: number;
  readonly tokens: readonly number[];
  readonly targets: readonly number[];
  readonly rowWeights: readonly number[];
}

/** Weighed mean cross-entropy of a decoder with tied embedding, and its gradient by parameter. */
export async function jaxDecoder(
  parameters: Parameters,
  shape: BlockShape,
  data: DecoderData,
): Promise<{ loss: number; gradients: Map<string, Float32Array> }> {
  await init("wasm");
  defaultDevice("wasm");
  const given = Object.fromEntries(
    [...parameters].map(([name, { shape, data }]) => [
      name,
      np.array(data.slice()).reshape([...shape]),
    ]),
  );
  const [loss, slopes] = valueAndGrad((w: Record<string, Jax>) => decoderLoss(w, shape, data))(
    given,
  );
  const gradients = new Map<string, Float32Array>();
  for (const [name, slope] of Object.entries(slopes as Record<string, Jax>)) {
    gradients.set(name, await slope.data() as Float32Array);
  }
  return { loss: (await loss.data())[0], gradients };
}

function decoderLoss(
  w: Record<string, Jax>,
  shape: BlockShape,
  { batch, length, layers, tokens, targets, rowWeights }: DecoderData,
): Jax {
  const rows = batch * length, use = (name: string): Jax => w[name].ref;
  const vocabulary = w.table.shape[0];
  const oneHot = (numbers: readonly number[]): Jax =>
    nn.oneHot(np.array([...numbers], { dtype: np.int32 }), vocabulary);
  let x = np.matmul(oneHot(tokens), use("table")).reshape([batch, length, shape.width]);
  for (let i = 0; i < layers; i++) x = decoderBlock(x, use, `layers.${i}`, shape);
  x = norm(x, use, "norm", shape).reshape([rows, shape.width]);
  const logs = nn.logSoftmax(np.matmul(x, use("table").transpose()), -1);
  const share = rowWeights.map((weight) => weight / rowWeights.reduce((a, b) => a + b));
  const right = np.sum(logs.mul(oneHot(targets)), -1);
  return np.sum(right.mul(np.array(share))).neg();
}

type Use = (name: string) => Jax;

function decoderBlock(x: Jax, use: Use, prefix: string, shape: BlockShape): Jax {
  const { heads, kvHeads = heads, width, headWidth = width / heads } = shape;
  const [batch, length] = x.shape;
  const dense = (x: Jax, name: string): Jax =>
    np.einsum("bti,oi->bto", x, use(`${prefix}.${name}.weight`));
  const cut = (h: Jax, letter: string, count: number): Jax => {
    let y = dense(h, `self_attn.${letter}_proj`);
    if (shape.attentionBias) y = y.add(use(`${prefix}.self_attn.${letter}_proj.bias`));
    return y.reshape([batch, length, count, headWidth]).transpose([0, 2, 1, 3]);
  };
  const h = norm(x.ref, use, `${prefix}.input_layernorm`, shape);
  const q = turn(cut(h.ref, "q", heads), shape), k = turn(cut(h.ref, "k", kvHeads), shape);
  const v = cut(h, "v", kvHeads);
  // Query head i shares the keys and values of head ⌊i / (heads / kvHeads)⌋.
  const grouped = q.reshape([batch, kvHeads, heads / kvHeads, length, headWidth]);
  const scores = np.einsum("bgqid,bgjd->bgqij", grouped, k).mul(1 / Math.sqrt(headWidth));
  const hidden = np.triu(np.ones([length, length]), 1).mul(-1e9);
  const seen = np.einsum("bgqij,bgjd->bgqid", nn.softmax(scores.add(hidden), -1), v);
  const joined = seen.reshape([batch, heads, length, headWidth]).transpose([0, 2, 1, 3])
    .reshape([batch, length, heads * headWidth]);
  x = x.add(dense(joined, "self_attn.o_proj"));
  const n = norm(x.ref, use, `${prefix}.post_attention_layernorm`, shape);
  const inner = shape.feedForward === "gelu"
    ? nn.gelu(dense(n, "mlp.up_proj"), { approximate: true })
    : nn.silu(dense(n.ref, "mlp.gate_proj")).mul(dense(n, "mlp.up_proj"));
  return x.add(dense(inner, "mlp.down_proj"));
}

function norm(x: Jax, use: Use, prefix: string, { norm = "rms", epsilon }: BlockShape): Jax {
  const centred = norm === "layer" ? x.ref.sub(np.mean(x, -1, { keepdims: true })) : x;
  const variance = np.mean(np.square(centred.ref), -1, { keepdims: true });
  const root = np.sqrt(variance.add(epsilon ?? (norm === "layer" ? 1e-5 : 1e-6)));
  const y = centred.div(root).mul(use(`${prefix}.weight`));
  return norm === "layer" ? y.add(use(`${prefix}.bias`)) : y;
}

/** Rotary positions: pairs (x_j, x_{j + half}) as complex numbers times exp(i · t · base^(−j / half)). */
function turn(x: Jax, { rotaryBase = 10_000 }: BlockShape): Jax {
  if (rotaryBase === null) return x;
  const [, , length, width] = x.shape, half = width / 2;
  const angles = Array.from(
    { length },
    (_, t) => Array.from({ length: half }, (_, j) => t * rotaryBase ** (-j / half)),
  );
  const cos = np.array(angles.map((row) => row.map(Math.cos)));
  const sin = np.array(angles.map((row) => row.map(Math.sin)));
  const [a, b] = np.split(x, 2, -1);
  return np.concatenate([
    a.ref.mul(cos.ref).sub(b.ref.mul(sin.ref)),
    a.mul(sin).add(b.mul(cos)),
  ], -1);
}
