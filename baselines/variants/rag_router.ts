/** Controls of RAGRouter (frozen encoders). */
import { type Config, ragRouter } from "../rag_router.ts";
import type { Router } from "../../src/router/mod.ts";

const both: Router<Config> = ragRouter({ documents: true, withDocuments: true });

/** The same router, to which all documents are zeros: what it earns less, reading the documents is worth. */
export const rag_router_blanked: Router<Config> = {
  ...ragRouter({ documents: false, withDocuments: true }),
  name: `${both.name}, documents blanked`,
  summary: `control: ${both.summary}; but all documents are alike`,
};

/** What is left without scores with documents: v_k alone. */
export const rag_router_plain: Router<Config> = {
  ...ragRouter({ documents: false, withDocuments: false }),
  name: `${both.name}, plain table only`,
  summary: "control: learns from the scores without documents, and routes by them",
};
