/**
 * A model's recorded reply, in the one form that routers see. What graded it is no part of it.
 * @module
 */

/** What a model said to a query. */
export interface Reply {
  /** Beginning and end, whole where the source kept it whole; between them ` … ` where something is missing. */
  readonly text: string;
  /** The answer as the source read it from the reply, a letter or a text; absent where none was found. */
  readonly final?: string;
  /** Characters of the whole reply; NaN = unknown. */
  readonly chars: number;
  /** Output tokens; NaN = unknown. */
  readonly tokens: number;
}

/** What the control "replies blanked" puts in the place of every reply. */
export const BLANK: Reply = { text: "", chars: NaN, tokens: NaN };
