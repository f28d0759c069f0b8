import type { Delivery } from "../core/delivery.ts";
import type { TargetId } from "../core/identity.ts";
import type { Marker } from "../core/marker.ts";
import type { PreparedEvent, RecordPosition } from "../ports.ts";
import type { DriverPorts } from "./options.ts";
import { markerKey, type MarkerValue } from "./state-keys.ts";

/** Writes a target's markers. Knows where each open dead letter stands, so that a redrive need not look for it. */
export class MarkerWriter {
  readonly #target: TargetId;
  readonly #ports: Pick<DriverPorts, "clock" | "stateLog">;
  #writeCount = 0;
  readonly #deadLetters = new WeakMap<Delivery<PreparedEvent>, RecordPosition>();

  constructor(target: TargetId, ports: Pick<DriverPorts, "clock" | "stateLog">) {
    this.#target = target;
    this.#ports = ports;
  }

  /** Remembers where a delivery's dead letter stands. */
  noteDeadLetter(delivery: Delivery<PreparedEvent>, position: RecordPosition): void {
    this.#deadLetters.set(delivery, position);
  }

  /**
   * Resolves when the marker is acknowledged.
   * @throws MillraceError of the state log; may be repeated.
   */
  async write(delivery: Delivery<PreparedEvent>, marker: Marker): Promise<void> {
    const { clock, stateLog } = this.#ports;
    const position = this.#deadLetters.get(delivery);
    this.#writeCount += 1;
    const { epoch, lane } = marker;
    const name = { epoch, lane, write: this.#writeCount };
    const value: MarkerValue = {
      v: 1,
      kind: marker.kind,
      offset: marker.offset,
      dead:
        position === undefined ? null : { partition: position.partition, offset: position.offset },
      at: new Date(clock.wallNow()).toISOString(),
    };
    await stateLog.append([{ key: markerKey(this.#target, delivery.partition, name), value }]);
  }
}
