import { spawn } from "node:child_process";
import { kafkaTool } from "@millrace/local";

/**
 * Runs one of Kafka's own tools; resolves to what it printed.
 * @throws Error with what the tool said when it fails.
 */
export async function runKafkaTool(mainClass: string, args: readonly string[]): Promise<string> {
  const tool = await kafkaTool(mainClass, args);
  return new Promise((resolve, reject) => {
    const child = spawn(tool.command, [...tool.args], { stdio: ["ignore", "pipe", "pipe"] });
    const output: Buffer[] = [];
    const complaint: Buffer[] = [];
    child.stdout.on("data", (chunk: Buffer) => output.push(chunk));
    child.stderr.on("data", (chunk: Buffer) => complaint.push(chunk));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve(Buffer.concat(output).toString());
      else reject(new Error(`${mainClass} failed: ${Buffer.concat(complaint).toString().trim()}`));
    });
  });
}
