import Connection from "kafkajs/src/network/connection.js";

let isInstalled = false;

/**
 * Has kafkajs take a whole answer (`broker-socket.ts`) as it is. Behind each it keeps the piece that follows, though it be empty, and
 * copies the next answer whole to join it to that. Idempotent; for the whole process.
 */
export function installConnectionHook(): void {
  if (isInstalled) return;
  isInstalled = true;
  const { prototype } = Connection;
  // eslint-disable-next-line @typescript-eslint/unbound-method -- called with its connection below
  const { processData } = prototype;
  prototype.processData = function (this: Connection, data: Buffer): void {
    if (this.bytesBuffered === 0) this.chunks = [];
    processData.call(this, data);
  };
}
