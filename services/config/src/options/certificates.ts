import { z } from "zod";
import { section } from "./section.ts";

const pem = z.string().refine((text) => /^(-----BEGIN |<(file|env):)/.test(text), {
  error: () => "must be PEM text; to take it from a file write ${file:path}",
});

/** The keys of certificates. */
export const certificateShape = {
  ca: pem.optional().describe("Certificate authorities to trust, PEM. Default: the system's."),
  cert: pem.optional().describe("Client certificate, PEM. Needs key."),
  key: pem.optional().describe("The client certificate's key, PEM. Needs cert."),
};

/** `cert` and `key` are both there or both missing. */
export const isPair = (value: { cert?: string | undefined; key?: string | undefined }): boolean =>
  (value.cert === undefined) === (value.key === undefined);

/** What {@link isPair} says when it fails. */
export const PAIR_RULE = { error: (): string => "cert and key come together" };

/** `tls` of a target. */
export const targetTls = section({
  ...certificateShape,
  servername: z.string().min(1).optional().describe("Name the certificate must be for."),
}).refine(isPair, PAIR_RULE);
