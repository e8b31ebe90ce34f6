/**
 * The loop around a trainer: progress, abort, and checkpoints to resume from.
 * @module
 */
import type { Extra } from "./checkpoint.ts";
import type { Trainer } from "./trainer.ts";

/** How a training run is watched and kept. */
export interface LoopOptions {
  /** Steps in all, those before a resumed checkpoint included. */
  readonly steps: number;
  /** Ends the run: `signal.reason` is thrown between two steps. */
  readonly signal?: AbortSignal;
  /** Hears of progress, 0…1. */
  progress?(share: number): void;
  /** Where the state is kept and every how many steps; an existing file is resumed from. */
  readonly checkpoint?: { readonly path: string; readonly every: number };
}

/** What steps remember beside the trainer's state: kept in checkpoints, given back when one is resumed. */
export interface Memory {
  /** What there is to keep. */
  save(): Extra;
  /** Takes it back. @throws {DataError} naming `path`, when it is another run's */
  load(extra: Extra, path: string): void;
}

/**
 * Runs `step` for every step that is not yet done, until it returns `"stop"`. A run that was resumed may be
 * asked for a step once more after it stopped: it has to say so again.
 * @throws {DataError} when there is a checkpoint that cannot be resumed from
 */
export async function loop(
  trainer: Trainer,
  { steps, signal, progress, checkpoint }: LoopOptions,
  step: (index: number) => Promise<"stop" | void>,
  memory?: Memory,
): Promise<void> {
  if (checkpoint && await exists(checkpoint.path)) {
    const extra = await trainer.load(checkpoint.path);
    memory?.load(extra, checkpoint.path);
  }
  while (trainer.step < steps) {
    signal?.throwIfAborted();
    const verdict = await step(trainer.step);
    progress?.(trainer.step / steps);
    if (checkpoint && trainer.step % checkpoint.every === 0) {
      await trainer.save(checkpoint.path, memory?.save());
    }
    if (verdict === "stop") return;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await Deno.stat(path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}
