// Generated from the event catalog; do not edit.

import type * as flights from "./flights.ts";
import type * as orders from "./orders.ts";
import type * as users from "./users.ts";

/** The types of each namespace. */
export type { flights, orders, users };

/** The event types of the catalog, for `createEmitter<EventMap>`. */
export type EventMap = {
  "users.UserSignedUp": {
    readonly write: users.UserSignedUpInput;
    readonly read: users.UserSignedUp;
    readonly topic: "users";
    readonly subject: "users-users.UserSignedUp";
    readonly keyField: "userId";
  };
  "users.ProfileUpdated": {
    readonly write: users.ProfileUpdatedInput;
    readonly read: users.ProfileUpdated;
    readonly topic: "users";
    readonly subject: "users-users.ProfileUpdated";
    readonly keyField: "userId";
  };
  "users.PasswordChanged": {
    readonly write: users.PasswordChangedInput;
    readonly read: users.PasswordChanged;
    readonly topic: "users";
    readonly subject: "users-users.PasswordChanged";
    readonly keyField: "userId";
  };
  "orders.OrderPlaced": {
    readonly write: orders.OrderPlacedInput;
    readonly read: orders.OrderPlaced;
    readonly topic: "orders";
    readonly subject: "orders-orders.OrderPlaced";
    readonly keyField: "orderId";
  };
  "orders.OrderPaid": {
    readonly write: orders.OrderPaidInput;
    readonly read: orders.OrderPaid;
    readonly topic: "orders";
    readonly subject: "orders-orders.OrderPaid";
    readonly keyField: "orderId";
  };
  "orders.OrderCancelled": {
    readonly write: orders.OrderCancelledInput;
    readonly read: orders.OrderCancelled;
    readonly topic: "orders";
    readonly subject: "orders-orders.OrderCancelled";
    readonly keyField: "orderId";
  };
  "flights.FlightDeparted": {
    readonly write: flights.FlightDepartedInput;
    readonly read: flights.FlightDeparted;
    readonly topic: "flights";
    readonly subject: "flights-flights.FlightDeparted";
    readonly keyField: "tailNumber";
  };
  "flights.FlightArrived": {
    readonly write: flights.FlightArrivedInput;
    readonly read: flights.FlightArrived;
    readonly topic: "flights";
    readonly subject: "flights-flights.FlightArrived";
    readonly keyField: "tailNumber";
  };
  "flights.FlightCancelled": {
    readonly write: flights.FlightCancelledInput;
    readonly read: flights.FlightCancelled;
    readonly topic: "flights";
    readonly subject: "flights-flights.FlightCancelled";
    readonly keyField: "tailNumber";
  };
};
