import { z } from "zod";
import { section } from "./section.ts";

const text = z.string().min(1);
const pointer = z.string().regex(/^(\/([^~/]|~[01])*)+$/, {
  error: () => "must be a JSON pointer, such as /access_token",
});

const token = section({
  type: z.literal("token"),
  url: text.describe("Called for a token before the target, and again when it has expired."),
  method: z.enum(["GET", "POST"]).optional().describe("Default: POST."),
  headers: z.record(z.string(), z.string()).optional(),
  body: z
    .union([z.string(), z.record(z.string(), z.string())], {
      error: () => "must be text, or a map that is sent as a form",
    })
    .optional()
    .describe("A map is sent as application/x-www-form-urlencoded."),
  tokenPointer: pointer
    .optional()
    .describe("Where the answer has the token. Default: /access_token."),
  expiresInPointer: pointer
    .optional()
    .describe("Where the answer has its life in seconds. Default: /expires_in."),
  header: text.optional().describe("Header the token travels in. Default: authorization."),
  prefix: z.string().optional().describe('What stands before the token. Default: "Bearer ".'),
});

/** `auth` of a target. */
export const authOptions = z.discriminatedUnion(
  "type",
  [
    section({ type: z.literal("none") }),
    section({ type: z.literal("bearer"), token: text }),
    section({ type: z.literal("basic"), username: text, password: text }),
    section({ type: z.literal("header"), name: text, value: text }),
    section({
      type: z.literal("standard-webhooks"),
      secrets: z
        .array(text)
        .min(1)
        .describe("whsec_...; the first signs, all do during a rotation."),
    }),
    token,
  ],
  { error: () => "type must be none, bearer, basic, header, standard-webhooks or token" },
);

/** A target's auth options, checked. */
export type AuthOptions = z.output<typeof authOptions>;
