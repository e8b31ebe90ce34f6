/** Llama, Qwen2 and Qwen3 in float64 loops over plain arrays, as written in their papers: the reference row. */
import type { StoredTensor } from "../../src/nn/safetensors.ts";

type Row = number[];
type Weights = ReadonlyMap<string, StoredTensor>;

/** Rows of the token table. */
export function tokenRows(weights: Weights, ids: readonly number[]): Row[] {
  return ids.map((id) => matrixOf(weights, "model.embed_tokens.weight")[id]);
}

/** Logits of every row of one sequence for the whole vocabulary, causally. */
export function naiveLogits(
  weights: Weights,
  config: Readonly<Record<string, unknown>>,
  rows: readonly Row[],
): Row[] {
  return walk(weights, config, rows, Number(config.num_hidden_layers)).logits();
}

/** States of every row behind some blocks, not normalised; rows enter behind the blocks before `from`. */
export function naiveStates(
  weights: Weights,
  config: Readonly<Record<string, unknown>>,
  rows: readonly Row[],
  blocks: number,
  from = 0,
): Row[] {
  return walk(weights, config, rows, blocks, from).states;
}

function walk(
  weights: Weights,
  config: Readonly<Record<string, unknown>>,
  rows: readonly Row[],
  blocks: number,
  from = 0,
): { states: Row[]; logits: () => Row[] } {
  const heads = Number(config.num_attention_heads), kv = Number(config.num_key_value_heads);
  const width = Number(config.hidden_size), head = Number(config.head_dim ?? width / heads);
  const epsilon = Number(config.rms_norm_eps), theta = Number(config.rope_theta);
  const apply = (name: string, x: Row): Row => {
    const bias = weights.get(`${name}.bias`)?.data;
    return matrixOf(weights, `${name}.weight`).map((w, i) => dot(w, x) + (bias?.[i] ?? 0));
  };
  const norm = (name: string, x: Row): Row => {
    const gain = weights.get(`${name}.weight`)!.data;
    const root = Math.sqrt(dot(x, x) / x.length + epsilon);
    return x.map((value, i) => value / root * gain[i]);
  };
  const normHeads = (name: string, x: Row): Row => {
    if (!weights.has(`${name}.weight`)) return x;
    const starts = Array.from({ length: x.length / head }, (_, h) => h * head);
    return starts.flatMap((at) => norm(name, x.slice(at, at + head)));
  };
  const turn = (x: Row, t: number): Row => {
    const out = x.slice();
    for (let h = 0; h < x.length; h += head) {
      for (let j = 0; j < head / 2; j++) {
        const angle = t / theta ** (2 * j / head), a = x[h + j], b = x[h + j + head / 2];
        out[h + j] = a * Math.cos(angle) - b * Math.sin(angle);
        out[h + j + head / 2] = b * Math.cos(angle) + a * Math.sin(angle);
      }
    }
    return out;
  };
  let x = rows.map((row) => [...row]);
  for (let layer = from; layer < blocks; layer++) {
    const at = `model.layers.${layer}`;
    const normed = x.map((row) => norm(`${at}.input_layernorm`, row));
    const q = normed.map((row, t) =>
      turn(normHeads(`${at}.self_attn.q_norm`, apply(`${at}.self_attn.q_proj`, row)), t)
    );
    const k = normed.map((row, t) =>
      turn(normHeads(`${at}.self_attn.k_norm`, apply(`${at}.self_attn.k_proj`, row)), t)
    );
    const v = normed.map((row) => apply(`${at}.self_attn.v_proj`, row));
    x = x.map((row, t) => {
      const seen: Row = [];
      for (let h = 0; h < heads; h++) {
        const own = Math.floor(h / (heads / kv)) * head;
        const cut = (z: Row, from: number): Row => z.slice(from, from + head);
        const e = k.slice(0, t + 1).map((key) =>
          Math.exp(dot(cut(q[t], h * head), cut(key, own)) / Math.sqrt(head))
        );
        const sum = e.reduce((a, b) => a + b, 0);
        for (let j = 0; j < head; j++) {
          seen.push(e.reduce((total, p, s) => total + p / sum * v[s][own + j], 0));
        }
      }
      const h = plus(row, apply(`${at}.self_attn.o_proj`, seen));
      const n = norm(`${at}.post_attention_layernorm`, h);
      const gate = apply(`${at}.mlp.gate_proj`, n), up = apply(`${at}.mlp.up_proj`, n);
      const hidden = gate.map((g, i) => g / (1 + Math.exp(-g)) * up[i]);
      return plus(h, apply(`${at}.mlp.down_proj`, hidden));
    });
  }
  const output = config.tie_word_embeddings ? "model.embed_tokens" : "lm_head";
  return { states: x, logits: () => x.map((row) => apply(output, norm("model.norm", row))) };
}

function matrixOf(weights: Weights, name: string): Row[] {
  const stored = weights.get(name)!, known = matrices.get(stored);
  if (known) return known;
  const made = rowsOf(stored);
  matrices.set(stored, made);
  return made;
}

const matrices = new WeakMap<StoredTensor, Row[]>();

function rowsOf({ shape: [rows, width], data }: StoredTensor): Row[] {
  return Array.from(
    { length: rows },
    (_, i) => Array.from(data.subarray(i * width, (i + 1) * width)),
  );
}

function dot(a: Row, b: Row): number {
  return a.reduce((sum, value, i) => sum + value * b[i], 0);
}

function plus(a: Row, b: Row): Row {
  return a.map((value, i) => value + b[i]);
}
