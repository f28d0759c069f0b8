/** The process: hands over to an app, or runs one command and ends with its exit code. */
import { isApp, runApp } from "./app.ts";

const argv = process.argv.slice(2);
const [name = "", ...args] = argv;

if (isApp(name)) {
  await runApp(name, args);
} else {
  const { runProcess } = await import("./process.ts");
  await runProcess(argv);
}
