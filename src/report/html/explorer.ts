/**
 * The query explorer's place in the page: its controls; the script fills the rest.
 * @module
 */
import { html, type Markup } from "./markup.ts";
import { EXCERPT } from "./query_data.ts";

/** A result as the explorer offers it. */
export interface Offered {
  /** Its name in the page. */
  readonly label: string;
  /** Its dataset. */
  readonly dataset: string;
  /** Why its queries cannot be looked at; absent = they can. */
  readonly why?: string;
}

/** What {@link explorerHtml} offers to filter by, as `client/data.js` understands it. */
const OUTCOMES: Readonly<Record<string, string>> = {
  "": "any",
  right: "right",
  wrong: "wrong",
  missed: "wrong, but some model right",
  cheaper: "a cheaper model was right",
  lost: "wrong, the other router right",
  won: "right, the other router wrong",
  differ: "the two routers differ",
};

/** The section, with a sentence for every result whose queries are not in the page. */
export function explorerHtml(results: readonly Offered[]): Markup {
  const missing = results.flatMap((r) => r.why ? [{ ...r, why: r.why }] : []);
  const reasons = [...Map.groupBy(missing, (r) => r.why)];
  return html`<section id="queries" aria-labelledby="queries-title">
<h2 id="queries-title" tabindex="-1">Queries</h2>
${
    missing.length < results.length &&
    html`<p>Which query went where, and what it cost: headline decisions (λ = 0) of every router and seed. Texts are cut
at ${EXCERPT} characters. A router's name, or a point or bar of a figure, leads here.</p>
<noscript><p class="warning">Looking at queries needs JavaScript; deno task export writes the same decisions as
CSV.</p></noscript>`
  }${
    reasons.map(([why, own]) =>
      html`<p class="absent">${
        reasons.length === 1 && own.length === results.length
          ? ""
          : `${own.map((r) => `${r.dataset}, ${r.label}`).join("; ")}: `
      }${why}</p>`
    )
  }${missing.length < results.length && controls()}
</section>`;
}

function controls(): Markup {
  return html`
    <form id="explorer" class="js">
      <div class="tools">
    ${[
      select("result", "Result"),
      select("seed", "Seed"),
      select("router", "Router"),
      select("other", "Compared with"),
    ]}
      </div>
      <div class="tools">
    ${[select("benchmark", "Benchmark"), select("model", "Sent to")]}
    <label>Outcome <select name="outcome">${Object.entries(OUTCOMES).map(([value, title]) =>
      html`<option value="${value}">${title}</option>`
    )}</select></label>
    <label>Models that solve it <span class="range"><input type="number" name="from" min="0" aria-label="at least" placeholder="0"> to <input type="number" name="to" min="0" aria-label="at most"></span></label>
    <label>Text or id <input type="search" name="text"></label>
    <label>Order <select name="order"><option value="">as recorded</option><option value="lost">most score lost</option><option value="cost">dearest</option></select></label>
    <button type="reset">Clear</button>
      </div>
    </form>
    <div class="js">
      <p id="query-count" role="status"></p>
      <div class="scroll" role="region" aria-label="List of queries" tabindex="0">
        <table id="query-list"></table>
      </div>
      <div
        class="pager"><button type="button" id="query-previous">Previous 50</button> <span id="query-page"></span> <button type="button" id="query-next">Next 50</button></div>
    </div>
    <dialog id="query" aria-labelledby="query-title"></dialog>
  `;
}

function select(name: string, title: string): Markup {
  return html`
    <label>${title} <select name="${name}"></select></label>
  `;
}
