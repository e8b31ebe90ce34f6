/**
 * Draws figures as SVG and PNG without a browser: Plotly inside jsdom, then resvg.
 *
 * jsdom lays nothing out, so text widths are estimated from the number of characters. Types that need a
 * canvas (heatmap, WebGL) cannot be drawn here. The packages are large and loaded on first use.
 * @module
 */
import { random } from "../../base/random.ts";
import type { Figure } from "./figure.ts";

/** The window with Plotly in it. */
interface Drawing {
  Math: { random: () => number };
  Plotly: {
    newPlot(place: unknown, data: unknown, layout: unknown): Promise<unknown>;
    toImage(plot: unknown, options: Record<string, unknown>): Promise<string>;
    purge(place: unknown): void;
  };
  document: {
    body: { appendChild(node: unknown): { remove(): void } };
    createElement(name: string): unknown;
  };
}

/** What is used of an SVG element. */
interface Element {
  readonly tagName: string;
  readonly style?: { readonly fontSize: string; readonly textAnchor: string };
  readonly textContent: string | null;
  readonly parentElement: Element | null;
  getAttribute(name: string): string | null;
  querySelectorAll(selector: string): ArrayLike<Element>;
}

/** A rectangle in pixels. */
interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

let drawing: Promise<Drawing> | undefined;

/** A figure as standalone SVG text; the same figure gives the same text. */
export async function svg(figure: Figure): Promise<string> {
  const { Plotly, document, Math } = await (drawing ??= open());
  // Plotly names the parts of a picture at random.
  const draw = random(0, "names in a drawing");
  Math.random = () => draw.next();
  const place = document.body.appendChild(document.createElement("div"));
  const layout = structuredClone(figure.layout) as { width: number; height: number };
  const plot = await Plotly.newPlot(place, structuredClone(figure.data), layout);
  const { width, height } = layout;
  const uri = await Plotly.toImage(plot, { format: "svg", width, height });
  Plotly.purge(place);
  place.remove();
  return decodeURIComponent(uri.slice(uri.indexOf(",") + 1));
}

/**
 * The same picture as PNG bytes.
 * @param figure a figure, or its SVG text
 * @param scale device pixels per pixel
 */
export async function png(figure: Figure | string, scale = 2): Promise<Uint8Array> {
  const { Resvg } = await import("npm:@resvg/resvg-js@2.6.2");
  return new Resvg(typeof figure === "string" ? figure : await svg(figure), {
    background: "white",
    fitTo: { mode: "zoom", value: scale },
    font: { defaultFontFamily: "DejaVu Sans" },
  }).render().asPng();
}

/**
 * The estimated box of a text, or the box around all texts of a group.
 * @param placed with the translations of the element's parents
 */
function boxOf(element: Element, placed = false): Box {
  const own = element.tagName === "text" || element.tagName === "tspan";
  const boxes = (own ? [element] : Array.from(element.querySelectorAll("text")))
    .map((text) => textBox(text, placed));
  const x = Math.min(...boxes.map((b) => b.x)), y = Math.min(...boxes.map((b) => b.y));
  if (boxes.length === 0) return { x: 0, y: 0, width: 0, height: 0 };
  return {
    x,
    y,
    width: Math.max(...boxes.map((b) => b.x + b.width)) - x,
    height: Math.max(...boxes.map((b) => b.y + b.height)) - y,
  };
}

function textBox(text: Element, placed: boolean): Box {
  const spans = Array.from(text.querySelectorAll("tspan.line"));
  const size = parseFloat(text.style?.fontSize ?? "") || 12;
  const lines = spans.length > 0 ? spans : [text];
  const width = Math.max(...lines.map((line) => size * advance(line.textContent ?? "")));
  const anchor = text.style?.textAnchor || text.getAttribute("text-anchor");
  const x = Number(text.getAttribute("x") ?? 0) - width * (ANCHORS[anchor ?? ""] ?? 0);
  const y = Number(text.getAttribute("y") ?? 0) - size;
  const height = 1.3 * size * lines.length;
  if (!placed) return { x, y, width, height };
  let corners = [[x, y], [x + width, y + height], [x, y + height], [x + width, y]];
  for (let at: Element | null = text; at; at = at.parentElement) {
    corners = transformed(corners, at.getAttribute("transform") ?? "");
  }
  const [xs, ys] = [0, 1].map((i) => corners.map((c) => c[i]));
  const left = Math.min(...xs), top = Math.min(...ys);
  return { x: left, y: top, width: Math.max(...xs) - left, height: Math.max(...ys) - top };
}

/** Points after the translations and rotations of a transform attribute, the last one first. */
function transformed(points: readonly number[][], attribute: string): number[][] {
  const steps = [...attribute.matchAll(/(translate|rotate)\(([^)]*)\)/g)].reverse();
  return steps.reduce((at, [, kind, text]) => {
    const [a, b = 0, c = 0] = text.trim().split(/[\s,]+/).map(Number);
    if (kind === "translate") return at.map(([x, y]) => [x + a, y + b]);
    const cos = Math.cos(a * Math.PI / 180), sin = Math.sin(a * Math.PI / 180);
    return at.map(([x, y]) => [
      b + (x - b) * cos - (y - c) * sin,
      c + (x - b) * sin + (y - c) * cos,
    ]);
  }, points.map((p) => [...p]));
}

/** Share of a text's width that lies to the left of its anchor. */
const ANCHORS: Readonly<Record<string, number>> = { middle: 0.5, end: 1 };

/** Width of a text in DejaVu Sans, in units of its size: exact to a few percent. */
function advance(text: string): number {
  let width = 0;
  for (const c of text) {
    width += /[il.,:;'|!I ()[\]jft/−-]/.test(c)
      ? 0.36
      : /[mwMW%@—]/.test(c)
      ? 0.95
      : /[A-Z]/.test(c)
      ? 0.69
      : 0.62;
  }
  return width;
}

async function open(): Promise<Drawing> {
  const [{ JSDOM }, { default: source }] = await Promise.all([
    import("npm:jsdom@31.0.1"),
    import("npm:plotly.js-dist@4.1.1", { with: { type: "text" } }),
  ]);
  const { window } = new JSDOM("<!doctype html>", {
    pretendToBeVisual: true,
    runScripts: "outside-only",
  });
  Object.assign(window.SVGElement.prototype, {
    getComputedTextLength(this: Element): number {
      return boxOf(this).width;
    },
    getBBox(this: Element): Box {
      return boxOf(this);
    },
    getBoundingClientRect(this: Element): Box & { left: number; top: number } {
      const { x, y, width, height } = boxOf(this, true);
      return Object.assign({ x, y, width, height, left: x, top: y }, {
        right: x + width,
        bottom: y + height,
      });
    },
  });
  Object.assign(window.HTMLCanvasElement.prototype, { getContext: () => null });
  window.URL.createObjectURL = () => "blob:";
  window.eval(source as string);
  return window as unknown as Drawing;
}
