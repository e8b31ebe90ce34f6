/**
 * The trained routers that OptMerge starts from: ICL-Router (table), all of whose matrices are fine-tuned, and
 * ICL-Router on a language model, whose adapters are.
 * @module
 */
import { adapted, adapterStep, isAdapter, mergeAdapters } from "../../nn/lora.ts";
import type { Parameters } from "../../nn/parameters.ts";
import { describePlatt, fitPlatt } from "../calibration.ts";
import { type Trained, trained, type Variant } from "../fit.ts";
import { adaptersOf, type FusedNetwork } from "../lm/fused.ts";
import { routerOf as fusedRouterOf } from "../lm/fused_router.ts";
import { type FusedMethod, lessonsOf, trained as trainedFused } from "../lm/fused_training.ts";
import { tableNetwork } from "../network.ts";
import { Reader } from "../reader.ts";
import type { Labelled } from "../record.ts";
import { fitTable, onValidation, routerOf } from "../router.ts";
import { trainAnswer } from "../stage2.ts";
import type { MergeBase, Merged, MergeSource } from "./merged_experts.ts";
import { once } from "./once.ts";
import { norm } from "./optmerge.ts";

const tables = new WeakMap<Trained, Promise<MergeBase>>();

/** ICL-Router (table), or a variant of it. */
export function mergeTable(variant: Variant = {}): MergeSource {
  return {
    train: async (train, context) => {
      const network = await trained(train, variant, context);
      return await once(tables, network, async () => {
        const { rows, profile, preset, report, shape, reader: { network: { parameters } } } =
          network;
        const fitted = await fitTable(train, variant, context), inRecords = new Set(profile);
        const names = [...parameters].filter(([name, { shape }]) => isMerged(name, shape));
        return {
          ...{ rows, steps: report.steps, notes: fitted.notes },
          targets: answered(rows).filter((i) => !inRecords.has(i)),
          matrices: new Map(
            names.map(([name, { shape, data }]) => [name, { shape, norm: norm(data) }]),
          ),
          expert: async (targets, { steps, rate, random, watch }) => {
            const expert = parameters.copy();
            const options = {
              ...preset.answer,
              ...{ rate: rate * preset.answer.rate, passes: Infinity, mostSteps: steps },
              soft: variant.softLabels,
            };
            const data = { solved: rows, scores: rows.scores, profile, targets };
            await trainAnswer(tableNetwork(expert, shape), data, options, random, undefined, watch);
            return new Map(names.map(([name, { data: before }]) => {
              const after = expert.get(name).data;
              return [name, Float64Array.from(after, (value, at) => value - before[at])];
            }));
          },
          route: async (change, { device }, notes) => {
            const reader = new Reader(tableNetwork(changed(parameters, change), shape), { device });
            const { logits, labels } = await onValidation(network, reader, variant);
            const platt = fitPlatt(logits, labels);
            return await routerOf({
              ...fitted,
              ...{ reader, platt, notes: [...notes, describePlatt(platt)] },
            });
          },
        };
      });
    },
  };
}

/** ICL-Router on a language model: experts go on training its adapters, and nothing else. */
export function mergeLanguageModel(method: FusedMethod): MergeSource {
  const known = new WeakMap<object, Promise<MergeBase>>(), { answer, rank, model } = method;
  return {
    weights: model,
    train: async (train, context) => {
      const network = await trainedFused(train, method, context), { reader, report } = network;
      if (!reader || !report) throw new RangeError("the prior alone has no weights to merge");
      return await once(known, network, () => {
        const { rows, kernel, notes } = network, own = reader.network, { parameters } = own;
        const names = adapted(parameters), tuning = adaptersOf(rank), whole = parameters.copy();
        mergeAdapters(whole, tuning); // only to measure θ_0
        return Promise.resolve({
          ...{ rows, steps: report.steps, notes },
          targets: answered(rows),
          matrices: new Map(names.map((name) => {
            const { shape, data } = whole.get(`${name}.weight`);
            return [`${name}.weight`, { shape, norm: norm(data) }];
          })),
          expert: async (targets, { steps, rate, random, watch }) => {
            const expert = parameters.copy();
            const { data, options } = lessonsOf(rows, kernel, targets, {
              ...method,
              answer: { ...answer, rate: rate * answer.rate, passes: Infinity, mostSteps: steps },
            });
            const adapters: FusedNetwork = {
              ...{ ...own, parameters: expert },
              group: (name, shape, decay) => isAdapter(name) ? own.group(name, shape, decay) : null,
            };
            await trainAnswer(adapters, data, options, random, undefined, watch);
            return new Map(names.map((name) => [
              `${name}.weight`,
              adapterStep(parameters, expert, name, tuning),
            ]));
          },
          route: async (change, { device, seed, stage }, notes) => {
            const merged = { ...own, parameters: changed(parameters, change) };
            const made = { ...network, notes, reader: new Reader(merged, { device, fixed: true }) };
            // While λ is chosen, validation rows are no labelled queries.
            const shown = stage === "tune" ? rows.training : rows.ids.length;
            return await fusedRouterOf(made, method, { whose: "own", seed }, shown);
          },
        });
      });
    },
  };
}

/** Whether a parameter of the table network is merged: matrices of linear layers; tables, head and norms stay. */
export function isMerged(name: string, shape: readonly number[]): boolean {
  return shape.length === 2 && name.endsWith(".weight");
}

/** Training rows that some model has an outcome on. */
function answered({ labels, models: M, training }: Labelled): number[] {
  return Array.from({ length: training }, (_, i) => i)
    .filter((i) => labels.subarray(i * M, (i + 1) * M).some((label) => label === label));
}

/** The parameters with something added to some. */
function changed(parameters: Parameters, change: Merged): Parameters {
  return parameters.copy(Object.fromEntries(
    Array.from(change, ([name, by]) => {
      const { shape, data } = parameters.get(name);
      return [name, { shape, data: data.map((value, at) => value + by[at]) }];
    }),
  ));
}
