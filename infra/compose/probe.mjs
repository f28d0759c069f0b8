/** Health check of a container: exit code 0 when a URL answers 2xx within two seconds. */
const [url = ""] = process.argv.slice(2);
try {
  const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  process.exitCode = answer.ok ? 0 : 1;
} catch {
  process.exitCode = 1;
}
