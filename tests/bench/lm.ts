/**
 * A language model's tokens and speed beside other implementations. For development; needs python3 with
 * tokenizers, gguf, PyTorch and transformers, and the model in the store.
 *
 *     deno run -A --lock=full.lock tests/bench/lm.ts tokens smollm2-q4_1 SmolLM2.gguf reasoning-gym mmlu-pro …
 *     deno run -A --lock=full.lock tests/bench/lm.ts tokens minilm tokenizer.json reasoning-gym mmlu-pro …
 *     deno run -A --lock=full.lock tests/bench/lm.ts speed [layer] [threads] [rounds]
 *     deno run -A --lock=full.lock tests/bench/lm.ts embed 200 reasoning-gym
 *     deno run -A --lock=full.lock tests/bench/lm.ts lengths reasoning-gym mmlu-pro …
 * @module
 */
import process from "node:process";
import { loadDataset } from "../../datasets/load.ts";
import { openProvider } from "../../src/embed/mod.ts";
import { defaultLayer } from "../../src/lm/presets.ts";
import { openTokenizer } from "../../src/lm/tokenizer.ts";
import { matmul, reshape } from "../../src/nn/ops.ts";
import { Programs } from "../../src/nn/programs.ts";
import { findModel, openStates } from "../../src/lm/store.ts";
import { random } from "../../src/base/random.ts";

const ID = "smollm2-q4_1";

/** Asks the script for one line. */
async function peer<T>(...args: string[]): Promise<T> {
  const script = new URL("lm_peers.py", import.meta.url).pathname;
  const { stdout, success } = await new Deno.Command("python3", {
    args: [script, ...args],
    stderr: "inherit",
  }).output();
  if (!success) throw new Error(`${script} failed, see above`);
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
}

/** Queries of the datasets, as many of each, drawn by name. */
async function queries(datasets: readonly string[], count: number): Promise<string[]> {
  const texts: string[] = [];
  for (const name of datasets) {
    const all = (await loadDataset(name)).texts;
    texts.push(...random(1, name).shuffle([...all]).slice(0, Math.ceil(count / datasets.length)));
  }
  return texts.slice(0, count);
}

/** @param source the GGUF or the tokenizer.json that the other tokenizer is made of */
async function tokens(id: string, source: string, datasets: readonly string[]): Promise<void> {
  const tokenizer = await openTokenizer((await findModel(id)).folder);
  const texts = await queries(datasets, 1000), file = await Deno.makeTempFile();
  await Deno.writeTextFile(
    file,
    JSON.stringify({ texts, ids: texts.map((text) => tokenizer.encode(text)) }),
  );
  console.log(JSON.stringify(await peer("tokens", source, file)));
  await Deno.remove(file);
}

/** Milliseconds a token, of CPU time and by the clock. */
interface Speed {
  readonly cpu: number;
  readonly wall: number;
}

async function ours(
  layer: number,
  threads: number,
  size: number,
  length: number,
  n: number,
): Promise<Speed> {
  const model = await findModel(ID);
  const states = await openStates(model, layer), { width } = states;
  const programs = new Programs(states.parameters, { threads });
  const rows = new Float32Array(size * length * width).map((_, i) => Math.sin(i));
  const shares = new Float32Array(size * length).fill(1 / length);
  const run = () =>
    programs.run("", (graph, parameter) => {
      const x = graph.input("rows", [size, length, width]);
      const mean = matmul(graph.input("shares", [size, 1, length]), states.states(parameter, x));
      graph.output("means", reshape(mean, [size, width]));
    }, { rows, shares });
  await run();
  const cpu = process.cpuUsage(), start = performance.now();
  for (let i = 0; i < n; i++) await run();
  const { user, system } = process.cpuUsage(cpu), all = n * size * length;
  await programs.release();
  return { cpu: (user + system) / 1000 / all, wall: (performance.now() - start) / all };
}

/** In turns, so that a busy machine hits both. */
async function speed(
  layer = defaultLayer("llama", 30),
  threads = 1,
  rounds = 3,
  size = 8,
  length = 128,
  n = 4,
): Promise<void> {
  const { folder } = await findModel(ID);
  for (let round = 0; round < rounds; round++) {
    const own = await ours(layer, threads, size, length, n);
    const args = [layer, threads, size, length, n].map(String);
    const torch = await peer<Speed & { version: string }>("speed", folder, ...args);
    console.log(
      `CPU ms a token: ours ${own.cpu.toFixed(2)}, PyTorch ${torch.version} ${
        torch.cpu.toFixed(2)
      }; ` +
        `by the clock ${own.wall.toFixed(2)}, ${torch.wall.toFixed(2)}`,
    );
  }
}

/** How many tokens the datasets have, cut and filled up as the embedding does, and the embedding's own speed. */
async function lengths(datasets: readonly string[], most = 128): Promise<void> {
  const tokenizer = await openTokenizer((await findModel(ID)).folder);
  for (const name of datasets) {
    const texts = (await loadDataset(name)).texts, sample = await queries([name], 500);
    const counts = sample.map((text) =>
      Math.min(most, tokenizer.encode(text.slice(0, 4096)).length)
    );
    const filled = counts.map((n) => n <= most / 4 ? most / 4 : n <= most / 2 ? most / 2 : most);
    const mean = (list: number[]): number => list.reduce((a, b) => a + b, 0) / list.length;
    console.log(
      `${name}: ${texts.length} texts, ${mean(counts).toFixed(0)} tokens of ${most}, ` +
        `${mean(filled).toFixed(0)} with padding; ${
          (texts.length * mean(filled) / 1e6).toFixed(2)
        } M in all`,
    );
  }
}

async function embed(count: number, dataset: string): Promise<void> {
  const provider = await openProvider(`lm:${ID}`), texts = await queries([dataset], count);
  await provider.embed(texts.slice(0, 1));
  const cpu = process.cpuUsage(), start = performance.now();
  await provider.embed(texts);
  const { user, system } = process.cpuUsage(cpu);
  console.log(
    `${texts.length} texts of ${dataset}: ${
      ((user + system) / 1000 / texts.length).toFixed(0)
    } CPU ms ` +
      `a text, ${((performance.now() - start) / texts.length).toFixed(0)} by the clock; ` +
      `${(Deno.memoryUsage().rss / 1e9).toFixed(2)} GB`,
  );
}

if (import.meta.main) {
  const [what, ...rest] = Deno.args;
  if (what === "tokens") await tokens(rest[0], rest[1], rest.slice(2));
  else if (what === "speed") await speed(...rest.map(Number));
  else if (what === "lengths") await lengths(rest);
  else if (what === "embed") await embed(Number(rest[0]), rest[1]);
  else throw new Error(`tokens, speed, lengths or embed, got ${what}`);
}
