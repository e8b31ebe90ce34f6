/**
 * What a pickle may build beyond plain values: numpy's arrays and scalars (`pickle_arrays.ts`), and pandas' frames
 * of them, as pandas 1.0 to 3 writes them. Each name that a pickle may speak of stands in {@link CONSTRUCTORS};
 * what it makes is a value of these files, never anything of Python's.
 * @module
 */
import { type Constructor, DType, fail, NdArray, numbers, Shell, Slice } from "./pickle_arrays.ts";

/** Labels of rows or columns. */
class Labels {
  constructor(readonly values: readonly unknown[]) {}
}

/** Columns that lie together in one array. */
class Block {
  constructor(readonly values: NdArray, readonly places: readonly number[]) {}
}

/** The blocks of a frame, and the labels of its columns and rows. */
class Blocks extends Shell {
  constructor(public blocks: readonly Block[] = [], public axes: readonly Labels[] = []) {
    super();
  }

  /** Form of pandas before 1.3: the last entry of the state tells all. */
  fill(state: unknown, where: string): void {
    const extra = Array.isArray(state) ? state[3] : undefined;
    const told = extra instanceof Map ? extra.get("0.14.1") : undefined;
    if (!(told instanceof Map)) fail(where, "the blocks of a frame", state);
    this.axes = list(told.get("axes"), where).map((axis) => labelsOf(axis, where));
    this.blocks = list(told.get("blocks"), where).map((block) =>
      block instanceof Map
        ? blockOf(block.get("values"), block.get("mgr_locs"), where)
        : fail(where, "a block", block)
    );
  }
}

/** A table with named columns. */
export class Frame extends Shell {
  #columns = new Map<string, readonly unknown[]>();
  /** Number of rows. */
  rows = 0;

  /** Names of the columns, in order. */
  get names(): string[] {
    return [...this.#columns.keys()];
  }

  /** A column's values; undefined where there is none of the name. */
  column(name: string): readonly unknown[] | undefined {
    return this.#columns.get(name);
  }

  /** Takes the state that a pickle gives. @throws {DataError} for one of another form */
  fill(state: unknown, where: string): void {
    const manager = state instanceof Map ? state.get("_mgr") ?? state.get("_data") : undefined;
    if (!(manager instanceof Blocks) || manager.axes.length !== 2) fail(where, "a frame", state);
    const [columns, rows] = (manager as Blocks).axes.map(({ values }) => values);
    this.rows = rows.length;
    const at = new Map<number, readonly unknown[]>();
    for (const { values, places } of (manager as Blocks).blocks) {
      const [height, width] = values.shape;
      if (values.shape.length !== 2 || height !== places.length || width !== this.rows) {
        fail(where, `a block of ${places.length} columns, ${this.rows} rows each`, values.shape);
      }
      places.forEach((place, i) => at.set(place, values.values.slice(i * width, (i + 1) * width)));
    }
    this.#columns = new Map(columns.map((name, i) => {
      const values = at.get(i) ?? fail(where, `column ${name}`, "none");
      return [typeof name === "string" ? name : fail(where, "a column's name", name), values];
    }));
    if (this.#columns.size !== columns.length) fail(where, "every column once", columns);
  }
}

function list(value: unknown, where: string): unknown[] {
  return Array.isArray(value) ? value : fail(where, "a list", value);
}

function labelsOf(value: unknown, where: string): Labels {
  return value instanceof Labels ? value : fail(where, "labels of rows or columns", value);
}

function blockOf(values: unknown, placement: unknown, where: string): Block {
  if (!(values instanceof NdArray)) return fail(where, "a block of plain values", values);
  if (placement instanceof NdArray) return new Block(values, placement.values as number[]);
  if (!(placement instanceof Slice)) return fail(where, "places of columns", placement);
  return new Block(values, placement.expanded(where));
}

