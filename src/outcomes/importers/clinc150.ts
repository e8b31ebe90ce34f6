/**
 * CLINC150 (github.com/clinc/oos-eval): short requests to an assistant with one of 150 intents, or none of them
 * (`oos`). No model has answered; the intent is the gold label. Validation rows belong to the training side:
 * their split is "train", their ids say "val".
 * @module
 */
import { DataError } from "../../base/errors.ts";
import type { OutcomeRecord } from "../record.ts";
import type { Importer } from "./importer.ts";
import { fields, jsonFile, list, text } from "./native.ts";
import { strip } from "./python.ts";

const QUERIES = "data/data_full.json", DOMAINS = "data/domains.json";
const PARTS = ["train", "val", "test", "oos_train", "oos_val", "oos_test"];
/** Out of scope. */
const OUT = "oos";

/** Reads the full variant, parts in the order of the source's tables. */
export const clinc150: Importer = {
  name: "clinc150",
  about: "CLINC150's requests with their intents (JSON); queries alone",
  layout: [QUERIES, DOMAINS],
  options: {},
  queriesAlone: true,
  async read(files, _options, log) {
    const domains = new Map<string, string>();
    for (
      const [domain, intents] of Object.entries(fields(await jsonFile(files, DOMAINS), DOMAINS))
    ) {
      for (const intent of list(intents, `${DOMAINS}: ${domain}`)) {
        domains.set(text(intent, `${DOMAINS}: ${domain}`), domain);
      }
    }
    const full = fields(await jsonFile(files, QUERIES), QUERIES);
    const records: OutcomeRecord[] = [];
    for (const part of PARTS) {
      list(full[part], `${QUERIES}: ${part}`).forEach((item, i) => {
        const where = `${QUERIES}: ${part}[${i}]`;
        const [query, intent] = list(item, where).map((value) => text(value, where));
        const domain = intent === OUT ? OUT : domains.get(intent);
        if (domain === undefined || (intent === OUT) !== part.startsWith("oos_")) {
          throw new DataError(`${where}: expected an intent of ${DOMAINS}, got "${intent}"`);
        }
        records.push({
          id: `clinc150-${part.replace("_", "-")}-${i}`,
          benchmark: "clinc150",
          task: intent,
          level: domain,
          query: strip(query),
          scores: {},
          split: part.endsWith("test") ? "test" : "train",
          gold: intent,
        });
      });
    }
    log.steps.push({ what: "requests", rows: records.length });
    return records;
  },
};
