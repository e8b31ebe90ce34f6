/**
 * The browser's side of the report: modules of `client/` joined to one script, with style and Plotly, and
 * the policy that lets nothing else run or load.
 * @module
 */
import { createHash } from "node:crypto";
import plotly from "plotly.js-basic-dist-min" with { type: "text" };
import data from "./client/data.js" with { type: "text" };
import dialog from "./client/dialog.js" with { type: "text" };
import dom from "./client/dom.js" with { type: "text" };
import edges from "./client/edges.js" with { type: "text" };
import explorer from "./client/explorer.js" with { type: "text" };
import figures from "./client/figures.js" with { type: "text" };
import keys from "./client/keys.js" with { type: "text" };
import list from "./client/list.js" with { type: "text" };
import main from "./client/main.js" with { type: "text" };
import queriesStyle from "./client/queries.css" with { type: "text" };
import style from "./client/style.css" with { type: "text" };
import tablesStyle from "./client/tables.css" with { type: "text" };
import tables from "./client/tables.js" with { type: "text" };
import theme from "./client/theme.js" with { type: "text" };
import unpack from "./client/unpack.js" with { type: "text" };
import { scriptText } from "./markup.ts";

/** The report's style sheet. */
export const STYLE: string = style + tablesStyle + queriesStyle;

/** Set before anything is shown, so that nothing jumps: scripts run, and which theme was chosen. */
export const EARLY: string = `document.documentElement.classList.add("scripted");` +
  `try{const t=localStorage.getItem("icl-router-bench-theme");` +
  `if(t)document.documentElement.dataset.theme=t}catch{}`;

/** Plotly, ready for a `<script>` element. */
export const PLOTLY: string = scriptText(plotly);

/** What uses a module stands after it. */
const MODULES = [
  ...[dom, unpack, theme, edges, keys, figures],
  ...[tables, data, dialog, list, explorer, main],
];

/** The report's script. */
export const SCRIPT: string = scriptText(
  `(() => {\n"use strict";\n${MODULES.map(withoutModules).join("\n")}})();\n`,
);

/** Nothing from the network, no script but the three above, by hash: a query text can bring none of its own. */
export const POLICY: string = [
  "default-src 'none'",
  `script-src ${[EARLY, PLOTLY, SCRIPT].map(hashSource).join(" ")}`,
  "style-src 'unsafe-inline'",
  "img-src data: blob:",
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

/** A module as part of a longer script; names are unique over all of them. */
function withoutModules(source: string): string {
  return source.replaceAll(/^import [^;]*;\n/gm, "").replaceAll(/^export /gm, "");
}

function hashSource(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
