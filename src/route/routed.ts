/**
 * What a router in use is asked with, and what it says.
 * @module
 */
import type { EmbeddingProvider } from "../embed/mod.ts";
import type { Matrix } from "../linalg/matrix.ts";

/** How to choose between score and cost; by default score alone. */
export interface Trade {
  /** Price of cost, λ ≥ 0, with costs scaled to 0…1 over the pool. */
  readonly lambda?: number;
  /** Setting of the router's own dial, which takes the place of λ where it has one. */
  readonly dial?: number;
}

/** What a router says of one text. */
export interface Routed {
  /** The chosen model. */
  readonly model: string;
  /** All models of the pool, in its order. */
  readonly models: readonly RoutedModel[];
}

/** What a router says of one model for one text. */
export interface RoutedModel {
  /** Its name. */
  readonly model: string;
  /** Predicted score; null where the router cannot choose the model. */
  readonly score: number | null;
  /** US dollars a query: predicted, else the mean of the recorded ones; null where not known. */
  readonly cost: number | null;
}

/** A recorded query near a text. */
export interface Recorded {
  /** Id of the query. */
  readonly id: string;
  /** Its text; null where the data may not be passed on, so that the file has none. */
  readonly text: string | null;
  /** Benchmark, and its task where there is one. */
  readonly task: string;
  /** Cosine of the vectors. */
  readonly similarity: number;
  /** What every model scored; null = missing. */
  readonly scores: Readonly<Record<string, number | null>>;
}

/** Vectors of texts, made before. */
export interface GivenVectors {
  /** Raw features, before preparation, one row a text. */
  readonly raw: Matrix;
  /** What made them. */
  readonly provider: Pick<EmbeddingProvider, "name" | "key">;
}
