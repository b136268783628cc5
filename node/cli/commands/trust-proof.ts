/**
 * `brume trust prove`, `verify` and `headers`: scores for whoever has no daemon, and the way from one header to a later one.
 *
 * @module
 */

import { readFile, stat, writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { fromBase64Url, toHex } from '../../../core/bytes.ts'
import {
  decodeHeader,
  decodeSignedHeader,
  type HeaderWish,
  type SignedHeader,
  type TrustPath,
  trustPath,
  trustedFrom,
} from '../../../protocols/epoch/index.ts'
import { ApiError } from '../../api/errors.ts'
import type { TrustHeaders, TrustProof, TrustView } from '../../api/schemas/trust.ts'
import { nodeCrypto } from '../../crypto/node-crypto.ts'
import { TrustError } from '../../epoch/errors.ts'
import {
  decodeHeaderFile,
  encodeHeaderFile,
  HEADER_FILE_BYTES_MAX,
} from '../../epoch/header-file.ts'
import { HeaderShelf, walked } from '../../epoch/header-shelf.ts'
import { PROOF_FILE_BYTES_MAX, type ProvenScore, verifyProofFile } from '../../epoch/proof-file.ts'
import { systemClock } from '../../system/system-clock.ts'
import type { ApiClient } from '../api-client.ts'
import type { Cli } from '../cli.ts'
import { CliError } from '../errors.ts'
import { collected, numberWithin } from '../option-values.ts'
import { countText } from '../quantity-text.ts'
import { provenJson, provenLines } from '../trust-report.ts'

interface ProveOptions {
  readonly out: string
}

interface VerifyOptions {
  readonly header?: string
  readonly from?: readonly string[]
  readonly witness?: readonly string[]
}

interface HeadersOptions {
  readonly since: number
  readonly out: string
}

type HeaderSource = (wish: HeaderWish) => Promise<SignedHeader | undefined>

const EPOCH_MOST = 4_294_967_294

export function addTrustProof(trust: Command, cli: Cli): void {
  trust
    .command('prove')
    .description('write the score of a device to a file that anybody can check')
    .argument('<peer>', 'PeerId, as brume trust show --json shows it')
    .requiredOption('--out <file>', 'where to')
    .action((peer: string, options: ProveOptions) => prove(cli, peer, options))
  trust
    .command('verify')
    .description('check the score in a file; needs no daemon')
    .argument('<file>', 'what brume trust prove wrote')
    .option('--header <hash>', 'the header to trust, as brume trust show names it')
    .option(
      '--from <files...>',
      'earlier proofs, and files of brume trust headers, one of which has that header; a daemon that runs here is asked for what lies between',
    )
    .option(
      '--witness <peer>',
      'a device without a part in the agreement that must have cosigned the header; again for more',
      collected,
    )
    .action((file: string, options: VerifyOptions) => verify(cli, file, options))
  trust
    .command('headers')
    .description('write down the headers that lead from an epoch to the last certified one')
    .requiredOption(
      '--since <epoch>',
      'the epoch that whoever checks knows',
      numberWithin(0, EPOCH_MOST),
    )
    .requiredOption('--out <file>', 'where to')
    .action((options: HeadersOptions) => headers(cli, options))
}

async function prove(cli: Cli, peer: string, { out }: ProveOptions): Promise<void> {
  const client = await cli.client()
  const path = `/v1/trust/${encodeURIComponent(peer)}/proof`
  const { proof, epoch, header } = await client.get<TrustProof>(path)
  const bytes = fromBase64Url(proof)
  if (bytes === undefined) throw new CliError({ code: 'CLI_RESPONSE_INVALID', path })
  await written(out, bytes)
  cli.print({ file: out, bytes: bytes.length, epoch, header }, () => [
    `wrote ${out}, ${bytes.length} bytes: the score of epoch ${epoch}`,
    `check it with brume trust verify ${out} --header ${header}`,
  ])
}

async function verify(cli: Cli, file: string, options: VerifyOptions): Promise<void> {
  const { header, from = [], witness = [] } = options
  const wallMs = systemClock.wallMs()
  const proven = provenBy(await bytesIn(file, PROOF_FILE_BYTES_MAX), wallMs)
  const lacking = witness.find((peer) => !proven.witnesses.some((one) => one === peer))
  if (lacking !== undefined) throw new TrustError({ code: 'TRUST_WITNESS_LACKING', peer: lacking })
  const shelf = new HeaderShelf(nodeCrypto.sha256)
  for (const path of from) shelf.add(await headersIn(path, wallMs))
  const oldest = shelf.oldest ?? proven.signed
  shelf.add([proven.signed])
  const start = header === undefined ? oldest : shelf.withId(header.toLowerCase())
  if (start === undefined) throw new TrustError({ code: 'EPOCH_TRUST_EXPIRED' })
  const fromDaemon = askedOnce(cli)
  const path = await pathBetween(start, proven.signed, wallMs, async (wish) => {
    return shelf.between(wish) ?? (await fromDaemon(wish))
  })
  const anchored = header !== undefined
  const steps = path.steps.length
  cli.print({ proof: { ...provenJson(proven), anchored, steps } }, () => [
    ...provenLines(proven, anchored),
    ...(steps === 0
      ? []
      : [`steps     ${countText(steps, 'header')} from the one that is trusted`]),
  ])
  if (!anchored) {
    const trusted = toHex(nodeCrypto.sha256(start.value))
    throw new TrustError({ code: 'TRUST_PROOF_UNANCHORED', header: trusted })
  }
}

async function headers(cli: Cli, { since, out }: HeadersOptions): Promise<void> {
  const wallMs = systemClock.wallMs()
  const client = await cli.client()
  const { epoch } = await client.get<TrustView>('/v1/trust')
  const [start] = await headersOf(client, { from: since, to: epoch ?? 0 })
  const [top] = await headersOf(client, { from: epoch ?? 0, to: epoch ?? 0 })
  if (start === undefined || top === undefined)
    throw new TrustError({ code: 'TRUST_NOT_CERTIFIED' })
  const path = await pathBetween(start, top, wallMs, (wish) => askedOf(client, wish))
  const all = [start, ...path.steps]
  await written(out, encodeHeaderFile(all))
  const trusted = toHex(nodeCrypto.sha256(start.value))
  cli.print(
    { file: out, headers: all.length, since: epochOf(start), epoch, header: trusted },
    () => [
      `wrote ${out}, ${countText(all.length, 'header')} from epoch ${epochOf(start)} to ${epoch ?? 0}`,
      `check a proof with brume trust verify FILE --from ${out} --header ${trusted}`,
    ],
  )
}

/** @throws {TrustError} why the later header cannot be believed after the earlier one. */
async function pathBetween(
  start: SignedHeader,
  shown: SignedHeader,
  wallMs: number,
  source: HeaderSource,
): Promise<TrustPath> {
  const known = trustedFrom(nodeCrypto, start.value, start.committee)
  if (known.type === 'refused') throw new TrustError({ code: known.code })
  const path = await walked(trustPath(nodeCrypto, known.value, shown, wallMs), source)
  if (path.type === 'refused') throw new TrustError({ code: path.code, reason: path.reason })
  return path.value
}

/** Asks the daemon of this device, where one runs. */
function askedOnce(cli: Cli): HeaderSource {
  let client: Promise<ApiClient | undefined> | undefined
  return async (wish) => {
    client ??= cli.client().catch((error: unknown) => {
      if (error instanceof ApiError && error.code === 'API_DAEMON_NOT_RUNNING') return undefined
      throw error
    })
    const running = await client
    return running === undefined ? undefined : askedOf(running, wish)
  }
}

/** The first header from the middle on; where a mesh that began again has none there, the first of all in between. */
async function askedOf(
  client: ApiClient,
  { after, before, middle }: HeaderWish,
): Promise<SignedHeader | undefined> {
  const [late] = await headersOf(client, { from: middle, to: before - 1 })
  const [early] = late === undefined ? await headersOf(client, { from: after + 1, to: middle }) : []
  return late ?? early
}

async function headersOf(
  client: ApiClient,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<readonly SignedHeader[]> {
  const path = `/v1/trust/headers?from=${from}&to=${to}&limit=1`
  const page = await client.get<TrustHeaders>(path)
  return page.headers.map(({ signed }) => {
    const bytes = fromBase64Url(signed)
    const header = bytes === undefined ? undefined : decodeSignedHeader(bytes)
    if (header?.type !== 'value') throw new CliError({ code: 'CLI_RESPONSE_INVALID', path })
    return header.value
  })
}

/** The headers of a file of them, or that of a proof. */
async function headersIn(path: string, wallMs: number): Promise<readonly SignedHeader[]> {
  const bytes = await bytesIn(path, HEADER_FILE_BYTES_MAX)
  return decodeHeaderFile(bytes) ?? [provenBy(bytes, wallMs).signed]
}

function provenBy(bytes: Uint8Array, wallMs: number): ProvenScore {
  const proven = verifyProofFile(nodeCrypto, bytes, wallMs)
  if (typeof proven === 'string') throw new TrustError({ code: proven })
  return proven
}

/** A file; of one that is too long, so much that it is seen to be. */
async function bytesIn(path: string, bytesMax: number): Promise<Uint8Array> {
  try {
    const { size } = await stat(path)
    return size > bytesMax ? new Uint8Array(bytesMax + 1) : await readFile(path)
  } catch (error) {
    throw new CliError({ code: 'CLI_INPUT_UNREADABLE', path }, { cause: error })
  }
}

async function written(path: string, bytes: Uint8Array): Promise<void> {
  try {
    await writeFile(path, bytes)
  } catch (error) {
    throw new CliError({ code: 'CLI_OUTPUT_UNWRITABLE', path }, { cause: error })
  }
}

function epochOf({ value }: SignedHeader): number {
  const header = decodeHeader(value)
  return header.type === 'value' ? header.value.epoch : 0
}
