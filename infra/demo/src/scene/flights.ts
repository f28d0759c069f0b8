import { fileURLToPath } from "node:url";
import { FAILS_A_FIFTH, QUICK, type Scene, type SceneTarget } from "./scene.ts";

const FILE = "../../../examples/flights/flights-2013-01.ndjson.gz";

/** The board that travellers look at; goes away for a few seconds. */
const boardApi: SceneTarget = {
  name: "board-api",
  keyIn: { in: "body", field: "tailNumber" },
  script: QUICK,
  faults: { serverErrors: false, outage: true, refusals: false },
  expect({ type, data }) {
    const { tailNumber, carrier, flight, origin, destination } = data;
    const body = JSON.stringify({ what: type, tailNumber, carrier, flight, origin, destination });
    return { method: "POST", path: "/v1/board", body };
  },
};

/** What each aircraft did last; a fifth of its answers is 503. */
const fleetApi: SceneTarget = {
  name: "fleet-api",
  keyIn: { in: "path", after: "/v1/aircraft/" },
  script: FAILS_A_FIFTH,
  faults: { serverErrors: true, outage: false, refusals: false },
  expect: ({ id, type, data }) => ({
    method: "PUT",
    path: `/v1/aircraft/${encodeURIComponent(String(data["tailNumber"]))}`,
    body: JSON.stringify({ last: type, event: id, flight: data["flight"] }),
  }),
};

/** The flights out of New York in January 2013, each aircraft in order. */
export const flightsScene: Scene = {
  name: "flights",
  topic: "flights",
  keyField: "tailNumber",
  types: ["flights.FlightDeparted", "flights.FlightArrived", "flights.FlightCancelled"],
  targets: [boardApi, fleetApi],
  events: { kind: "file", path: fileURLToPath(new URL(FILE, import.meta.url)) },
  onCall: null,
};
