import avsc from "avsc";
import type { Buffer } from "node:buffer";
import {
  decimalFormat,
  decimalFromBytes,
  decimalToBytes,
  normalDecimal,
  type DecimalFormat,
} from "./decimal.ts";

/** avsc's decimal: a string in memory, in its one normal form. */
export class DecimalType extends avsc.types.LogicalType {
  readonly format: DecimalFormat;

  /** Throws where the format does not fit, upon which avsc goes on with the underlying type, as the specification says. */
  constructor(schema: avsc.Schema, opts?: unknown) {
    super(schema, opts);
    const format = decimalFormat(schema);
    const { underlyingType } = this;
    const isBytes =
      underlyingType instanceof avsc.types.BytesType ||
      underlyingType instanceof avsc.types.FixedType;
    if (format === null || !isBytes) throw new Error("no decimal");
    this.format = format;
  }

  protected override _fromValue(bytes: Buffer): string {
    return decimalFromBytes(bytes, this.format.scale);
  }

  protected override _toValue(value: unknown): Buffer | undefined {
    const text = typeof value === "string" ? normalDecimal(value, this.format) : null;
    if (text === null) return undefined;
    const { underlyingType } = this;
    const size = underlyingType instanceof avsc.types.FixedType ? underlyingType.size : null;
    return decimalToBytes(text, size);
  }

  /** Another scale means other numbers: only a decimal of the same scale can be read as this one. */
  protected override _resolve(writer: avsc.Type): ((value: unknown) => unknown) | undefined {
    if (!(writer instanceof DecimalType)) return undefined;
    const { precision, scale } = writer.format;
    const fits = scale === this.format.scale && precision <= this.format.precision;
    return fits ? (value) => value : undefined;
  }
}
