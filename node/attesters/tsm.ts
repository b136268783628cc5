/**
 * Reports of confidential guests (SEV-SNP, TDX) through the kernel's one interface for them: configfs TSM, Linux 6.7.
 *
 * A folder made under `/sys/kernel/config/tsm/report` gets files: `inblob` takes 64 bytes to be
 * bound, `outblob` gives the report, `auxblob` what the host knows of it, `generation` counts
 * writes, so that two who use one folder notice each other (Documentation/ABI/testing/configfs-tsm).
 *
 * @module
 */

import { mkdir, readFile, rmdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { invariant } from '../../core/invariant.ts'
import { AttesterError } from './errors.ts'

/** The folder of reports, as a port: only a confidential guest has a real one. */
export interface TsmFolder {
  /** Makes an entry. Rejects where there is no such interface. */
  make(name: string): Promise<void>
  write(name: string, file: string, bytes: Uint8Array): Promise<void>
  read(name: string, file: string): Promise<Uint8Array>
  remove(name: string): Promise<void>
}

/** What a guest's hardware says of it. */
export interface TsmReport {
  readonly kind: 'sev-snp' | 'tdx'
  /** The report of SEV-SNP, or the quote of TDX. */
  readonly report: Uint8Array
  /** Certificates from the host, in no order; often none. */
  readonly certificates: readonly Uint8Array[]
}

/** Where the kernel has it. */
export const TSM_PATH = '/sys/kernel/config/tsm/report'
const KINDS: Readonly<Record<string, TsmReport['kind']>> = {
  sev_guest: 'sev-snp',
  tdx_guest: 'tdx',
}
const BINDING_BYTES = 64
const ATTEMPTS = 3
const ENTRY_BYTES = 24
const CERTIFICATES_MAX = 8

/** The folder of the kernel at `path`. */
export function tsmFolder(path: string): TsmFolder {
  return {
    make: (name) => mkdir(join(path, name)),
    write: (name, file, bytes) => writeFile(join(path, name, file), bytes),
    read: async (name, file) => new Uint8Array(await readFile(join(path, name, file))),
    remove: (name) => rmdir(join(path, name)),
  }
}

/**
 * A report that holds a binding; undefined where this is no confidential guest of a known kind.
 *
 * @param bindingFor - 64 bytes for the kind, which only the kernel knows.
 * @throws {AttesterError} `ATTESTER_REPORT_RACE` when others kept writing.
 */
export async function tsmReport(
  folder: TsmFolder,
  name: string,
  bindingFor: (kind: TsmReport['kind']) => Uint8Array,
): Promise<TsmReport | undefined> {
  try {
    await folder.make(name)
  } catch {
    // The interface is not there, or not ours to use: most machines are no confidential guests.
    return undefined
  }
  try {
    const provider = new TextDecoder().decode(await folder.read(name, 'provider')).trim()
    const kind = Object.hasOwn(KINDS, provider) ? KINDS[provider] : undefined
    if (kind === undefined) return undefined
    const binding = bindingFor(kind)
    invariant(binding.length === BINDING_BYTES, 'a report holds 64 bytes')
    return { kind, ...(await readWhole(folder, name, binding)) }
  } finally {
    await folder.remove(name)
  }
}

async function readWhole(
  folder: TsmFolder,
  name: string,
  binding: Uint8Array,
): Promise<Omit<TsmReport, 'kind'>> {
  const generation = async (): Promise<string> =>
    new TextDecoder().decode(await folder.read(name, 'generation')).trim()
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    await folder.write(name, 'inblob', binding)
    const before = await generation()
    const report = await folder.read(name, 'outblob')
    const certificates = certificatesIn(await readOptional(folder, name))
    // A write in between would have made this report one for somebody else.
    if ((await generation()) === before) return { report, certificates }
  }
  throw new AttesterError({ code: 'ATTESTER_REPORT_RACE' })
}

/** TDX has nothing to add, and says so by refusing to be read. */
async function readOptional(folder: TsmFolder, name: string): Promise<Uint8Array> {
  try {
    return await folder.read(name, 'auxblob')
  } catch {
    // What is not there is fetched by whoever needs it.
    return new Uint8Array()
  }
}

/**
 * Certificates of the host's table (GHCB specification, section 4.1.8.1): entries of a GUID, an
 * offset and a length, up to one of zeros. Which is which, the certificates say themselves.
 */
export function certificatesIn(table: Uint8Array): readonly Uint8Array[] {
  const view = new DataView(table.buffer, table.byteOffset, table.length)
  const found: Uint8Array[] = []
  for (
    let at = 0;
    at + ENTRY_BYTES <= table.length && found.length < CERTIFICATES_MAX;
    at += ENTRY_BYTES
  ) {
    const [offset, length] = [view.getUint32(at + 16, true), view.getUint32(at + 20, true)]
    if (length === 0 || offset + length > table.length) break
    found.push(table.slice(offset, offset + length))
  }
  return found
}
