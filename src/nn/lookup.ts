/**
 * Rows of a table by number. Below, g = ∂L/∂y.
 * @module
 */
import { sizeOf, type Tensor } from "./graph.ts";
import { zerosLike } from "./arithmetic.ts";
import { reshape } from "./shapes.ts";

/**
 * y = table[indices].  ∂table: each row of g is added to the row it was taken from.
 *
 * ScatterElements, not ScatterND: ONNX Runtime's CPU kernel of the latter loses additions when indices
 * repeat and it runs on more than one thread.
 *
 * @param table [rows × width]
 * @param indices int64, any shape
 * @returns [indices' shape × width]
 */
export function lookup(table: Tensor, indices: Tensor): Tensor {
  const { graph } = table, width = table.shape[1], count = sizeOf(indices.shape);
  const y = graph.node("Gather", [table, indices], [...indices.shape, width], {
    attributes: { axis: { int: 0 } },
  });
  return graph.record([y], [table], (g) => [() => {
    const rows = graph.node(
      "Expand",
      [
        reshape(indices, [count, 1]),
        graph.constant(
          `integers ${[count, width]}`,
          [2],
          () => BigInt64Array.of(BigInt(count), BigInt(width)),
        ),
      ],
      [count, width],
      { type: "int64" },
    );
    return graph.node(
      "ScatterElements",
      [zerosLike(table), rows, reshape(g, [count, width])],
      table.shape,
      {
        attributes: { axis: { int: 0 }, reduction: { string: "add" } },
      },
    );
  }])[0];
}
