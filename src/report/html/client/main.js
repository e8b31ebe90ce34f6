// @ts-check
/// <reference lib="dom" />
import { byId } from "./dom.js";
import { setUpExplorer } from "./explorer.js";
import { redraw, setUpFigures } from "./figures.js";
import { setUpEdges } from "./edges.js";
import { setUpTables } from "./tables.js";
import { setUpPrinting, setUpTheme } from "./theme.js";

/** Width of a figure on paper, in pixels. */
const PAPER = 690;

/** @type {{ results: import("./dom.js").Entry[] }} */
const config = JSON.parse(byId("config", HTMLElement).textContent ?? "");
const chooser = byId("result", HTMLSelectElement);
const explorer = setUpExplorer(config.results);

/**
 * Shows one result; without scripts all are shown.
 * @param {string} key
 */
function showResult(key) {
  for (const section of document.querySelectorAll("section.result")) {
    section.classList.toggle("current", section.id === key);
  }
  for (const link of document.querySelectorAll("a[data-part]")) {
    link.setAttribute("href", `#${key}-${/** @type {HTMLElement} */ (link).dataset.part}`);
  }
  explorer.follow(key);
}

/** A link into another result turns to it: `#r2-figures`. */
function followHash() {
  const key = /^#(r\d+)(-|$)/.exec(location.hash)?.[1];
  if (!key || key === chooser.value || !document.getElementById(key)) return;
  chooser.value = key;
  showResult(key);
  document.getElementById(location.hash.slice(1))?.scrollIntoView();
}

setUpTables();
setUpFigures((behind, key) => explorer.open(behind, key));
setUpTheme(byId("theme", HTMLButtonElement), () => redraw());
setUpPrinting((printing) => redraw(printing ? PAPER : undefined));
setUpEdges();
chooser.addEventListener("change", () => showResult(chooser.value));
globalThis.addEventListener("hashchange", followHash);
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest("a.to-queries") : null;
  if (!(link instanceof HTMLElement)) return;
  event.preventDefault();
  explorer.open({ router: link.dataset.router }, chooser.value);
});
showResult(chooser.value);
followHash();
