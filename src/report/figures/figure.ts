/**
 * What a figure is: a Plotly specification with the words that go with it. Figures are plain JSON, drawn by
 * `draw.ts` (SVG, PNG), by the HTML report and by notebooks alike.
 * @module
 */

/** A Plotly trace. */
export type Trace = Readonly<Record<string, unknown>>;

/** A Plotly layout. */
export type Layout = Readonly<Record<string, unknown>>;

/**
 * What a point or bar stands for: carried as `customdata` by every point that has queries behind it, so that
 * the report can list them. All given fields hold at once.
 */
export interface Behind {
  /** Router id. */
  readonly router?: string;
  /** Model name: the queries the router sent there, or a single model. */
  readonly model?: string;
  /** Benchmark name. */
  readonly benchmark?: string;
  /** How many models solve the query; the least number where `solversTo` is there. */
  readonly solvers?: number;
  /** The greatest number of models that solve the query. */
  readonly solversTo?: number;
  /** Protocol of the result, in figures over several. */
  readonly protocol?: string;
  /** Dataset of the result, in figures over several. */
  readonly dataset?: string;
}

/** A figure. */
export interface Figure {
  /** File stem, stable. */
  readonly id: string;
  /** The question it answers or the thing it shows. */
  readonly title: string;
  /** How to read it, in one to three sentences; also its text alternative. */
  readonly caption: string;
  /** Plotly traces. */
  readonly data: readonly Trace[];
  /** Plotly layout; `width` and `height` in pixels are set. */
  readonly layout: Layout;
}
