/**
 * The memo behind `QueryBatch.memo`.
 * @module
 */
import type { Memo } from "./contract.ts";

/** A fresh memo for a batch named `id`. */
export function createMemo(id: string): Memo {
  const kept = new Map<string, unknown>();
  const memo = <T>(key: string, make: () => T): T => {
    if (!kept.has(key)) {
      const made = make();
      kept.set(key, made);
      // What failed or was aborted may be asked for again.
      if (made instanceof Promise) made.catch(() => kept.delete(key));
    }
    return kept.get(key) as T;
  };
  return Object.assign(memo, { id });
}
