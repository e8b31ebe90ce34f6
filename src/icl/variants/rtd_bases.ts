/**
 * The trained routers that RTD reads: ICL-Router (table), and ICL-Router on a language model.
 * @module
 */
import { encode, type Trained, trained, type Variant } from "../fit.ts";
import { kernelPrior } from "../kernel_prior.ts";
import { fitTable } from "../router.ts";
import { readPool } from "../lm/fused_pool.ts";
import { calibrate } from "../lm/fused_router.ts";
import {
  type FusedMethod,
  meansOf,
  trained as trainedFused,
  validationRows,
} from "../lm/fused_training.ts";
import { once } from "./once.ts";
import type { Frozen, FrozenSource } from "./rtd_router.ts";

const tables = new WeakMap<Trained, Promise<Frozen>>();

/** ICL-Router (table), or a variant of it: one record a model, on the profile list. */
export function frozenTable(variant: Variant = {}): FrozenSource {
  return {
    heads: 4,
    unseen: true,
    freeze: async (train, context) => {
      const network = await trained(train, variant, context), { models } = train;
      return await once(tables, network, async () => {
        const { reader, rows, profile, validation } = network;
        const { platt, notes } = await fitTable(train, variant, context);
        const columns = models.map((id) => network.models.indexOf(id)),
          inRecords = new Set(profile);
        const records = await encode(reader, rows, profile, columns);
        return {
          ...{ models, reader, rows, columns, validation, platt, notes },
          records: records.map((own) => [own]),
          recorded: models.map(() => inRecords),
          profile: Array.from(profile, (i) => rows.ids[i]),
        };
      });
    },
  };
}

/** ICL-Router on a language model, with records and prior of training rows alone: validation rows choose K, T and λ. */
export function frozenLanguageModel(method: FusedMethod, heads: number): FrozenSource {
  const frozen = new WeakMap<object, Promise<Frozen>>();
  return {
    weights: method.model,
    heads,
    unseen: false,
    freeze: async (train, context) => {
      const network = await trainedFused(train, method, context);
      return await once(frozen, network, async () => {
        const { reader, rows, models, kernel } = network, { training } = rows;
        if (!reader) throw new RangeError("RTD reads a network; the prior alone has none");
        const own = { whose: "own", seed: context.seed } as const;
        const means = meansOf(rows, training);
        const pool = await readPool(rows, training, models, means, reader, method, own);
        const { platt, notes } = await calibrate(network, pool);
        return {
          ...{ models, reader, rows, platt },
          records: pool.records,
          recorded: pool.recorded,
          columns: [...models.keys()],
          validation: validationRows(rows),
          prior: (queries) => kernelPrior(queries, pool.labels, kernel),
          notes: [...network.notes, ...notes],
        };
      });
    },
  };
}
