import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { readDigestList } from "./digests.ts";
import { assertDiskSpace } from "./disk-space.ts";
import { fetchKafka } from "./distribution.ts";

const FAILS = `
echo 'this is no error'
echo '[\u001B[1;31mERROR\u001B[m] Failed to execute goal: repo.maven.apache.org: Name or service not known'
echo '[ERROR] another line'
exit 1`;
const BRINGS_GARBAGE = `
for argument; do case "$argument" in -DoutputDirectory=*) to="\${argument#*=}"; esac; done
for name in ${[...readDigestList("kafka-4.4.0").digests.keys()].join(" ")}; do : > "$to/$name"; done`;
const KAFKA = `kafka-4.4.0-${readDigestList("kafka-4.4.0").revision}`;

const path = process.env["PATH"];
let place = "";
beforeEach(() => {
  place = mkdtempSync(join(tmpdir(), "millrace-fetch-"));
  mkdirSync(join(place, "bin"));
  mkdirSync(join(place, "cache"));
});
afterEach(() => {
  process.env["PATH"] = path;
  rmSync(place, { recursive: true });
});

/** Puts another Maven in reach, or none. */
function installMaven(script: string | null): void {
  const bin = join(place, "bin");
  process.env["PATH"] = bin;
  if (script === null) return;
  writeFileSync(join(bin, "mvn"), `#!/bin/sh\n${script}\n`);
  chmodSync(join(bin, "mvn"), 0o755);
}

function fetchAll(said: string[] = []): Promise<string> {
  const cache = join(place, "cache");
  return fetchKafka({ cache, onProgress: (message) => said.push(message) });
}

it("says that Maven is missing, and how to get it", async () => {
  installMaven(null);

  await expect(fetchAll()).rejects.toMatchObject({
    code: "MAVEN_MISSING",
    message: expect.stringMatching(/no mvn in PATH\n {2}install Maven/u) as unknown,
  });
});

it("says why Maven failed, in Maven's first words, and leaves nothing half fetched", async () => {
  installMaven(FAILS);

  await expect(fetchAll()).rejects.toMatchObject({
    code: "FETCH_FAILED",
    message: expect.stringMatching(
      /^Maven failed: Failed to execute goal.*not known\n {2}.*check the network/u,
    ) as unknown,
  });
  expect(readdirSync(join(place, "cache"))).toEqual([]);
});

it("refuses files that are not those of the checked-in list, and names the first", async () => {
  installMaven(BRINGS_GARBAGE);

  await expect(fetchAll()).rejects.toMatchObject({
    code: "DIGEST_MISMATCH",
    message: expect.stringMatching(/digest differs: \S+\.jar/u) as unknown,
  });
  expect(readdirSync(join(place, "cache"))).toEqual([]);
});

it("fetches again what is damaged in the cache", async () => {
  installMaven(FAILS);
  mkdirSync(join(place, "cache", KAFKA));
  const said: string[] = [];

  await expect(fetchAll(said)).rejects.toMatchObject({ code: "FETCH_FAILED" });

  expect(said[0]).toMatch(/is damaged \(missing file: \S+\): fetching it again/u);
  expect(readdirSync(join(place, "cache"))).toEqual([]);
});

it("sweeps away what a killed fetch left behind, once it is old", async () => {
  installMaven(FAILS);
  for (const name of ["old", "new"]) mkdirSync(join(place, "cache", `${KAFKA}.part-${name}`));
  utimesSync(join(place, "cache", `${KAFKA}.part-old`), 0, 0);

  await expect(fetchAll()).rejects.toThrow();

  expect(readdirSync(join(place, "cache"))).toEqual([`${KAFKA}.part-new`]);
});

it("refuses to go on where the disk is nearly full, and says how much is missing", async () => {
  await expect(assertDiskSpace(place, Number.MAX_SAFE_INTEGER)).rejects.toMatchObject({
    code: "DISK_FULL",
    message: expect.stringMatching(/MiB free at .*\n {2}free at least/u) as unknown,
  });
});
