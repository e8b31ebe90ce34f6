// @ts-check
/// <reference lib="dom" />

const SYSTEM_DARK = globalThis.matchMedia?.("(prefers-color-scheme: dark)");

let onPaper = false;

/**
 * Paper is white, whatever the screen is.
 * @param {(printing: boolean) => void} changed called when the page goes to paper, and when it is back
 */
export function setUpPrinting(changed) {
  const turn = (/** @type {boolean} */ printing) => {
    if (printing === onPaper) return;
    onPaper = printing;
    changed(printing);
  };
  globalThis.addEventListener("beforeprint", () => turn(true));
  globalThis.addEventListener("afterprint", () => turn(false));
  globalThis.matchMedia?.("print").addEventListener("change", ({ matches }) => turn(matches));
}

/** @returns {boolean} whether the page is dark: by choice, else by the system; never on paper */
export function isDark() {
  if (onPaper) return false;
  const chosen = document.documentElement.dataset.theme;
  return chosen ? chosen === "dark" : SYSTEM_DARK?.matches ?? false;
}

/**
 * Sets the toggle up.
 * @param {HTMLButtonElement} button
 * @param {() => void} changed called when colours have changed
 */
export function setUpTheme(button, changed) {
  const show = () => {
    button.textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", `${isDark() ? "Light" : "Dark"} colours`);
  };
  show();
  button.addEventListener("click", () => {
    const theme = isDark() ? "light" : "dark";
    document.documentElement.dataset.theme = theme;
    try {
      localStorage.setItem("icl-router-bench-theme", theme);
    } catch {
      // A page from disk may not be allowed to keep anything: the choice then lasts as long as the page.
    }
    show();
    changed();
  });
  SYSTEM_DARK?.addEventListener("change", () => {
    show();
    changed();
  });
}

/** Figures come in colours for white paper; on dark, greys and near-blacks are turned over. */
/** @type {Record<string, string>} */
const ON_DARK = {
  "#FFFFFF": "#14181d",
  "#222222": "#e4e7eb",
  "#333333": "#c4cad2",
  "#444444": "#8d96a1",
  "#666666": "#a4acb6",
  "#777777": "#98a1ac",
  "#000000": "#f4f6f8",
  "#E6E6E6": "#2b323a",
  "#EBEBEB": "#29303a",
  "#E3E3E3": "#3b434d",
  "#C8C8C8": "#4b545f",
  "#0072B2": "#3fa0e6",
  "#8C7A00": "#bfa92a",
  "#00204D": "#1f4f94",
  "rgba(255,255,255,0.8)": "rgba(20,24,29,0.8)",
};

/**
 * A copy of a figure's part with its colours for the page as it is now.
 * @param {any} value
 * @returns {any}
 */
export function recoloured(value) {
  if (typeof value === "string") return isDark() ? ON_DARK[value] ?? value : value;
  if (Array.isArray(value)) return value.map(recoloured);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, own]) => [key, recoloured(own)]));
}
