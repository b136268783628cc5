/**
 * Every `new` of the parts that do work: stages for others, jobs and texts of this device.
 *
 * @module
 */

import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { fromHex } from '../core/bytes.ts'
import type { PeerId } from '../core/ids.ts'
import { invariant } from '../core/invariant.ts'
import type { Startable } from '../core/lifecycle.ts'
import { problemOf } from './api/index.ts'
import type { AuditRecords } from './audit/audit-records.ts'
import { type Auditing, composeAudits } from './compose-audits.ts'
import type { Foundation, MeshParts, Models } from './compose.ts'
import { nodeCrypto } from './crypto/node-crypto.ts'
import { deviceName } from './device-name.ts'
import { errorRow } from './error-catalogue.ts'
import { Lending } from './inference/lending.ts'
import { OutboundLinks } from './inference/outbound-links.ts'
import { StageHost } from './inference/stage-host.ts'
import { StagePaces, toldMebibytes, toldStreams } from './inference/stage-paces.ts'
import { StagePool } from './inference/stage-pool.ts'
import type { MeshMembership } from './mesh/mesh-membership.ts'
import { mayOpenStages } from './mesh/role-rules.ts'
import type { BeaconSource } from './audit/beacons.ts'
import type { Network } from './network/network.ts'
import { PROMPT_CHUNK_ROWS } from './runtime/limits.ts'
import { ProofBook } from './runtime/proof-book.ts'
import { providerFor } from './runtime/provider-choice.ts'
import { StageProbe } from './runtime/stage-probe.ts'
import type { Receipts } from './receipts/receipts.ts'
import { JobBook } from './scheduler/jobs/job-book.ts'
import { JobOutputs } from './scheduler/jobs/job-outputs.ts'
import { LinkSurvey } from './scheduler/jobs/link-survey.ts'
import { LinkTable } from './scheduler/jobs/link-table.ts'
import { Planner } from './scheduler/jobs/planner.ts'
import { SpeedTable } from './scheduler/jobs/speed-table.ts'
import { EmbeddingBook } from './scheduler/texts/embedding-book.ts'
import {
  TextBook,
  type TextBookComponents,
  type TextBookInit,
} from './scheduler/texts/text-book.ts'
import { TextLoad } from './scheduler/texts/text-load.ts'
import { TextKeep } from './scheduler/texts/text-keep.ts'
import { Tokenizers } from './scheduler/texts/tokenizers.ts'
import { systemClock } from './system/system-clock.ts'
import { TextThread } from './text/text-thread.ts'

export type Work = ReturnType<typeof composeWork>

/** The certified score of a device, in [0, 1]; undefined while it has none. */
type ScoreOf = (peer: PeerId) => number | undefined

/** Where work goes, and who keeps the account of it. */
type WorkParts = MeshParts &
  Models & {
    readonly receipts: Receipts
    readonly beacons: BeaconSource
    readonly scoreOf: ScoreOf
  }

type TextParts = WorkParts & Auditing & { readonly tokenizers: Tokenizers }

export function composeWork(foundation: Foundation, parts: WorkParts) {
  const tokenizers = new Tokenizers({
    tokenizer: (model, signal, near) => parts.source.tokenizer(model, signal, near),
    thread: (text) => new TextThread({ text }),
    wallMs: () => systemClock.wallMs(),
  })
  const auditing = composeAudits(foundation, parts)
  const { audits, records } = auditing
  const stages = composeStages(foundation, { ...parts, ...auditing, tokenizers })
  auditing.useStages(stages)
  const { planner, links } = composePlanner(foundation, { ...parts, records, ...stages })
  const { config, log, identity, state, stateDir } = foundation
  const { network, source, receipts } = parts
  const jobs = new JobBook(
    {
      self: identity.peer,
      clock: systemClock,
      crypto: nodeCrypto,
      logger: log,
      outbound: stages.outbound,
      orders: receipts.orders,
      audits,
      planner,
      links,
      outputs: new JobOutputs(join(stateDir, 'jobs')),
      nameOf: (peer) => deviceName(peer),
      reachable: (peer) => peer === identity.peer || isConnected(network, peer),
      state,
      resolve: (ref, signal) => source.resolve(ref, signal),
      manifestRef: (model) => source.manifestRef(model),
      problemOf: (error) => problemOf(error, errorRow),
    },
    {
      inFlightMax: config.scheduler.inFlightMax,
      pingMs: 250,
      stallMs: 5_000,
      progressMs: config.runtime.loadDeadlineMs,
      runMsMax: config.runtime.runDeadlineMs,
      recoveriesMax: 16,
      receiptMs: 2_000,
      runningMax: 32,
      keptMax: config.scheduler.jobsKeptMax,
    },
  )
  const texts = composeTexts(foundation, {
    ...parts,
    ...auditing,
    ...stages,
    planner,
    links,
    tokenizers,
  })
  return { ...stages, planner, jobs, ...texts, receipts, audits, auditRecords: records }
}

