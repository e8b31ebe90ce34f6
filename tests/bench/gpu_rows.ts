/**
 * What `gpu.ts` measures beside language models: the products behind kNN, ridge and k-means, and the training of a small
 * head, over as many rows as a large pool has. Rows lie on the device in blocks, but for the head, whose batches travel.
 * @module
 */
import { random } from "../../src/base/random.ts";
import type { Tensor } from "../../src/nn/graph.ts";
import { meanSquaredError, relu, softmax } from "../../src/nn/layers.ts";
import { openTrainer } from "../../src/nn/on_device/device_trainer.ts";
import { linear, matmul, scale, square, sum } from "../../src/nn/ops.ts";
import { normal, Parameters } from "../../src/nn/parameters.ts";
import { Programs } from "../../src/nn/programs.ts";
import { normals, type Running, type Task, type Where } from "./gpu_tasks.ts";

/** How many rows, and what is asked of them. */
export interface RowSizes {
  /** Rows, in blocks of so many. */
  readonly rows: number;
  /** Rows of a block; divides {@link rows}. */
  readonly block: number;
  /** Numbers of a row. */
  readonly width: number;
  /** Queries that are compared with all rows. */
  readonly asked: number;
  /** Centres of k-means. */
  readonly centres: number;
}

/** A million rows of the static embedding. */
export const MILLION: RowSizes = {
  ...{ rows: 1_000_000, block: 62_500, width: 256, asked: 512, centres: 256 },
};

/** For a graphics card made of software. */
export const FEW: RowSizes = { rows: 64, block: 32, width: 8, asked: 4, centres: 4 };

/** Hidden numbers of the head, and models it predicts. */
const HIDDEN = 64, MODELS = 36;

/** The tasks, each over all rows. */
export function tasksOnRows(sizes: RowSizes): Task[] {
  const { rows, width, asked, centres } = sizes, n = rows.toLocaleString("en-US");
  const perRow = (what: string, numbers: number): Omit<Task, "open"> => ({
    what: `${what}, ${n} rows of ${width}`,
    ...{ tokens: 0, flops: 2 * rows * numbers },
  });
  return [
    {
      ...perRow(`similarities to ${asked} queries (kNN, nearest not chosen)`, width * asked),
      open: (where) =>
        overBlocks(sizes, where, [asked, width], (x, queries) =>
          // One number a query comes back: moving all of them would be measured, not making them.
          sum(square(matmul(queries, x, { transposeB: true })), [1])),
    },
    {
      ...perRow("Gram product (ridge)", width * width),
      open: (where) => overBlocks(sizes, where, [1, 1], (x) => matmul(x, x, { transposeA: true })),
    },
    {
      ...perRow(`step of k-means, ${centres} centres, soft assignment`, 2 * width * centres),
      open: (where) =>
        overBlocks(sizes, where, [centres, width], (x, centre) => {
          const share = softmax(scale(matmul(x, centre, { transposeB: true }), 20));
          return matmul(share, x, { transposeA: true });
        }),
    },
    {
      ...perRow(
        `epoch of a head, ${HIDDEN} hidden, ${MODELS} models`,
        3 * HIDDEN * (width + MODELS),
      ),
      open: (where) => Promise.resolve(head(sizes, where)),
    },
  ];
}

/** Runs a graph on every block of rows, which stay on the device. */
function overBlocks(
  { rows, block, width }: RowSizes,
  where: Where,
  beside: readonly [number, number],
  build: (x: Tensor, beside: Tensor) => Tensor,
): Promise<Running> {
  const parameters = new Parameters(random(1)), numbers = normals(block * width);
  const blocks = Array.from({ length: rows / block }, (_, b) => `x${b}`);
  for (const name of blocks) {
    parameters.add(name, [block, width], (data) => data.set(numbers));
  }
  parameters.add("beside", beside, normal(1));
  const programs = new Programs(parameters, { ...where, fixed: true });
  const run = async (): Promise<void> => {
    for (const name of blocks) {
      await programs.run(name, (graph, parameter) => {
        graph.output("made", build(parameter(name), parameter("beside")));
      }, {});
    }
  };
  return Promise.resolve({ run, close: () => programs.release() });
}

function head({ rows, block, width }: RowSizes, where: Where): Running {
  const parameters = new Parameters(random(1)), deviation = normal(0.1);
  parameters.add("in", [width, HIDDEN], deviation);
  parameters.add("out", [HIDDEN, MODELS], deviation);
  const trainer = openTrainer(parameters, { ...where, schedule: () => 1e-3 });
  const batch = { x: normals(block * width), y: normals(block * MODELS) };
  const run = async (): Promise<void> => {
    for (let at = 0; at < rows; at += block) {
      await trainer.update("", (graph, parameter) => {
        const x = graph.input("x", [block, width]), y = graph.input("y", [block, MODELS]);
        return meanSquaredError(linear(relu(linear(x, parameter("in"))), parameter("out")), y);
      }, [batch]);
    }
  };
  return { run, close: () => trainer.release() };
}
