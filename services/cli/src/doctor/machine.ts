/** What must be on the machine: Node always, Java and Maven for `millrace up`. */
import { spawnSync } from "node:child_process";
import { stripVTControlCharacters } from "node:util";
import { findJava } from "@millrace/local";
import { reasonOf } from "../cli-error.ts";
import { ok, warn, type Finding } from "./finding.ts";

/** The registry's; Kafka alone would do with 17. */
const JAVA_MIN = 21;

/** The Node that runs this. An older one never comes this far: the launcher hands over. */
export function checkNode(): Finding {
  return ok("node", `${process.versions.node} at ${process.execPath}`);
}

/** A Java for the local stack. */
export function checkJava(): Finding {
  try {
    const { command, major } = findJava({ majorMin: JAVA_MIN, neededBy: "millrace up" });
    return ok("java", `${major} at ${command}`);
  } catch (error) {
    const [detail = "", advice = ""] = reasonOf(error).split("\n");
    return warn("java", detail, `${advice.trim()}; only millrace up needs it`);
  }
}

/** Maven, which fetches the local stack's servers once. */
export function checkMaven(): Finding {
  const { error, stdout } = spawnSync("mvn", ["-B", "-v"], { encoding: "utf8", timeout: 20_000 });
  if (error === undefined)
    return ok("maven", stripVTControlCharacters(stdout.split("\n")[0] ?? "found"));
  const advice =
    "install Maven (Debian: apt-get install maven); only the first millrace up needs it";
  return warn("maven", "mvn not found", advice);
}
