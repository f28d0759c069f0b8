/**
 * Who may use a drawn port. A Java server listens seconds after its port was drawn; in between, other processes draw
 * too, and a port that is still free would be given twice. A claim is a file of that port, for all processes of this user.
 */
import { closeSync, mkdirSync, openSync, statSync, utimesSync } from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

/** Longer than any server takes to listen; after that, who has the port listens there. */
const CLAIM_MS = 120_000;

/** Where the claims of this user stand. */
const FOLDER = join(tmpdir(), `millrace-ports-${userInfo().username}`);

/** Claims a port for two minutes; false when it is claimed already. */
export function claimPort(port: number, folder = FOLDER): boolean {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, String(port));
  try {
    closeSync(openSync(path, "wx"));
    return true;
  } catch {
    return renew(path);
  }
}

/** Takes over a claim that has run out. Two that do so at once are as unlikely as two that draw the same port. */
function renew(path: string): boolean {
  const claimedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (Date.now() - claimedAt < CLAIM_MS) return false;
  const now = new Date();
  utimesSync(path, now, now);
  return true;
}
