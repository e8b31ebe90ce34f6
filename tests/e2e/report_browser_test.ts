/// <reference lib="dom" />
/** The HTML report in a browser: what a reader does with it, and what a checker of accessibility finds. */
import assert from "node:assert/strict";
import { join } from "node:path";
import axe from "npm:axe-core@4.14.1/axe.min.js" with { type: "text" };
import puppeteer, { type Page } from "npm:puppeteer-core@25.16.0";
import { htmlReport } from "../../src/report/html/page.ts";
import { repoPath } from "../../src/base/files.ts";
import type { Reported } from "../../src/report/html/report.ts";
import { openResult } from "../../src/results/open.ts";
import { reported } from "../report/fixture.ts";
import { withFolder } from "../results/fixture.ts";

type Known = Awaited<ReturnType<typeof reported>>;

const PLACES = [
  Deno.env.get("CHROMIUM"),
  "/usr/bin/chromium-headless-shell",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const browserPath = PLACES.find((path) => path && isFile(path));
if (!browserPath) {
  console.warn("SKIPPED: no Chromium here (CHROMIUM names one); the HTML report is not tested");
}

Deno.test({
  name: "the HTML report in a browser",
  ignore: !browserPath,
  // The browser's process and sockets end when it is closed, some of them a moment later.
  sanitizeResources: false,
  sanitizeOps: false,
  fn: (t) =>
    withFolder(async (folder) => {
      const path = join(folder, "report.html");
      const known = await reported(true);
      const results = [
        known,
        outOfDistribution(known),
        { ...await reported(false), outcomes: "Not here." },
        await unseenModels(),
      ];
      await Deno.writeTextFile(
        path,
        htmlReport({ command: "deno task report", results }),
      );
      const browser = await puppeteer.launch({
        executablePath: browserPath,
        args: ["--no-sandbox"],
      });
      try {
        const errors: string[] = [];
        const page = await browser.newPage();
        page.on("pageerror", (error) => errors.push(String(error)));
        page.on("console", (message) => {
          if (message.type() === "error" || message.type() === "warn") errors.push(message.text());
        });
        await page.setViewport({ width: 1000, height: 900 });
        await page.goto(`file://${path}`);
        const step = (name: string, run: (page: Page) => Promise<void>) =>
          t.step(name, () => run(page));
        await step("the leaderboard sorts by number and comes back to its order", sorts);
        await step("the leaderboard is filtered", filters);
        await step("the first thing of a result is a sentence; statements are folded", summarises);
        await step("keys go through a figure's points and open the queries behind one", keys);
        await step("a click on a line's end between results opens that result", clicksAcross);
        await step("the table of unseen models sorts, groups whole", sortsGroups);
        await step("dark figures print light, and are dark again", printsLight);
        await step(
          "a point of a figure leads to its queries, a query opens, Escape closes it",
          explores,
        );
        await step("a router's name leads to its queries", followsRouter);
        await step("another result can be chosen; without outcomes its sentence shows", turns);
        await step("no serious fault of accessibility, light or dark", accessible);
        await step("nothing is wider than a phone", fitsPhone);
        assert.deepEqual(errors, []);
      } finally {
        await browser.close();
      }
    }),
});

const BOARD = "#r0-board";

/** The same result as if benchmarks had been held out. */
function outOfDistribution(report: Known): Known {
  const { result } = report;
  return {
    ...report,
    path: "ood.json",
    result: { ...result, protocol: { ...result.protocol, name: "ood" } },
  };
}

async function unseenModels(): Promise<Reported> {
  const path = repoPath("results/demo@1/new-model.static.json");
  return { ...await openResult(path), path, outcomes: "Not here either." };
}

async function sorts(page: Page): Promise<void> {
  const before = await texts(page, `${BOARD} tbody th`);
  const quality = `${BOARD} th:nth-child(2)`;
  const values = async () =>
    (await texts(page, `${BOARD} tbody td:nth-child(2)`)).map((text) => parseFloat(text));
  const caption = () => text(page, `${BOARD} caption`);
  assert.match(await caption(), /^Best first/);
  await page.click(`${quality} button`);
  assert.equal(await attribute(page, quality, "aria-sort"), "descending");
  assert.match(await caption(), /^By quality, highest first\./);
  const falling = await values();
  assert.deepEqual(falling, falling.toSorted((a, b) => b - a));
  await page.click(`${quality} button`);
  assert.equal(await attribute(page, quality, "aria-sort"), "ascending");
  const rising = await values();
  assert.deepEqual(rising, rising.toSorted((a, b) => a - b));
  await page.click(`${quality} button`);
  assert.equal(await attribute(page, quality, "aria-sort"), "none");
  assert.match(await caption(), /^Best first/);
  assert.deepEqual(await texts(page, `${BOARD} tbody th`), before);
}

async function filters(page: Page): Promise<void> {
  const form = 'form[data-filters="r0-board"]';
  const shown = () => texts(page, `${BOARD} tbody tr:not([hidden]) th`);
  await page.type(`${form} input`, "KEEN");
  assert.deepEqual(await shown(), ["Keen (2030)"]);
  await page.$eval(`${form} input`, (input) => {
    (input as unknown as { value: string }).value = "";
  });
  await page.select(`${form} select`, "competing");
  assert.deepEqual((await shown()).sort(), ["Keen (2030)", "kNN", "vague"]);
  await page.select(`${form} select`, "");
}

async function summarises(page: Page): Promise<void> {
  assert.match(await text(page, "#r0 h2 + p.answer"), /^Keen \(2030\) has the highest mean score/);
  assert.equal(
    await page.$eval("#r0 details:has(.statements)", (e) => e.hasAttribute("open")),
    false,
  );
  assert.equal(await page.$("#papers"), null, "no paper speaks of these data");
}

/** Brings a figure into view, drawn; returns its selector. */
async function drawn(page: Page, figures: string, figure: number): Promise<string> {
  const place = `[data-figures="${figures}"][data-figure="${figure}"]`;
  await page.$eval(place, (e) => e.scrollIntoView({ block: "center", behavior: "instant" }));
  await page.waitForSelector(`${place} .main-svg`);
  await new Promise((done) => setTimeout(done, 300)); // no animation frame is to come
  return place;
}

async function keys(page: Page): Promise<void> {
  const place = await drawn(page, "r0", 2);
  const said = () =>
    page.$eval(place, (e) => e.closest("figure")?.querySelector(".pointed")?.textContent ?? "");
  await page.focus(place);
  assert.match(await said(), /Arrow keys/);
  await page.keyboard.press("ArrowRight");
  const first = await said();
  assert.match(first, / → ash-2b: \d/);
  await page.keyboard.press("ArrowRight");
  assert.notEqual(await said(), first);
  await page.keyboard.press("ArrowDown");
  const [, model] = / → (.*): /.exec(await said())!;
  assert.equal(model, "birch-9b");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#query-list tbody tr");
  assert.equal(await value(page, '#explorer [name="model"]'), model);
  assert.equal(await page.evaluate(() => document.activeElement?.id), "queries-title");
}

async function clicksAcross(page: Page): Promise<void> {
  for (const [end, label] of [[1, /^ood/], [0, /^id/]] as const) {
    // Figures above may still be growing while this one is aimed at.
    for (let tries = 0; tries < 10 && !label.test(await chosenResult(page)); tries++) {
      const place = await drawn(page, "across", 0);
      const first = `${place} .scatterlayer .trace:first-child .points path`;
      const points = await page.$$eval(first, (all) =>
        all.map((one) => {
          const { x, y, width, height } = one.getBoundingClientRect();
          return { x: x + width / 2, y: y + height / 2 };
        }));
      await page.mouse.move(points[end].x, points[end].y);
      await page.mouse.click(points[end].x, points[end].y);
      await new Promise((done) => setTimeout(done, 300));
    }
    assert.match(await chosenResult(page), label);
    assert.equal(await page.evaluate(() => document.activeElement?.id), "queries-title");
  }
}

/** The result whose queries are listed, by its name. */
function chosenResult(page: Page): Promise<string> {
  return page.$eval(
    '#explorer [name="result"]',
    (e) => (e as HTMLSelectElement).selectedOptions[0]?.textContent ?? "",
  );
}

async function sortsGroups(page: Page): Promise<void> {
  await page.select("#result", "r3");
  const table = "#r3 table.grouped", head = `${table} th:nth-child(2)`;
  const names = () => texts(page, `${table}:first-of-type tr.group th`);
  const [unsorted] = [await names()];
  await page.click(`${head} button`);
  assert.equal(await attribute(page, head, "aria-sort"), "descending");
  assert.notDeepEqual(await names(), unsorted);
  assert.match(await text(page, `${table} caption`), /^By n=8, highest first\./);
  assert.ok(await page.$eval(`${table} tbody`, (body) => body.children[1].querySelector("th.arm")));
  await page.click(`${head} button`);
  await page.click(`${head} button`);
  assert.deepEqual(await names(), unsorted);
  await page.select("#result", "r0");
}

async function printsLight(page: Page): Promise<void> {
  const place = await drawn(page, "r0", 0);
  const paper = () =>
    page.$eval(`${place} .main-svg`, (svg) => getComputedStyle(svg).backgroundColor);
  const light = await paper();
  await page.click("#theme");
  await new Promise((done) => setTimeout(done, 200));
  const dark = await paper();
  assert.notEqual(dark, light);
  await page.emulateMediaType("print");
  await new Promise((done) => setTimeout(done, 200));
  assert.equal(await paper(), light);
  await page.emulateMediaType("screen");
  await new Promise((done) => setTimeout(done, 200));
  assert.equal(await paper(), dark);
  await page.click("#theme");
}

async function explores(page: Page): Promise<void> {
  // A bar of the routing figure is a router and a model.
  await page.waitForFunction(() => document.querySelectorAll("figure").length > 2);
  const figure = await page.waitForSelector('[data-figures="r0"][data-figure="2"]');
  await figure!.evaluate((place) => place.scrollIntoView({ block: "center", behavior: "instant" }));
  await page.waitForSelector('[data-figures="r0"][data-figure="2"] .barlayer .point path');
  await new Promise((done) => setTimeout(done, 300)); // no animation frame is to come
  const bar = await figure!.$$eval(".barlayer .point path", (paths) => {
    const boxes = paths.map((path) => path.getBoundingClientRect());
    const { x, y, width, height } = boxes.sort((a, b) => b.width - a.width)[0];
    return { x: x + width / 2, y: y + height / 2 };
  });
  await page.mouse.move(bar.x, bar.y);
  await page.mouse.click(bar.x, bar.y);
  await page.waitForSelector("#query-list button.query");
  assert.equal(await page.evaluate(() => document.activeElement?.id), "queries-title");
  const router = await value(page, '#explorer [name="router"]');
  const model = await value(page, '#explorer [name="model"]');
  assert.notEqual(model, "");
  const sent = await texts(page, "#query-list tbody td:nth-child(3)");
  assert.deepEqual([...new Set(sent)], [model], router);
  const button = "#query-list tbody tr:nth-child(1) button.query";
  await page.focus(button);
  await page.keyboard.press("Enter");
  await page.waitForSelector("dialog[open]");
  const dialog = await text(page, "dialog");
  assert.match(dialog, /sent it to/);
  assert.equal((await texts(page, "dialog .halves div:nth-child(2) tbody th")).length, 4);
  await page.keyboard.press("Escape");
  assert.equal(await page.$("dialog[open]"), null);
  assert.equal(await page.evaluate(() => document.activeElement?.className), "query");
}

async function followsRouter(page: Page): Promise<void> {
  await page.$eval(
    `${BOARD} a[data-router="knn"]`,
    (link) => (link as unknown as { click(): void }).click(),
  );
  await page.waitForFunction(() =>
    /^60 of 60/.test(document.getElementById("query-count")?.textContent ?? "")
  );
  assert.equal(await value(page, '#explorer [name="router"]'), "knn");
  await page.select('#explorer [name="outcome"]', "wrong");
  const marks = await texts(page, "#query-list tbody td:nth-child(4)");
  assert.ok(marks.length > 0 && marks.every((mark) => mark.startsWith("✗")));
  assert.match(await text(page, "#query-count"), /^\d+ of 60 queries: mean score \.000/);
}

async function turns(page: Page): Promise<void> {
  await page.select("#result", "r2");
  assert.equal(await visible(page, "#r0"), false);
  assert.equal(await visible(page, "#r2"), true);
  assert.match(await text(page, ".absent"), /Not here\./);
  await page.select("#result", "r0");
}

async function accessible(page: Page): Promise<void> {
  await page.evaluate(() =>
    document.querySelectorAll("details").forEach((fold) => fold.open = true)
  );
  for (const theme of ["light", "dark"]) {
    await page.emulateMediaFeatures([{ name: "prefers-color-scheme", value: theme }]);
    await page.evaluate(axe as string);
    const found = await page.evaluate(async () => {
      // deno-lint-ignore no-explicit-any
      const { violations } = await (globalThis as any).axe.run(document);
      // deno-lint-ignore no-explicit-any
      return violations.filter((v: any) => v.impact === "serious" || v.impact === "critical")
        // deno-lint-ignore no-explicit-any
        .map((v: any) => `${v.id}: ${v.nodes.map((n: any) => n.html).join(" ")}`);
    });
    assert.deepEqual(found, [], theme);
  }
  const before = await background(page);
  await page.click("#theme");
  assert.notEqual(await background(page), before);
}

async function fitsPhone(page: Page): Promise<void> {
  await page.setViewport({ width: 390, height: 844 });
  const widest = await page.evaluate(() => document.documentElement.scrollWidth);
  assert.ok(widest <= 390, `${widest} pixels`);
  const place = await drawn(page, "r0", 0);
  const box = await page.$eval(place, (e) => {
    const scroll = e.closest(".scroll")!;
    return {
      fits: scroll.scrollWidth <= scroll.clientWidth,
      marked: scroll.classList.contains("more"),
      said: getComputedStyle(scroll.previousElementSibling!).display !== "none",
    };
  });
  assert.deepEqual(box, { fits: false, marked: true, said: true });
  await page.$eval(place, (e) => e.closest(".scroll")!.scrollLeft = 1000);
  await page.waitForFunction(
    (place) => !document.querySelector(place)?.closest(".scroll")?.classList.contains("more"),
    {},
    place,
  );
}

function texts(page: Page, selector: string): Promise<string[]> {
  return page.$$eval(selector, (found) => found.map((one) => one.textContent ?? ""));
}

function text(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (one) => one.textContent ?? "");
}

function value(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (one) => (one as unknown as { value: string }).value);
}

function attribute(page: Page, selector: string, name: string): Promise<string | null> {
  return page.$eval(selector, (one, name) => one.getAttribute(name), name);
}

function visible(page: Page, selector: string): Promise<boolean> {
  return page.$eval(selector, (one) => one.getClientRects().length > 0);
}

function background(page: Page): Promise<string> {
  return page.$eval("body", (body) => getComputedStyle(body).backgroundColor);
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
