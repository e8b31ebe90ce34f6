import { allTests } from "../support/all_tests.ts";

await allTests(import.meta.dirname!);
