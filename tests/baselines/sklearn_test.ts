/**
 * kNN, ridge, logistic and support-vector regression predict what scikit-learn predicts, to 10⁻⁴, on the
 * numbers of tests/fixtures/sklearn (made by make.py there).
 */
import assert from "node:assert/strict";
import knn from "../../baselines/knn.ts";
import ridge from "../../baselines/ridge.ts";
import svm from "../../baselines/svm.ts";
import type { FittedRouter, TrainingData } from "../../src/router/contract.ts";
import { logisticFit, logisticPredict } from "../../src/linalg/logistic.ts";
import { type Matrix, matrix } from "../../src/linalg/matrix.ts";
import { rbfKernel, svrFit, svrPredict } from "../../src/linalg/svr.ts";
import { batch, CONTEXT, qualities, training } from "../router/hand.ts";

/** One configuration and its predictions [test rows][columns]. */
interface Case {
  readonly config: Record<string, number | string>;
  readonly predicted: readonly (readonly number[])[];
}

/** What make.py writes. */
interface Fixture extends Record<"knn" | "ridge" | "logistic" | "svr", readonly Case[]> {
  readonly sklearn: string;
  readonly train: readonly (readonly number[])[];
  readonly test: readonly (readonly number[])[];
  readonly labels: readonly (readonly (number | null)[])[];
}

const fixture: Fixture = JSON.parse(
  await Deno.readTextFile(new URL("../fixtures/sklearn/predictions.json", import.meta.url)),
);
const unit = (rows: Fixture["train"]): number[][] =>
  rows.map((row) => row.map((steps) => steps / 2048));
const LABELS = fixture.labels.map((row) => row.map((y) => y ?? undefined));
const COLUMNS = LABELS[0].length;
const freshTraining = (): TrainingData => training(unit(fixture.train), LABELS);
const TEST = batch(unit(fixture.test), { name: "sklearn test" });

/** Fails where a column differs by `within` or more. */
function agree(actual: readonly number[][], expected: Case, columns: number, within = 1e-4): void {
  assert.equal(actual.length, expected.predicted.length);
  expected.predicted.forEach((row, i) => {
    for (let c = 0; c < columns; c++) {
      const off = Math.abs(actual[i][c] - row[c]);
      assert.ok(
        off < within,
        `${JSON.stringify(expected.config)}: row ${i}, column ${c}: ${actual[i][c]}, not ${row[c]}`,
      );
    }
  });
}

function rowsOf(cells: Float64Array): number[][] {
  return fixture.test.map((_, i) => [...cells.subarray(i * COLUMNS, (i + 1) * COLUMNS)]);
}

/** Standardised by the training rows, by the textbook. */
function standardised(rows: Matrix, by: Matrix): Matrix {
  const out = matrix(rows.rows, rows.width);
  for (let d = 0; d < rows.width; d++) {
    const column = [...by.data].filter((_, at) => at % by.width === d);
    const mean = column.reduce((a, b) => a + b) / by.rows;
    const variance = column.reduce((sum, v) => sum + (v - mean) ** 2, 0) / by.rows;
    for (let i = 0; i < rows.rows; i++) {
      const at = i * rows.width + d;
      out.data[at] = (rows.data[at] - mean) / Math.sqrt(variance);
    }
  }
  return out;
}

Deno.test("sklearn: kNN by cosine, equal votes and by inverse distance", async () => {
  for (const one of fixture.knn) {
    const k = Number(one.config.k);
    const weights = one.config.weights === "uniform" ? "uniform" : "inverse";
    const fitted = await knn.fit(freshTraining(), { k, weights }, CONTEXT) as FittedRouter;
    // Of a model with gaps scikit-learn searches the known rows, kNN votes with the known among the nearest.
    agree(await qualities(fitted, TEST), one, COLUMNS - 1);
  }
});

Deno.test("sklearn: ridge, gaps included", async () => {
  for (const one of fixture.ridge) {
    const fitted = await ridge.fit(freshTraining(), { rho: Number(one.config.rho) }, CONTEXT);
    agree(await qualities(fitted, TEST), one, COLUMNS);
  }
});

Deno.test("sklearn: logistic regression, soft labels and gaps included", async () => {
  const { queries: { vectors }, scores } = freshTraining();
  for (const one of fixture.logistic) {
    const weights = await logisticFit(vectors, scores, { penalty: Number(one.config.penalty) });
    agree(rowsOf(await logisticPredict(TEST.vectors, weights)), one, COLUMNS);
  }
});

Deno.test("sklearn: support-vector regression; the router stops at libsvm's tolerance", async () => {
  const train = freshTraining(), { vectors } = train.queries;
  const inputs = standardised(vectors, vectors), queries = standardised(TEST.vectors, vectors);
  for (const one of fixture.svr) {
    const { cost, gamma, epsilon } = one.config as Record<string, number>;
    const width = gamma / vectors.width, kernel = await rbfKernel(inputs, width);
    const fit = svrFit(kernel, train.scores, { cost, epsilon, tolerance: 1e-8 });
    agree(rowsOf(await svrPredict(queries, inputs, width, fit)), one, COLUMNS);
    const fitted = await svm.fit(freshTraining(), { cost, gamma, epsilon }, CONTEXT);
    agree(await qualities(fitted, TEST), one, COLUMNS, 2e-3);
  }
});
