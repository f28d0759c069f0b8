/** The process: hands over to an app, or runs one command and ends with its exit code. */
import { isApp, runApp } from "./app.ts";

const argv = process.argv.slice(2);
const [name = "", ...args] = argv;

if (isApp(name)) {
  try {
    await runApp(name, args);
  } catch (error) {
    const { explain } = await import("./failure.ts");
    const { text, exitCode } = await explain(error, process.env);
    process.stderr.write(`millrace: ${text}\n`);
    process.exitCode = exitCode;
  }
} else {
  const { runProcess } = await import("./process.ts");
  await runProcess(argv);
}
