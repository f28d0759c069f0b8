// Generated from the event catalog; do not edit.

/** A customer placed an order. */
export interface OrderPlaced {
  /** Key: events of one order are delivered in order. */
  readonly orderId: string;
  readonly customerId: string;
  /** ISO 4217 code. */
  readonly currency: string;
  /** Sum of the lines in the currency's main unit. */
  readonly total: string;
  readonly lines: readonly OrderLine[];
  /** Personal data (mask). */
  readonly shippingAddress: string | null;
  readonly attributes: Readonly<Record<string, string>>;
}

/** {@link OrderPlaced} as it is written. */
export interface OrderPlacedInput {
  /** Key: events of one order are delivered in order. */
  readonly orderId: string;
  readonly customerId: string;
  /** ISO 4217 code. */
  readonly currency: string;
  /** Sum of the lines in the currency's main unit. */
  readonly total: string;
  readonly lines: readonly OrderLineInput[];
  /** Personal data (mask). Default: `null`. */
  readonly shippingAddress?: string | null | undefined;
  /** Default: `{}`. */
  readonly attributes?: Readonly<Record<string, string>> | undefined;
}

export interface OrderLine {
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: string;
}

/** {@link OrderLine} as it is written. */
export interface OrderLineInput {
  readonly sku: string;
  readonly quantity: number;
  readonly unitPrice: string;
}

/** The payment of an order was captured. */
export interface OrderPaid {
  /** Key: events of one order are delivered in order. */
  readonly orderId: string;
  readonly paymentId: string;
  readonly amount: string;
  /** ISO 4217 code. */
  readonly currency: string;
  readonly paidAt: number | bigint;
}

/** {@link OrderPaid} as it is written. */
export interface OrderPaidInput {
  /** Key: events of one order are delivered in order. */
  readonly orderId: string;
  readonly paymentId: string;
  readonly amount: string;
  /** ISO 4217 code. */
  readonly currency: string;
  readonly paidAt: Date | string | number | bigint;
}

/** An order ended before it was shipped. */
export interface OrderCancelled {
  /** Key: events of one order are delivered in order. */
  readonly orderId: string;
  readonly reason: CancelReason;
  /** For people; never parsed. */
  readonly note: string | null;
}

/** {@link OrderCancelled} as it is written. */
export interface OrderCancelledInput {
  /** Key: events of one order are delivered in order. */
  readonly orderId: string;
  /** Default: `"OTHER"`. */
  readonly reason?: CancelReason | undefined;
  /** For people; never parsed. Default: `null`. */
  readonly note?: string | null | undefined;
}

export type CancelReason = "OTHER" | "CUSTOMER" | "OUT_OF_STOCK" | "PAYMENT_FAILED" | "FRAUD";