/** An array made at once from its bytes. */
const fromBuffer: Constructor = {
  make([data, dtype, shape, order], where) {
    if (!(dtype instanceof DType)) return fail(where, "an element type", dtype);
    return new NdArray().set(dtype, shape, order === "F", data, where);
  },
};
const scalar: Constructor = {
  make([dtype, data], where) {
    if (dtype instanceof DType && data instanceof Uint8Array) return numbers(dtype, data, where)[0];
    return fail(where, "a number", data);
  },
};
const emptyArray: Constructor = { make: () => new NdArray() };
const dtype: Constructor = {
  make([name], where) {
    const [, kind, size] = /^([OUbiuf])(\d*)$/.exec(String(name)) ?? [];
    if (kind === undefined) return fail(where, "elements that are numbers or texts", name);
    return new DType(kind, Number(size || 8));
  },
};
const frame: Constructor = { make: () => new Frame() };
const blocks: Constructor = {
  make([given, axes], where) {
    if (given === undefined) return new Blocks();
    const each = list(given, where).map((b) => b instanceof Block ? b : fail(where, "a block", b));
    return new Blocks(each, list(axes, where).map((axis) => labelsOf(axis, where)));
  },
};
const block: Constructor = {
  make: ([values, placement], where) => blockOf(values, placement, where),
};
const slice: Constructor = {
  make([start, stop, step], where) {
    const [from, to, by = 1] = [start, stop, step ?? 1].map((n) =>
      Number.isSafeInteger(n) ? n as number : fail(where, "a slice of whole numbers", n)
    );
    return by === 0 ? fail(where, "a slice", by) : new Slice(from, to, by);
  },
};
/** Classes that only ever come as arguments. */
const klass: Constructor = { make: (_args, where) => fail(where, "no such call", "one") };
const rangeKlass: Constructor = { ...klass };
const labels: Constructor = {
  make([kind, told], where) {
    if (!(told instanceof Map)) return fail(where, "labels", told);
    if (kind === rangeKlass) {
      const [start, stop, step] = ["start", "stop", "step"].map((key) => told.get(key));
      return new Labels((slice.make([start, stop, step], where) as Slice).expanded(where));
    }
    const data = told.get("data");
    if (data instanceof NdArray) return new Labels(data.values);
    return new Labels(list(data, where));
  },
};
/** Bytes that old protocols write as text: each character is a byte. */
const latin1: Constructor = {
  make([text, encoding], where) {
    if (typeof text !== "string" || encoding !== "latin1") return fail(where, "bytes", text);
    return Uint8Array.from(text, (c) => c.charCodeAt(0));
  },
};

/** How old protocols write no bytes at all. */
const noBytes: Constructor = {
  make: (args, where) => args.length === 0 ? new Uint8Array() : fail(where, "no bytes", "some"),
};

/** The names a pickle may speak of, `module.name`, with what each makes here. */
export const CONSTRUCTORS: ReadonlyMap<string, Constructor> = new Map<string, Constructor>([
  ...["numpy.core", "numpy._core"].flatMap((core): [string, Constructor][] => [
    [`${core}.multiarray._reconstruct`, emptyArray],
    [`${core}.multiarray.scalar`, scalar],
    [`${core}.numeric._frombuffer`, fromBuffer],
  ]),
  ["numpy.ndarray", klass],
  ["numpy.dtype", dtype],
  ["builtins.slice", slice],
  ["__builtin__.slice", slice],
  ["__builtin__.bytes", noBytes],
  ["builtins.bytes", noBytes],
  ["_codecs.encode", latin1],
  ["pandas.DataFrame", frame],
  ["pandas.core.frame.DataFrame", frame],
  ["pandas.core.internals.managers.BlockManager", blocks],
  ["pandas._libs.internals._unpickle_block", block],
  ["pandas.core.indexes.base._new_Index", labels],
  ["pandas.core.indexes.base.Index", klass],
  ["pandas.Index", klass],
  ["pandas.core.indexes.numeric.Int64Index", klass],
  ["pandas.core.indexes.range.RangeIndex", rangeKlass],
  ["pandas.RangeIndex", rangeKlass],
]);
