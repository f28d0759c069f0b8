import { seededRandom, type Random } from "../api/random.ts";
import {
  FAILS_A_FIFTH,
  QUICK,
  type GenerateOptions,
  type NewEvent,
  type Scene,
  type SceneTarget,
} from "./scene.ts";

const SOURCE = "urn:millrace:demo:shop";
const FIRST_PAYMENT_AT = Date.parse("2026-01-05T08:00:00.001Z");
/** Orders that are open at once: their events interleave. */
const OPEN_ORDERS_MAX = 50;

/** Reserves on placing, releases on cancelling; goes away for a few seconds. */
const inventoryApi: SceneTarget = {
  name: "inventory-api",
  keyIn: { in: "body", field: "orderId" },
  script: QUICK,
  faults: { serverErrors: false, outage: true, refusals: false },
  expect({ id, type, data }) {
    if (type === "orders.OrderPaid") return null;
    const body = JSON.stringify({ orderId: data["orderId"], because: type, request: id });
    return { method: "POST", path: "/v1/stock-changes", body };
  },
};

/** Charges what was ordered; a fifth of its answers is 503. */
const paymentApi: SceneTarget = {
  name: "payment-api",
  keyIn: { in: "body", field: "orderId" },
  script: FAILS_A_FIFTH,
  faults: { serverErrors: true, outage: false, refusals: false },
  expect({ type, data }) {
    if (type !== "orders.OrderPlaced") return null;
    const { orderId, total: amount, currency, lines } = data;
    return {
      method: "POST",
      path: "/v1/charges",
      body: JSON.stringify({ orderId, amount, currency, lines }),
    };
  },
};

/** Ships what was paid. */
const shippingApi: SceneTarget = {
  name: "shipping-api",
  keyIn: { in: "path", after: "/v1/shipments/" },
  script: QUICK,
  faults: { serverErrors: false, outage: false, refusals: false },
  expect({ type, data }) {
    if (type !== "orders.OrderPaid") return null;
    const { orderId, paymentId, paidAt } = data;
    return {
      method: "PUT",
      path: `/v1/shipments/${encodeURIComponent(String(orderId))}`,
      body: JSON.stringify({ paymentId, paidAt }),
    };
  },
};

/** Orders that are placed, then paid or cancelled. */
export const ordersScene: Scene = {
  name: "orders",
  topic: "orders",
  keyField: "orderId",
  types: ["orders.OrderPlaced", "orders.OrderPaid", "orders.OrderCancelled"],
  targets: [inventoryApi, paymentApi, shippingApi],
  events: { kind: "generated", countDefault: 2_000, rate: 300, heldShare: 0.15, generate },
  onCall: null,
};

function generate({ run, count, seed }: GenerateOptions): NewEvent[] {
  const random = seededRandom(seed);
  const open: string[] = [];
  let orderCount = 0;
  return Array.from({ length: count }, (_, index) => {
    const id = `${run}-${String(index + 1).padStart(6, "0")}`;
    const ends = open.length >= OPEN_ORDERS_MAX || (open.length > 0 && random() < 0.45);
    const [ending] = ends ? open.splice(Math.floor(random() * open.length), 1) : [];
    const orderId = ending ?? `order-${String((orderCount += 1)).padStart(5, "0")}`;
    const common = { id, source: SOURCE, key: orderId };
    if (ending !== undefined) return { ...common, ...orderEnded(orderId, index, random) };
    open.push(orderId);
    return { ...common, ...orderPlaced(orderId, random) };
  });
}

function orderPlaced(orderId: string, random: Random): Pick<NewEvent, "type" | "data"> {
  const lines = Array.from({ length: 1 + Math.floor(random() * 3) }, (_, line) => ({
    sku: `sku-${line}${Math.floor(random() * 100)}`,
    quantity: 1 + Math.floor(random() * 4),
    cents: 100 + Math.floor(random() * 9_900),
  }));
  const total = lines.reduce((sum, { quantity, cents }) => sum + quantity * cents, 0);
  const data = {
    orderId,
    customerId: `customer-${Math.floor(random() * 500)}`,
    currency: "EUR",
    total: decimal(total),
    lines: lines.map(({ sku, quantity, cents }) => ({ sku, quantity, unitPrice: decimal(cents) })),
    shippingAddress: null,
    attributes: {},
  };
  return { type: "orders.OrderPlaced", data };
}

function orderEnded(
  orderId: string,
  index: number,
  random: Random,
): Pick<NewEvent, "type" | "data"> {
  if (random() < 0.2)
    return { type: "orders.OrderCancelled", data: { orderId, reason: "CUSTOMER", note: null } };
  const data = {
    orderId,
    paymentId: `00000000-0000-4000-8000-${String(index).padStart(12, "0")}`,
    amount: decimal(1_000 + index),
    currency: "EUR",
    paidAt: new Date(FIRST_PAYMENT_AT + index * 1_000).toISOString(),
  };
  return { type: "orders.OrderPaid", data };
}

function decimal(cents: number): string {
  return (cents / 100).toFixed(2);
}
