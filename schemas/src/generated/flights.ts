// Generated from the event catalog; do not edit.

/** An aircraft left its origin; the time of departure is the event's time. */
export interface FlightDeparted {
  /** Key: events of one aircraft are delivered in order. */
  readonly tailNumber: string;
  /** IATA code of the airline. */
  readonly carrier: string;
  /** Flight number of the airline. */
  readonly flight: number;
  /** IATA code of the airport of departure. */
  readonly origin: string;
  /** IATA code of the airport of arrival. */
  readonly destination: string;
  /** Negative when early. */
  readonly departureDelayMinutes: number;
}

/** {@link FlightDeparted} as it is written. */
export interface FlightDepartedInput {
  /** Key: events of one aircraft are delivered in order. */
  readonly tailNumber: string;
  /** IATA code of the airline. */
  readonly carrier: string;
  /** Flight number of the airline. */
  readonly flight: number;
  /** IATA code of the airport of departure. */
  readonly origin: string;
  /** IATA code of the airport of arrival. */
  readonly destination: string;
  /** Negative when early. */
  readonly departureDelayMinutes: number;
}

/** An aircraft reached its destination; the time of arrival is the event's time. */
export interface FlightArrived {
  /** Key: events of one aircraft are delivered in order. */
  readonly tailNumber: string;
  /** IATA code of the airline. */
  readonly carrier: string;
  /** Flight number of the airline. */
  readonly flight: number;
  /** IATA code of the airport of departure. */
  readonly origin: string;
  /** IATA code of the airport of arrival. */
  readonly destination: string;
  /** Negative when early. */
  readonly arrivalDelayMinutes: number;
  readonly airTimeMinutes: number;
  readonly distanceMiles: number;
}

/** {@link FlightArrived} as it is written. */
export interface FlightArrivedInput {
  /** Key: events of one aircraft are delivered in order. */
  readonly tailNumber: string;
  /** IATA code of the airline. */
  readonly carrier: string;
  /** Flight number of the airline. */
  readonly flight: number;
  /** IATA code of the airport of departure. */
  readonly origin: string;
  /** IATA code of the airport of arrival. */
  readonly destination: string;
  /** Negative when early. */
  readonly arrivalDelayMinutes: number;
  readonly airTimeMinutes: number;
  readonly distanceMiles: number;
}

/** A flight was cancelled; the event's time is its scheduled departure. */
export interface FlightCancelled {
  /** Key: events of one aircraft are delivered in order. */
  readonly tailNumber: string;
  /** IATA code of the airline. */
  readonly carrier: string;
  /** Flight number of the airline. */
  readonly flight: number;
  /** IATA code of the airport of departure. */
  readonly origin: string;
  /** IATA code of the airport of arrival. */
  readonly destination: string;
}

/** {@link FlightCancelled} as it is written. */
export interface FlightCancelledInput {
  /** Key: events of one aircraft are delivered in order. */
  readonly tailNumber: string;
  /** IATA code of the airline. */
  readonly carrier: string;
  /** Flight number of the airline. */
  readonly flight: number;
  /** IATA code of the airport of departure. */
  readonly origin: string;
  /** IATA code of the airport of arrival. */
  readonly destination: string;
}
