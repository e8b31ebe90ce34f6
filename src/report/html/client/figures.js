// @ts-check
/// <reference lib="dom" />
import { isBehind, setUpKeys } from "./keys.js";
import { recoloured } from "./theme.js";
import { block } from "./unpack.js";

/** @typedef {{ router?: string, model?: string, benchmark?: string, solvers?: number, solversTo?: number, dataset?: string, protocol?: string }} Behind */

/** @type {any} */
let plotly;

/** Plots drawn so far, with their figures. */
/** @type {Map<HTMLElement, any>} */
const drawn = new Map();

/**
 * Draws figures when they come into view.
 * @param {(behind: Behind, key: string) => void} open shows the queries behind a point; key: of its result
 */
export function setUpFigures(open) {
  const watcher = new IntersectionObserver((entries) => {
    for (const { isIntersecting, target } of entries) {
      if (!isIntersecting) continue;
      watcher.unobserve(target);
      const place = /** @type {HTMLElement} */ (target);
      draw(place, open).catch((error) => place.textContent = `Not drawn: ${error.message}`);
    }
  }, { rootMargin: "300px" });
  for (const place of document.querySelectorAll(".plot")) {
    const own = /** @type {HTMLElement} */ (place);
    own.style.height = `${own.dataset.height}px`;
    watcher.observe(own);
  }
}

/**
 * Draws all figures again in the colours of now.
 * @param {number} [width] pixels; the room there is if absent
 */
export function redraw(width) {
  for (const [place, figure] of drawn) plot(place, figure, width);
}

/**
 * @param {HTMLElement} place
 * @param {(behind: Behind, key: string) => void} open
 */
async function draw(place, open) {
  const figure = await figureOf(place);
  await plot(place, figure);
  drawn.set(place, figure);
  setUpKeys(place, plotly, (behind) => open(behind, place.dataset.figures ?? ""));
  // @ts-ignore: Plotly's event method
  place.on("plotly_click", ({ points }) => {
    const behind = points.map((/** @type {any} */ p) => p.customdata).find(isBehind);
    if (behind) open(behind, place.dataset.figures ?? "");
  });
}

/** @param {HTMLElement} place */
async function figureOf(place) {
  const { meta } = await block(`figures-${place.dataset.figures}`);
  return meta.figures[Number(place.dataset.figure)];
}

/**
 * @param {HTMLElement} place
 * @param {{ title: string, data: any[], layout: any }} figure
 * @param {number} [width] pixels; the room there is if absent
 */
async function plot(place, figure, width) {
  load();
  const { title: _title, width: _width, ...layout } = recoloured(figure.layout);
  await plotly.react(place, recoloured(figure.data), {
    ...layout,
    margin: { ...layout.margin, t: 36 }, // the title stands above as a heading
    ...(width === undefined ? { autosize: true } : { autosize: false, width }),
    font: { ...layout.font, family: "system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif" },
  }, { responsive: true, displaylogo: false, modeBarButtonsToRemove: ["select2d", "lasso2d"] });
}

/** Plotly lies in the page as text: a second of work that a reader of tables need not wait for. */
function load() {
  if (plotly) return;
  const script = document.createElement("script");
  script.textContent = document.getElementById("plotly")?.textContent ?? "";
  document.head.append(script);
  // @ts-ignore: set by the script
  plotly = globalThis.Plotly;
}
