/**
 * A page as the first version of the journal's schema had it, and that schema. Neither may ever be made anew: topics hold
 * such pages, and registries that schema.
 */

/** The schema, as a registry has it. */
export const FIRST_SCHEMA: unknown = {
  type: "record",
  name: "Page",
  namespace: "millrace.journal",
  doc: "What became of deliveries to one target.",
  fields: [
    {
      name: "target",
      type: "string",
    },
    {
      name: "entries",
      type: {
        type: "array",
        items: {
          type: "record",
          name: "Entry",
          doc: "One settled delivery.",
          fields: [
            {
              name: "topic",
              type: "int",
              doc: "index of texts",
            },
            {
              name: "partition",
              type: "int",
            },
            {
              name: "offset",
              type: "long",
            },
            {
              name: "epoch",
              type: "long",
            },
            {
              name: "key",
              type: [
                "null",
                "string",
                {
                  type: "record",
                  name: "BinaryKey",
                  doc: "A key that is no UTF-8.",
                  fields: [
                    {
                      name: "hex",
                      type: "string",
                    },
                  ],
                },
              ],
              default: null,
            },
            {
              name: "id",
              type: ["null", "string"],
              default: null,
            },
            {
              name: "source",
              type: ["null", "int"],
              default: null,
              doc: "index of texts",
            },
            {
              name: "type",
              type: ["null", "int"],
              default: null,
              doc: "index of texts",
            },
            {
              name: "tenant",
              type: "int",
              doc: "index of texts",
            },
            {
              name: "outcome",
              type: "int",
              doc: "index of texts",
            },
            {
              name: "reason",
              type: ["null", "int"],
              default: null,
              doc: "index of texts",
            },
            {
              name: "detail",
              type: ["null", "string"],
              default: null,
            },
            {
              name: "mappingRevision",
              type: "int",
              doc: "index of texts",
            },
            {
              name: "settledAt",
              type: {
                type: "long",
                logicalType: "timestamp-millis",
              },
            },
            {
              name: "traceId",
              type: ["null", "string"],
              default: null,
            },
            {
              name: "attemptCount",
              type: "int",
              doc: "of this epoch, those left out included",
            },
            {
              name: "attempts",
              type: {
                type: "array",
                items: {
                  type: "record",
                  name: "Attempt",
                  fields: [
                    {
                      name: "startedAt",
                      type: {
                        type: "long",
                        logicalType: "timestamp-millis",
                      },
                    },
                    {
                      name: "durationMs",
                      type: "long",
                    },
                    {
                      name: "end",
                      type: "int",
                      doc: "delivered, or why not: index of texts",
                    },
                    {
                      name: "status",
                      type: ["null", "int"],
                      default: null,
                      doc: "of the answer, if any",
                    },
                  ],
                },
              },
            },
            {
              name: "job",
              type: ["null", "int"],
              default: null,
              doc: "the replay, if any: index of texts",
            },
          ],
        },
      },
    },
    {
      name: "skipped",
      type: {
        type: "array",
        items: {
          type: "record",
          name: "Skip",
          doc: "Offsets in a row that the filter left out.",
          fields: [
            {
              name: "topic",
              type: "int",
              doc: "index of texts",
            },
            {
              name: "partition",
              type: "int",
            },
            {
              name: "from",
              type: "long",
            },
            {
              name: "to",
              type: "long",
              doc: "one above the last",
            },
            {
              name: "epoch",
              type: "long",
            },
            {
              name: "mappingRevision",
              type: "int",
              doc: "index of texts",
            },
          ],
        },
      },
    },
    {
      name: "texts",
      type: {
        type: "array",
        items: "string",
      },
    },
  ],
};

/** A record's value; its frame names schema 1. */
export const FIRST_PAGE = Buffer.from(
  "AAAAAAEGY3JtBAAGVBgCBnUtMQIKaWQtNDICAgIEBggAAAr2ob/p1mYCQDBhZjc2NTE5MTZjZDQzZGQ4NDQ4ZWIyMT" +
    "FjODAzMTljBASAoL/p1mYoDALuB8ihv+nWZi4IApgDAAAABlYYBAgwMGZmAgppZC00MwICAgQGDgIQAg5USU1FT1VU" +
    "Cvahv+nWZgJAMGFmNzY1MTkxNmNkNDNkZDg0NDhlYjIxMWM4MDMxOWMCAoCgv+nWZpBOEgAAAhQAAgAGFBwYCgAWCn" +
    "VzZXJzDi9vcmRlcnModXNlcnMuUHJvZmlsZVVwZGF0ZWQOZGVmYXVsdBJkZWxpdmVyZWQEcjEWSFRUUF9TVEFUVVMM" +
    "ZmFpbGVkIlJFVFJJRVNfRVhIQVVTVEVEDlRJTUVPVVQQcmVwYWlyLTEA",
  "base64",
);
