import Connection from "kafkajs/src/network/connection.js";

/** Bytes of the length that stands in front of every answer. */
const LENGTH_BYTES = 4;

let isInstalled = false;

/**
 * Has each socket of kafkajs's connections begin with an answer. kafkajs keeps what a socket had read of an answer when it
 * broke off, and reads on in it with the next one's first bytes: no answer on that connection is understood any more, and one
 * whose length makes no sense throws where nobody catches it. Here that costs the socket. Idempotent; for the whole process.
 */
export function installConnectionHook(): void {
  if (isInstalled) return;
  isInstalled = true;
  const { prototype } = Connection;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its connection below
  const { connect, processData } = prototype;
  prototype.connect = function (this: Connection): Promise<unknown> {
    if (!this.isConnected()) {
      this.chunks = [];
      this.bytesBuffered = 0;
      this.bytesNeeded = LENGTH_BYTES;
    }
    return connect.call(this);
  };
  prototype.processData = function (this: Connection, data: Buffer): void {
    try {
      processData.call(this, data);
    } catch (error) {
      this.socket?.destroy(error instanceof Error ? error : new Error(String(error)));
    }
  };
}
