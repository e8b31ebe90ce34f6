// @ts-check
/// <reference lib="dom" />
import { element } from "./dom.js";

/** @typedef {{ trace: number, point: number }} Place a point of a figure */

const HOW =
  "Arrow keys go from point to point, Enter lists the queries behind one, Escape lets go.";

/**
 * Whether a point's data say which queries are behind it.
 * @param {any} value
 */
export function isBehind(value) {
  return Boolean(value) && typeof value === "object" && !Array.isArray(value);
}

/**
 * Makes a drawn figure usable by keyboard: left and right go along a line or bar, up and down from one to the
 * next, Enter opens what is behind the point. What a mouse would see is read out.
 * @param {any} place
 * @param {any} plotly
 * @param {(behind: any) => void} open
 */
export function setUpKeys(place, plotly, open) {
  const status = element("p", { class: "pointed", role: "status" });
  place.closest(".scroll").after(status);
  for (
    const [name, value] of Object.entries({
      tabindex: "0",
      role: "group",
      "aria-labelledby": place.dataset.title,
    })
  ) place.setAttribute(name, value);
  let trace = 0, point = -1;

  const show = () => {
    const own = place._fullData[trace];
    const subplot = `${own.xaxis ?? "x"}${own.yaxis ?? "y"}`;
    plotly.Fx.unhover(place); // or a hover so soon after the last one waits for a moment
    plotly.Fx.hover(place, [{ curveNumber: trace, pointNumber: point }], subplot);
    const lines = [...place.querySelectorAll(".hoverlayer .hovertext text")].flatMap((text) => {
      const spans = [...text.querySelectorAll("tspan.line")];
      return (spans.length > 0 ? spans : [text]).map((line) => line.textContent ?? "");
    }).filter((line) => line.trim() !== "");
    status.textContent = lines.length > 0
      ? lines.join(", ")
      : `${own.name}: ${own.x[point]}, ${own.y[point]}`;
    place.closest(".scroll").scrollLeft = leftOf(place, trace, point);
  };
  const letGo = () => {
    point = -1;
    plotly.Fx.unhover(place);
    status.textContent = "";
  };
  place.addEventListener("focus", () => status.textContent = HOW);
  place.addEventListener("blur", letGo);
  place.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    if (event.target !== place) return; // a button of the figure's own
    const { key } = event;
    if (key === "Enter" && point >= 0) {
      const behind = place._fullData[trace].customdata?.[point];
      if (isBehind(behind)) open(behind);
      else status.textContent += " (no queries are listed behind it)";
    } else if (key === "Escape") letGo();
    else {
      const next = stepped(place, { trace, point }, key);
      if (!next) return;
      ({ trace, point } = next);
      show();
    }
    event.preventDefault();
  });
}

/**
 * The point a key leads to; undefined for other keys.
 * @param {any} place
 * @param {Place} from
 * @param {string} key
 * @returns {Place | undefined}
 */
function stepped(place, { trace, point }, key) {
  const along = { ArrowRight: 1, ArrowLeft: -1 }[key], across = { ArrowDown: 1, ArrowUp: -1 }[key];
  const inside = place._fullData.map((/** @type {any} */ _, /** @type {number} */ t) =>
    pointsInside(place, t)
  );
  const traces = [...inside.keys()].filter((t) => inside[t].length > 0);
  if (traces.length === 0) return undefined;
  if (along === undefined && across === undefined && key !== "Home" && key !== "End") {
    return undefined;
  }
  if (point < 0) return { trace: traces[0], point: inside[traces[0]][0] };
  const own = inside[trace], at = own.indexOf(point);
  if (key === "Home") return { trace, point: own[0] };
  if (key === "End") return { trace, point: own.at(-1) };
  // The ends of a line lead to the next one, so that left and right alone reach everything.
  if (along !== undefined && own[at + along] !== undefined) {
    return { trace, point: own[at + along] };
  }
  const step = along ?? across ?? 1;
  const other = traces[(traces.indexOf(trace) + step + traces.length) % traces.length];
  if (along !== undefined) return { trace: other, point: inside[other].at(step > 0 ? 0 : -1) };
  return {
    trace: other,
    point: inside[other][Math.min(Math.max(at, 0), inside[other].length - 1)],
  };
}

/**
 * Points of a trace that are in its frame and say something.
 * @param {any} place
 * @param {number} trace
 * @returns {number[]}
 */
function pointsInside(place, trace) {
  const own = place._fullData[trace];
  if (own.visible !== true || own.hoverinfo === "skip" || !own.x) return [];
  const axes = [[own.x, axisOf(place, own.xaxis ?? "x")], [own.y, axisOf(place, own.yaxis ?? "y")]];
  return [...own.x.keys()].filter((i) =>
    axes.every(([values, axis]) => {
      const at = axis.d2p(values[i]);
      return at >= -1 && at <= axis._length + 1;
    })
  );
}

/**
 * @param {any} place
 * @param {string} id `x2`
 */
function axisOf(place, id) {
  return place._fullLayout[`${id[0]}axis${id.slice(1)}`];
}

/**
 * How far the box must be scrolled for the point to be in its middle.
 * @param {any} place
 * @param {number} trace
 * @param {number} point
 */
function leftOf(place, trace, point) {
  const own = place._fullData[trace], axis = axisOf(place, own.xaxis ?? "x");
  return axis._offset + axis.d2p(own.x[point]) - place.closest(".scroll").clientWidth / 2;
}
