/** Prints the document, for `openapi.json`. */
import { OPENAPI_DOCUMENT } from "./openapi-document.ts";

process.stdout.write(`${JSON.stringify(OPENAPI_DOCUMENT, null, 2)}\n`);
