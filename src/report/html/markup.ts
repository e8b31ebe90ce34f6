/**
 * Building HTML: every value is escaped unless it was built here.
 * @module
 */

/** HTML that was built, not typed by anybody: it goes into a page as it is. */
export class Markup {
  /** Wraps finished HTML. */
  constructor(readonly text: string) {}
}

/** What may stand in a template: text and numbers are escaped, nothing is printed for what is absent. */
export type Piece = Markup | string | number | null | undefined | false | readonly Piece[];

/** Template tag: `html`<td>${name}</td>``. Line breaks with their indentation shrink to one, at the ends to none. */
export function html(parts: TemplateStringsArray, ...values: readonly Piece[]): Markup {
  const lines = parts.map((part) => part.replaceAll(/\s*\n\s*/g, "\n"));
  lines[0] = lines[0].replace(/^\n/, "");
  lines.push(lines.pop()!.replace(/\n$/, ""));
  return new Markup(lines.reduce((text, part, i) => text + textOf(values[i - 1]) + part));
}

/** Text for element content and quoted attributes. */
export function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;").replaceAll("'", "&#39;");
}

/**
 * JavaScript for a `<script>` element. `</script` would end it and `<!--` change how its end is found; both
 * can stand in strings and patterns only, where a backslash more means the same.
 */
export function scriptText(source: string): string {
  return source.replaceAll(/<\/(script)/gi, "<\\/$1").replaceAll("<!--", "<\\!--");
}

/** JSON for a `<script>` element that is data. */
export function jsonText(value: unknown): Markup {
  return new Markup(JSON.stringify(value).replaceAll("<", "\\u003c"));
}

function textOf(value: Piece): string {
  if (value === null || value === undefined || value === false) return "";
  if (value instanceof Markup) return value.text;
  if (typeof value === "object") return value.map(textOf).join("");
  return escaped(String(value));
}
