// @ts-check
/// <reference lib="dom" />

/** @typedef {{ key: string, label: string, dataset: string, name: string, protocol: string, queries: string | null, why: string | null }} Entry */

/**
 * An element with attributes and children; texts become text nodes, never markup.
 * @param {string} name
 * @param {Record<string, string | boolean | null>} attributes
 * @param {...(Node | string | null)} children
 * @returns {HTMLElement}
 */
export function element(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === true) made.setAttribute(key, "");
    else if (value !== null && value !== false) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

/**
 * An element of the page that must be there.
 * @template {HTMLElement} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`the page has no ${type.name} #${id}`);
  return found;
}

/**
 * @param {number} value score
 * @returns {string} as the tables print it
 */
export function scoreText(value) {
  if (Number.isNaN(value)) return "–";
  return Number.isInteger(value) ? `${value}` : value.toFixed(3).replace(/^0\./, ".");
}

/**
 * @param {number} value US dollars
 * @returns {string} dollars per 1,000 such queries
 */
export function moneyText(value) {
  if (Number.isNaN(value)) return "–";
  const dollars = 1000 * value;
  return dollars === 0 ? "0" : dollars < 999.5 ? dollars.toPrecision(3) : dollars.toFixed(0);
}
