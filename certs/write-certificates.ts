import { X509Certificate } from 'node:crypto';
import { access, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';
import { type CertificatePair, makeAuthority, makeServerCertificate } from './make-certificates.js';

/** What `pgturnstile cert` and `init` leave behind, as absolute paths. */
export interface WrittenCertificates {
  readonly caCert: string;
  readonly caKey: string;
  readonly cert: string;
  readonly key: string;
  /** The authority was there already: who trusts it needs nothing new. */
  readonly keptAuthority: boolean;
}

/** Thrown instead of overwriting; `file` is there already. */
export class CertificateExists extends Error {
  readonly file: string;

  constructor(file: string) {
    super(`${file} is there already`);
    this.name = 'CertificateExists';
    this.file = file;
  }
}

/** The names under which a development machine is reached. */
export function defaultHosts(): readonly string[] {
  return [...new Set(['localhost', '127.0.0.1', '::1', hostname()])];
}

/**
 * Writes `ca.crt`, `ca.key`, `server.crt` and `server.key` into a directory, which is made where it is missing. An
 * authority that is there is used again, so that clients go on trusting what it signs; one that has expired is not.
 *
 * @param force replaces a server certificate that is there
 * @throws CertificateExists, or what the file system says
 */
export async function writeCertificates(
  directory: string,
  hosts: readonly string[],
  force: boolean,
): Promise<WrittenCertificates> {
  const fileOf = (name: string) => path.resolve(directory, name);
  const files = {
    caCert: fileOf('ca.crt'),
    caKey: fileOf('ca.key'),
    cert: fileOf('server.crt'),
    key: fileOf('server.key'),
  };
  for (const file of [files.cert, files.key]) if (!force && (await exists(file))) throw new CertificateExists(file);
  await mkdir(directory, { recursive: true });
  const kept = await readAuthority(files.caCert, files.caKey, force);
  const authority = kept ?? (await makeAuthority());
  const server = await makeServerCertificate(authority, hosts);
  if (kept === null) await writePair(files.caCert, files.caKey, authority);
  await writePair(files.cert, files.key, server);
  return { ...files, keptAuthority: kept !== null };
}

/** Null: there is none, or it is of no more use and may be replaced. */
async function readAuthority(certFile: string, keyFile: string, force: boolean): Promise<CertificatePair | null> {
  const isThere = [await exists(certFile), await exists(keyFile)];
  if (isThere[0] === true && isThere[1] === true) {
    const pair = { cert: await readFile(certFile, 'utf8'), key: await readFile(keyFile, 'utf8') };
    if (isUsable(pair)) return pair;
  }
  // An authority without its key may be somebody's own: never lost without being asked for.
  if (isThere.includes(true) && !force) throw new CertificateExists(isThere[0] === true ? certFile : keyFile);
  return null;
}

function isUsable({ cert }: CertificatePair): boolean {
  try {
    const certificate = new X509Certificate(cert);
    return certificate.ca && Date.parse(certificate.validTo) > Date.now();
  } catch {
    return false;
  }
}

async function writePair(certFile: string, keyFile: string, pair: CertificatePair): Promise<void> {
  await replaceFile(keyFile, pair.key, 0o600);
  await replaceFile(certFile, pair.cert, 0o644);
}

/** At once or not at all: a running daemon may reload at any moment. */
async function replaceFile(file: string, text: string, mode: number): Promise<void> {
  const draft = `${file}.${process.pid}.new`;
  await writeFile(draft, text, { mode, flag: 'wx' });
  await rename(draft, file);
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
