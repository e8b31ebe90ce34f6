/**
 * One look for all figures: colours that colour-blind readers can tell apart (Okabe and Ito), the same colour,
 * dash and symbol for the same router everywhere, sizes for a notebook's width and for print.
 * @module
 */
import type { Layout } from "./figure.ts";

/** How a router is drawn. */
export interface Look {
  /** Colour of lines and marks. */
  readonly color: string;
  /** Plotly dash of lines. */
  readonly dash: "solid" | "dash" | "dot" | "dashdot";
  /** Plotly symbol of points. */
  readonly symbol: string;
}

/** Okabe and Ito's colours, yellow darkened for white paper. */
const COLORS = ["#D55E00", "#0072B2", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#8C7A00"];
const DASHES = ["solid", "dash", "dot", "dashdot"] as const;
const SYMBOLS = ["circle", "square", "diamond", "triangle-up"];

/** Routers in the order they were given a look; append, never reorder. */
const KNOWN = [
  ...["icl_router_plus", "knn", "uniroute", "routerdc", "ridge", "mlp", "icl_router"],
  ...["arch_router", "avengers", "uniroute_learned", "embedllm", "logistic", "irt_router", "iro"],
  ...["carrot_knn", "carrot_ridge", "avengers_pro", "model_sat", "svm", "embedllm_knn"],
  ...["routellm_mf", "graph_router", "hybrid_llm", "router_retriever", "router_retriever_mean"],
  ...["cascade", "routellm_mf_pair", "guarded_knn", "profile_knn", "mlp_ensemble", "omni_router"],
  ...["known_mixture", "irt_router_neural", "shared_trunk", "graph_router_label"],
  ...["icl_router_prior", "cascade_replies", "hier_router"],
];

/** What frames a figure but does not compete is grey. */
export const GREY = "#777777";

/** Paler grey: routers in the background, grids. */
export const PALE = "#C8C8C8";

/** The look of a router; of one this file does not know, black stars. */
export function lookOf(router: string): Look {
  const known = KNOWN.indexOf(router);
  if (known < 0) return { color: "#000000", dash: "solid", symbol: "star" };
  const round = Math.floor(known / COLORS.length);
  return {
    color: COLORS[known % COLORS.length],
    dash: DASHES[round % DASHES.length],
    symbol: SYMBOLS[(round + Math.floor(round / SYMBOLS.length)) % SYMBOLS.length], // pairs anew after four rounds
  };
}

/** Cividis, from cheap (dark) to dear (light): ordered for every reader, also in grey. */
const SCALE = [
  "#00204D",
  "#1B3A6B",
  "#414D6B",
  "#5F6170",
  "#7C7B78",
  "#9B9377",
  "#B9AC70",
  "#DAC75F",
  "#FFEA46",
];

/** A colour for the i-th of n things in order, such as models from cheap to dear. */
export function scaleColor(i: number, n: number): string {
  return SCALE[Math.round(i * (SCALE.length - 1) / Math.max(1, n - 1))];
}

/** Width of every figure, in pixels. */
export const WIDTH = 860;

/** The look of every axis; {@link layout} gives it to the first two. */
export const AXIS: Layout = {
  gridcolor: "#E6E6E6",
  linecolor: "#444444",
  zeroline: false,
  ticks: "outside",
  tickcolor: "#444444",
};

/** The vertical axis of a figure with one named row a thing, from top to bottom. */
export function rowAxis(labels: readonly unknown[]): Layout {
  return {
    type: "category",
    categoryorder: "array",
    categoryarray: labels.toReversed(),
    tickfont: { size: 11 },
  };
}

/** The common part of layouts; `own` is laid over it, one level deep for axes and margins. */
export function layout(title: string, own: Layout & { height?: number }): Layout {
  const { xaxis, yaxis, margin, ...rest } = own;
  return {
    width: WIDTH,
    height: 460,
    title: { text: title, x: 0.01, xanchor: "left", font: { size: 16 } },
    font: { family: "DejaVu Sans, Arial, sans-serif", size: 12, color: "#222222" },
    paper_bgcolor: "#FFFFFF",
    plot_bgcolor: "#FFFFFF",
    margin: { l: 70, r: 20, t: 50, b: 60, ...(margin as object) },
    hovermode: "closest",
    legend: { font: { size: 11 }, itemsizing: "constant" },
    ...rest,
    xaxis: { ...AXIS, ...(xaxis as object) },
    yaxis: withRoom({ ...AXIS, ...(yaxis as object) }),
  };
}

/** A vertical axis whose title keeps off its numbers. */
function withRoom(axis: Layout): Layout {
  return axis.title ? { ...axis, title: { ...(axis.title as object), standoff: 14 } } : axis;
}
