/** Certificates for tests, made with openssl in a folder of the test's own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A certificate and its key, PEM. */
export interface Identity {
  readonly cert: string;
  readonly key: string;
}

/** What a certificate says. */
export interface CertificateOptions {
  /** Default `IP:127.0.0.1,DNS:localhost`. */
  readonly names?: string;
  /** Signed by itself instead of the authority. */
  readonly isSelfSigned?: boolean;
  /** Its validity ended years ago. */
  readonly isExpired?: boolean;
}

/** An authority of its own. */
export interface Authority {
  readonly ca: string;
  /** Where `ca.pem` and what was issued (`1.pem`, `1.key`, ...) lie. */
  readonly folder: string;
  issue(options?: CertificateOptions): Identity;
  /** Removes the folder. */
  remove(): void;
}

/** Makes an authority. */
export function createAuthority(): Authority {
  const folder = mkdtempSync(join(tmpdir(), "millrace-ca-"));
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: "pipe" });
  };
  const newKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = (name: string): string[] => ["-subj", `/CN=${name}`];
  openssl("req", "-x509", ...newKey, "-keyout", "ca.key", "-out", "ca.pem", ...subject("test-ca"));
  let count = 0;
  return {
    ca: readFileSync(at("ca.pem"), "utf8"),
    folder,
    issue({ names = "IP:127.0.0.1,DNS:localhost", isSelfSigned, isExpired } = {}) {
      count += 1;
      const [key, request, cert] = [`${count}.key`, `${count}.csr`, `${count}.pem`];
      openssl("req", "-new", ...newKey, "-keyout", key, "-out", request, ...subject("test"));
      writeFileSync(at("names"), `subjectAltName=${names}\n`);
      const signer =
        isSelfSigned === true ? ["-signkey", key] : ["-CA", "ca.pem", "-CAkey", "ca.key"];
      const dates =
        isExpired === true
          ? ["-not_before", "20200101000000Z", "-not_after", "20200201000000Z"]
          : ["-days", "30"];
      sign({ openssl, folder, request, cert, signer, dates });
      return { cert: readFileSync(at(cert), "utf8"), key: readFileSync(at(key), "utf8") };
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

interface Signing {
  readonly openssl: (...args: string[]) => void;
  readonly folder: string;
  readonly request: string;
  readonly cert: string;
  readonly signer: readonly string[];
  readonly dates: readonly string[];
}

/** `openssl x509` takes no end date before version 3.4; `openssl ca` always has. */
function sign({ openssl, folder, request, cert, signer, dates }: Signing): void {
  if (dates[0] === "-days") {
    openssl("x509", "-req", "-in", request, "-out", cert, ...signer, ...dates, "-extfile", "names");
    return;
  }
  writeFileSync(join(folder, "index.txt"), "");
  writeFileSync(join(folder, "serial"), "01\n");
  writeFileSync(
    join(folder, "ca.conf"),
    "[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\nserial=serial\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\n[p]\ncommonName=supplied\n",
  );
  const [, start = "", , end = ""] = dates;
  const range = ["-startdate", start, "-enddate", end];
  const issuer = ["-cert", "ca.pem", "-keyfile", "ca.key", "-extfile", "names"];
  openssl("ca", "-batch", "-config", "ca.conf", "-in", request, "-out", cert, ...issuer, ...range);
}