function composeTexts(
  { config, log, identity, stateDir }: Foundation,
  parts: TextParts & ReturnType<typeof composeStages> & ReturnType<typeof composePlanner>,
) {
  const { network, source, outbound, planner, links, receipts, audits, tokenizers } = parts
  const components: TextBookComponents = {
    self: identity.peer,
    clock: systemClock,
    crypto: nodeCrypto,
    logger: log,
    outbound,
    orders: receipts.orders,
    audits,
    planner,
    links,
    nameOf: (peer) => deviceName(peer),
    reachable: (peer) => peer === identity.peer || isConnected(network, peer),
    tokenizers,
    resolve: (ref, signal) => source.resolve(ref, signal),
    manifestRef: (model) => source.manifestRef(model),
    problemOf: (error) => problemOf(error, errorRow),
    load: new TextLoad(() => systemClock.monotonicMs()),
    keep: new TextKeep(
      { logger: log, wallMs: () => systemClock.wallMs() },
      { folder: join(stateDir, 'texts'), resumeMs: config.scheduler.resumeMs },
    ),
  }
  const init: TextBookInit = {
    // A prompt's chunks fill the pipeline; of a step there is only one at a time.
    inFlightMax: 16,
    pingMs: 200,
    // Less than a second until a device that is gone without a word is replaced.
    stallMs: 900,
    progressMs: config.runtime.loadDeadlineMs,
    runMsMax: config.runtime.runDeadlineMs,
    recoveriesMax: 64,
    receiptMs: 2_000,
    runningMax: 64,
    keptMax: config.scheduler.jobsKeptMax,
    chunkRowsMax: PROMPT_CHUNK_ROWS,
  }
  return { texts: new TextBook(components, init), embeddings: new EmbeddingBook(components, init) }
}

function composePlanner(
  foundation: Foundation,
  {
    network,
    mesh,
    presence,
    attestation,
    records: audited,
    scoreOf,
    host,
  }: MeshParts & {
    readonly records: AuditRecords
    readonly host: StageHost
  } & Pick<WorkParts, 'scoreOf'>,
) {
  const { identity, config } = foundation
  const links = new LinkTable(identity.peer)
  const survey = new LinkSurvey({
    clock: systemClock,
    links,
    ping: (peer) => network.ping(peer),
  })
  // As it is before anything of it is held back from others.
  const { memoryFreeBytes } = presence.capabilities()
  const planner = new Planner(
    {
      self: identity.peer,
      links,
      speeds: new SpeedTable(),
      nowMs: () => systemClock.monotonicMs(),
      // Before it is in a mesh this device has no record, but may work for itself.
      records: () => [
        {
          ...(presence.self() ?? { ...presence.capabilities(), peer: identity.peer }),
          // What its owner wants is no loan: all of the device is there for it.
          levelQuarters: 4,
          memoryFreeBytes,
          textMebibytes: host.freeTextBytes.own / 2 ** 20,
        },
        ...presence.records(),
      ],
      excluded: () => unavailable(mesh, network, audited),
      tierOf: (peer) => attestation.tierOf(peer),
      scoreOf,
      survey: (peers) => survey.survey(peers),
      appraise: (peers, signal) => attestation.refresh(peers, signal),
    },
    { inFlightMax: config.scheduler.inFlightMax, loadedMs: STAGE_IDLE_MS },
  )
  return { planner, links }
}

/** How long a stage that nobody uses stays loaded, here and, as it is assumed, elsewhere. */
const STAGE_IDLE_MS = 60_000

