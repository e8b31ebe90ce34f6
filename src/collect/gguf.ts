/**
 * A local language model from a GGUF file, through node-llama-cpp. The package (about 0.7 GB with all its
 * backends) is opened by a computed name, so that only who serves a model downloads it.
 * @module
 */
import { CapabilityError, DataError } from "../base/errors.ts";
import type { Message } from "./call.ts";

/** The package, at the version in `llama.lock`. */
const PACKAGE = "npm:node-llama-cpp@3.21.1";

/** What is asked of a model. */
export interface Prompt {
  /** The conversation; its last turn is the user's. */
  readonly messages: readonly Message[];
  /** Most tokens of the answer. */
  readonly maxTokens: number;
  /** 0 = the likeliest token each time. */
  readonly temperature: number;
  /** Seed of the draw. */
  readonly seed?: number;
}

/** What a model made of a prompt. */
export interface Completion {
  /** [input, output] tokens. */
  readonly tokens: readonly [number, number];
  /** Of the input tokens, those kept from the prompt before. */
  readonly cached?: number;
  /** `stop`, or `length` where the answer was cut. */
  readonly finish: "stop" | "length";
}

/** A model that answers one prompt at a time. */
export interface LocalModel {
  /**
   * Answers a prompt, piece by piece.
   * @throws {DataError} when prompt and longest answer are more than the context holds
   */
  complete(
    prompt: Prompt,
    onText: (piece: string) => void,
    signal: AbortSignal,
  ): Promise<Completion>;
}

/** As much of the package as is used. */
interface LlamaPackage {
  getLlama(options: object): Promise<{ loadModel(options: object): Promise<LlamaModel> }>;
  LlamaChat: new (options: object) => {
    generateResponse(
      history: readonly object[],
      options: object,
    ): Promise<{ metadata: { stopReason: string } }>;
  };
}

interface LlamaModel {
  tokenize(text: string): { length: number };
  createContext(options: object): Promise<{
    getSequence(): {
      clearHistory(): Promise<void>;
      readonly nextTokenIndex: number;
      tokenMeter: {
        getState(): object;
        diff(before: object): { usedInputTokens: number; usedOutputTokens: number };
      };
    };
  }>;
}

/** Tokens that a chat template may add. */
const TEMPLATE = 64;

/** How a model is run. */
export interface GgufOptions {
  /** Most tokens of prompt and answer together. */
  readonly contextSize: number;
  /** Of the CPU. */
  readonly threads: number;
  /**
   * Whether what a prompt has in common with the beginning of the one before is kept and not read again. Sums are
   * then made in other pieces, so an answer can depend, in the last digits of its probabilities, on what was asked before.
   */
  readonly reuse?: boolean;
}

/**
 * Opens a model on the CPU.
 * @param path of a GGUF file
 * @throws {CapabilityError} when the package cannot be had
 */
export async function openGguf(
  path: string,
  { contextSize, threads, reuse = false }: GgufOptions,
): Promise<LocalModel> {
  const { getLlama, LlamaChat }: LlamaPackage = await import(PACKAGE).catch((error) => {
    throw new CapabilityError(
      `${PACKAGE} cannot be had (${(error as Error).message.split("\n")[0]})`,
    );
  });
  const llama = await getLlama({
    gpu: false,
    build: "never",
    skipDownload: true,
    logLevel: "error",
  });
  const model = await llama.loadModel({ modelPath: path });
  const context = await model.createContext({ contextSize, threads, sequences: 1 });
  const sequence = context.getSequence();
  const chat = new LlamaChat({ contextSequence: sequence });
  return {
    async complete({ messages, maxTokens, temperature, seed }, onText, signal) {
      const length = messages.reduce((sum, { content }) => sum + model.tokenize(content).length, 0);
      if (length + maxTokens + TEMPLATE > contextSize) {
        throw new DataError(
          `${length} tokens and an answer of ${maxTokens} do not fit into a context of ${contextSize}`,
        );
      }
      // Unless it is asked for, nothing is kept of earlier prompts: the same prompt gives the same answer.
      if (!reuse) await sequence.clearHistory();
      const before = sequence.tokenMeter.getState();
      const { metadata } = await chat.generateResponse(history(messages), {
        maxTokens,
        temperature,
        seed,
        signal,
        onTextChunk: onText,
      });
      const { usedInputTokens, usedOutputTokens } = sequence.tokenMeter.diff(before);
      const inputTokens = sequence.nextTokenIndex - usedOutputTokens;
      return {
        tokens: [inputTokens, usedOutputTokens],
        ...(reuse && { cached: inputTokens - usedInputTokens }),
        finish: metadata.stopReason === "maxTokens" ? "length" : "stop",
      };
    },
  };
}

/** A conversation in the package's form, with an empty answer to be filled. */
function history(messages: readonly Message[]): object[] {
  const turns = messages.map(({ role, content }) =>
    role === "assistant"
      ? { type: "model", response: [content] }
      : { type: role === "system" ? "system" : "user", text: content }
  );
  return [...turns, { type: "model", response: [] }];
}
