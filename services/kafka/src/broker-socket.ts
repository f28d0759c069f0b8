import net from "node:net";
import tls from "node:tls";
import type { SocketPlan } from "kafkajs/src/cluster/index.js";
import { AnswerReader } from "./answer-reader.ts";

const KEEP_ALIVE_MS = 30_000;

/** What all sockets read into, one after the other: Node would take 64 KiB anew for each read. */
const READ_BUFFER = Buffer.allocUnsafeSlow(65_536);

/**
 * A socket to a broker for kafkajs, over TLS where `ssl` is given, whose `data` are whole answers, one each. Of bytes in pieces kafkajs
 * keeps them all, and copies them once more when the answer is whole; where a socket breaks off in an answer, it reads on in that
 * with the next one's first bytes, and no answer on the connection is understood any more. What kafkajs does not understand,
 * or throws at, costs the socket.
 */
export function openBrokerSocket({ host, port, ssl, onConnect }: SocketPlan): net.Socket {
  const answers = new AnswerReader();
  const onread: net.OnReadOpts = {
    buffer: READ_BUFFER,
    callback: (byteCount) => {
      try {
        answers.read(READ_BUFFER.subarray(0, byteCount), (answer) => socket.emit("data", answer));
      } catch (error) {
        socket.destroy(error instanceof Error ? error : new Error(String(error)));
      }
      return true;
    },
  };
  const place = { host, port, onread };
  const socket =
    ssl === null || ssl === undefined
      ? net.connect({ ...place, noDelay: true }, onConnect)
      : tls.connect({ ...place, ...servernameOf(host), ...ssl }, onConnect);
  socket.setKeepAlive(true, KEEP_ALIVE_MS);
  keepUnrefQuiet(socket);
  return socket;
}

/** An address is no name that a certificate is asked for by. */
function servernameOf(host: string): tls.ConnectionOptions {
  return net.isIP(host) === 0 ? { servername: host } : {};
}

/**
 * kafkajs takes dead sockets out of the event loop again and again; Node then adds a `connect` listener each time, and
 * in the end warns of a leak.
 */
function keepUnrefQuiet(socket: net.Socket): void {
  const unref = socket.unref.bind(socket);
  socket.unref = () => (socket.destroyed ? socket : unref());
}