/** Longest fetch of a tokenizer for a stage: it is smaller than most tensors. */
const TOKENIZER_MS_MAX = 60_000

function composePool(foundation: Foundation, { source, catalogue, tokenizers }: TextParts) {
  const { config, log, runtime, state } = foundation
  const probe = new StageProbe(runtime, new ProofBook({ store: state, logger: log }))
  return new StagePool(
    {
      clock: systemClock,
      logger: log,
      prepare: (open, requester, work) => source.prepare(open, requester, work),
      load: (spec, signal) => runtime.load(spec, signal),
      selfTest: async (executor, prepared, model, again) => {
        const proved = await probe.prove(executor, { ...prepared, model }, again)
        // From now on it serves, and the owner comes first.
        await runtime.putLast(executor)
        const { class: name, ...proof } = proved
        const numericClass = fromHex(name)
        // Stages of no class must not look as if they were all of one.
        invariant(numericClass !== undefined, 'a proof names its class in hex')
        return { ...proof, class: numericClass }
      },
      tokens: async (model, near) => {
        const signal = AbortSignal.timeout(TOKENIZER_MS_MAX)
        return (await tokenizers.table(catalogue.get(model), signal, near)).content
      },
      provider: async (asked) => providerFor(asked, config.runtime.provider),
    },
    {
      weightBytesMax: config.runtime.executorMemoryBytes,
      executorMemoryBytes: config.runtime.executorMemoryBytes,
      loadMsMax: config.runtime.loadDeadlineMs,
      runMsMax: config.runtime.runDeadlineMs,
      idleMs: STAGE_IDLE_MS,
    },
  )
}

function composeStages(foundation: Foundation, parts: TextParts) {
  const { network, mesh, presence, receipts, tapes, bulk } = parts
  const { config, log, identity } = foundation
  const pool = composePool(foundation, parts)
  const lending = new Lending(systemClock, availableParallelism(), bulk)
  const paces = new StagePaces((told) => presence.update({ paces: told }))
  const host = new StageHost(
    {
      clock: systemClock,
      logger: log,
      signer: identity.signer,
      sha256: nodeCrypto.sha256,
      pool,
      lending,
      paces,
      mayOpen: (requester) => mayOpenStages(mesh, requester, identity.peer),
      hosted: (facts) => receipts.deliveries.hosted(facts),
      tape: (open, requester) => tapes.record(open, requester),
      outbound: () => outbound,
    },
    {
      journalBytesMax: config.scheduler.journalBytesMax,
      textBytesMax: config.scheduler.textBytesMax,
      prefixes: {
        bytesMax: config.scheduler.prefixBytesMax,
        shared: config.scheduler.sharePrefixes,
      },
      stagesMax: 64,
    },
  )
  network.handle(host.protocol)
  const tell = (): void => {
    const streams = toldStreams(host.stages.length)
    const textMebibytes = toldMebibytes(host.freeTextBytes.others)
    const told = presence.capabilities()
    if (streams !== told.streams || textMebibytes !== told.textMebibytes) {
      presence.update({ streams, textMebibytes })
    }
  }
  tell()
  host.onStages(tell)
  const outbound = new OutboundLinks({
    network,
    logger: log,
    uplink: bulk,
    openLocal: () => host.openLocal(),
  })
  const part: Startable = {
    start: async () => undefined,
    stop: async () => {
      host.stop()
      await outbound.stop()
      await pool.stop()
    },
  }
  return { pool, host, lending, outbound, part }
}

/** Members that may not be given work, and why. */
function unavailable(
  mesh: MeshMembership,
  network: Network,
  audited: AuditRecords,
): ReadonlyMap<PeerId, string> {
  const distrusted = audited.distrusted(systemClock.wallMs())
  const reasons = new Map(distrusted.map((peer) => [peer, 'its work failed an audit']))
  for (const { peer, role } of mesh.members()) {
    if (role !== 'worker') reasons.set(peer, `it is a ${role} and takes no work`)
    else if (!isConnected(network, peer)) reasons.set(peer, 'it is not connected')
  }
  return reasons
}

function isConnected(network: Network, peer: PeerId): boolean {
  return network.peers().some((connected) => connected.peer === peer)
}
