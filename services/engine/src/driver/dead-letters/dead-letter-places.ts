import type { Delivery } from "../../core/lanes/delivery.ts";
import type { Marker } from "../../core/aside/marker.ts";
import type { Offset, PartitionId } from "../../core/lanes/identity.ts";
import type { PreparedEvent } from "../../ports.ts";

/** Where a dead letter stands in the dead-letter topic. */
export interface DeadLetterPlace {
  readonly partition: PartitionId;
  readonly offset: Offset;
}

/** Where open dead letters stand, so that a redrive need not look for them. */
export class DeadLetterPlaces {
  readonly #ofDeliveries = new WeakMap<Delivery<PreparedEvent>, DeadLetterPlace>();
  readonly #ofMarkers = new WeakMap<Marker, DeadLetterPlace>();

  noteDelivery(delivery: Delivery<PreparedEvent>, place: DeadLetterPlace): void {
    this.#ofDeliveries.set(delivery, place);
  }

  noteMarker(marker: Marker, place: DeadLetterPlace | null): void {
    if (place !== null) this.#ofMarkers.set(marker, place);
  }

  ofDelivery(delivery: Delivery<PreparedEvent>): DeadLetterPlace | null {
    return this.#ofDeliveries.get(delivery) ?? null;
  }

  ofMarker(marker: Marker): DeadLetterPlace | null {
    return this.#ofMarkers.get(marker) ?? null;
  }
}
