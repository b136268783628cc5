/**
 * The trust side of the API.
 *
 * @module
 */

import { bytesEqual, toBase64Url, toHex } from '../../core/bytes.ts'
import { encodeShape } from '../../core/cbor-shape.ts'
import { asPeerId, type PeerId } from '../../core/ids.ts'
import {
  anchorsNeeded,
  decodeHeader,
  encodeSignedHeader,
  type EpochParameters,
  parametersOf,
  quorumOf,
  SIGNED_HEADER_COSIGNATURE,
} from '../../protocols/epoch/index.ts'
import { domainIdOf, lastEpochOf, type Score } from '../../trust/index.ts'
import type { TrustBackend } from '../api/backend.ts'
import type {
  TrustExplanation,
  TrustHeaders,
  TrustHeadersQuery,
  TrustOwner,
  TrustOwnerRequest,
  TrustParameters,
  TrustParameterValues,
  TrustParametersRequest,
  TrustProof,
  TrustRestartRequest,
  TrustScoreView,
  TrustState,
  TrustView,
} from '../api/schemas/trust.ts'
import type { KeptCosignature } from '../cosign/cosign-book.ts'
import type { HeaderWitness } from '../cosign/header-witness.ts'
import { deviceName } from '../device-name.ts'
import type { CountedAudit } from '../epoch/counted-audits.ts'
import type { ChainTop } from '../epoch/epoch-chain.ts'
import type { EpochProblem } from '../epoch/epoch-health.ts'
import type { EpochRoom } from '../epoch/epoch-room.ts'
import { TrustError } from '../epoch/errors.ts'
import type { MeshEpochs } from '../epoch/mesh-epochs.ts'
import { encodeProofFile } from '../epoch/proof-file.ts'
import { problemText } from './trust-problems.ts'

const MICROS = 1_000_000
const Q16 = 65_536
const MILLI = 1_000

export class DaemonTrustBackend implements TrustBackend {
  readonly #epochs: MeshEpochs
  readonly #cosigning: Pick<HeaderWitness, 'cosignatures' | 'current' | 'problems'>
  readonly #self: PeerId

  constructor(
    epochs: MeshEpochs,
    cosigning: Pick<HeaderWitness, 'cosignatures' | 'current' | 'problems'>,
    self: PeerId,
  ) {
    this.#epochs = epochs
    this.#cosigning = cosigning
    this.#self = self
  }

  /** The short form, for the status of the daemon; null in no mesh. */
  state(): TrustState | null {
    const { room } = this.#epochs
    return room === undefined ? null : this.#state(room)
  }

  async trust(): Promise<TrustView> {
    await this.#epochs.entered()
    const room = this.#epochs.opened
    const { top } = room.chain
    const seats = named(room.committee)
    return {
      ...this.#state(room),
      cosignatures: this.#cosigning.cosignatures.map((kept) => cosignatureView(kept)),
      header: top === undefined ? null : toHex(top.id),
      cutMs: top?.header.cutWallMs ?? null,
      epochMs: room.epochMs,
      seats,
      quorum: quorumOf(seats.length),
      seated: room.committee.includes(this.#self),
      beacon: top === undefined ? null : toHex(top.header.beacon),
      scoresRoot: top === undefined ? null : toHex(top.header.scoresRoot),
      scores: (top?.scores.scores ?? []).map((score) => scoreView(score, room)),
      refused: [...room.refusals.counts].map(([code, count]) => ({ code, count })),
    }
  }

  async explainTrust(peer: string): Promise<TrustExplanation> {
    const { room, top, device } = this.#certified(peer)
    const explained = room.chain.fold.explain(device)
    if (explained === undefined) throw new TrustError({ code: 'TRUST_SCORE_UNKNOWN', peer: device })
    const { score, mass, audits, edges, edgesLeftOut, faults, remedies } = explained
    const { crypto, network } = room.chain.context
    const owners = new Map(
      top.scores.scores.map((one) => [
        toHex(domainIdOf(crypto.sha256, { network, owner: one.device })),
        one.device,
      ]),
    )
    return {
      epoch: top.header.epoch,
      score: scoreView(score, room),
      mass: { units: mass.units, standing: mass.micros / MICROS },
      audits: {
        passed: audits.passed,
        failed: audits.failed,
        lowerBound: audits.lowerBoundQ16 / Q16,
        factor: audits.factorQ16 / Q16,
        latest: room.chain.fold.auditsOf(device).map((audit) => auditView(audit)),
      },
      edges: edges.map(({ peer: domain, role, agreedMilliCredits, weight }) => ({
        domain: toHex(domain),
        peer: owners.get(toHex(domain)),
        role,
        agreedCredits: agreedMilliCredits / MILLI,
        weight,
      })),
      edgesLeftOut,
      faults: [...faults],
      remedies: remedies.map(({ name, micros }) => ({ name, score: micros / MICROS })),
    }
  }

  async proveTrust(peer: string): Promise<TrustProof> {
    const { top, device } = this.#certified(peer)
    const path = top.scores.pathOf(device)
    if (path === undefined) throw new TrustError({ code: 'TRUST_SCORE_UNKNOWN', peer: device })
    const cosigned = this.#cosigning.cosignatures.filter(({ held }) =>
      bytesEqual(held.header, top.id),
    )
    return {
      peer: device,
      epoch: top.header.epoch,
      header: toHex(top.id),
      proof: toBase64Url(encodeProofFile(top, path, cosigned)),
    }
  }

  async trustHeaders({ from, to, limit }: TrustHeadersQuery): Promise<TrustHeaders> {
    await this.#epochs.entered()
    const { crypto } = this.#epochs.opened.chain.context
    const found = await this.#epochs.headersFrom(from, limit)
    const headers = found.flatMap((signed) => {
      const header = decodeHeader(signed.value)
      if (header.type === 'refused' || header.value.epoch > to) return []
      const { epoch } = header.value
      const id = toHex(crypto.sha256(signed.value))
      return { epoch, header: id, signed: toBase64Url(encodeSignedHeader(signed)) }
    })
    const last = headers.at(-1)?.epoch ?? to
    const isMore = headers.length === limit && last < to
    return { headers, next: isMore ? last + 1 : null }
  }

  async trustParameters(): Promise<TrustParameters> {
    await this.#epochs.entered()
    return parametersView(this.#epochs.opened)
  }

  async wantTrustParameters(request: TrustParametersRequest): Promise<TrustParameters> {
    await this.#epochs.entered()
    const room = this.#epochs.opened
    const { epochMs, seatsMax, addAnchors, removeAnchors } = request
    await room.commands.want({
      epochMs,
      seatsMax,
      addAnchors: addAnchors?.map(peerNamed),
      removeAnchors: removeAnchors?.map(peerNamed),
    })
    return parametersView(room)
  }

  async trustOwner(): Promise<TrustOwner> {
    await this.#epochs.entered()
    return ownerView(this.#epochs.opened, this.#self)
  }

  async changeTrustOwner(request: TrustOwnerRequest): Promise<TrustOwner> {
    await this.#epochs.entered()
    const { commands } = this.#epochs.opened
    if (request.action === 'leave') await commands.leaveOwner()
    else {
      const peer = request.peer as PeerId
      const isOwner = request.action !== 'join'
      const [owner, device] = isOwner ? [this.#self, peer] : [peer, this.#self]
      await commands.tie({ owner, device, binds: request.action !== 'remove' })
    }
    return this.trustOwner()
  }

  async restartTrust({ header }: TrustRestartRequest): Promise<TrustView> {
    await this.#epochs.entered()
    await this.#epochs.opened.commands.beginAgain(header)
    return this.trust()
  }

  #state(room: EpochRoom): TrustState {
    const { current, problems } = this.#cosigning
    const state = stateOf(room, this.#self)
    return {
      ...state,
      witnesses: current.length,
      problems: [...state.problems, ...problems.map((problem) => problemView(problem))],
    }
  }

  /** @throws {TrustError} `TRUST_NOT_CERTIFIED`, `TRUST_SCORE_UNKNOWN`. */
  #certified(peer: string): {
    readonly room: EpochRoom
    readonly top: ChainTop
    readonly device: PeerId
  } {
    const room = this.#epochs.opened
    const { top } = room.chain
    if (top === undefined) throw new TrustError({ code: 'TRUST_NOT_CERTIFIED' })
    const device = asPeerId(peer)
    if (device === undefined || top.scores.of(device) === undefined) {
      throw new TrustError({ code: 'TRUST_SCORE_UNKNOWN', peer: peer as PeerId })
    }
    return { room, top, device }
  }
}

/** @throws {TrustError} `TRUST_ANCHORS_INVALID` for a text that names nobody. */
function peerNamed(text: string): PeerId {
  const peer = asPeerId(text)
  if (peer === undefined)
    throw new TrustError({ code: 'TRUST_ANCHORS_INVALID', peer: text as PeerId })
  return peer
}

function parametersView({ chain, committee, pools }: EpochRoom): TrustParameters {
  const { fold, next } = chain
  const { founder } = chain.context
  const { parameters } = fold
  const held = parameters.held.findLast(({ epoch }) => epoch <= next)
  const later = parameters.held.find(({ epoch }) => epoch > next)
  const open = pools.consents.all().filter((one) => !parameters.isHeld(one.parameters, next))
  const names = new Map(open.map((one) => [toHex(one.parameters), one.parameters]))
  const wanted = [...names].flatMap(([name, encoded]) => {
    const values = parametersOf(encoded, founder)
    const same = open.filter((one) => toHex(one.parameters) === name)
    const asked = fold.anchorsAsked(encoded, next)
    return values === undefined
      ? []
      : {
          ...valuesView(values),
          seats: named(same.map(({ seat }) => seat).filter((seat) => committee.includes(seat))),
          anchorsFor: same.filter(({ seat }) => asked.includes(seat)).length,
          anchorsNeeded: anchorsNeeded(asked.length),
          untilEpoch: Math.min(...same.map(({ until }) => until)),
        }
  })
  return {
    ...valuesView(parameters.valuesAt(next)),
    sinceEpoch: held?.epoch ?? 0,
    pending: later === undefined ? null : { ...valuesView(later.values), fromEpoch: later.epoch },
    wanted,
    quorum: quorumOf(committee.length),
  }
}

function valuesView({ epochMs, seatsMax, anchors }: EpochParameters): TrustParameterValues {
  return { epochMs, seatsMax, anchors: named(anchors) }
}

function stateOf(room: EpochRoom, self: PeerId): Omit<TrustState, 'witnesses'> {
  const { top, next, fold } = room.chain
  const owner = fold.owners.speakerOf(self, next)
  return {
    mode: room.mode,
    finality: top === undefined ? 'none' : room.isFresh ? 'fresh' : 'stale',
    epoch: top?.header.epoch ?? null,
    leaving: room.commands.isLeaving,
    domain: { owner: nameOf(owner), devices: fold.owners.devicesOf(owner, next).length + 1 },
    problems: room.problems.map((problem) => problemView(problem)),
  }
}

function problemView({ code, facts }: EpochProblem): TrustState['problems'][number] {
  return { code, message: problemText({ code, facts }), facts: { ...facts } }
}

function cosignatureView({
  witness,
  held,
  signed,
}: KeptCosignature): TrustView['cosignatures'][number] {
  return {
    witness: nameOf(witness),
    epoch: held.epoch,
    header: toHex(held.header),
    cosignedMs: held.wallMs,
    cosignature: toBase64Url(encodeShape(SIGNED_HEADER_COSIGNATURE, signed)),
  }
}

/** What there is to say of the domain of this device. */
function ownerView({ chain, pools }: EpochRoom, self: PeerId): TrustOwner {
  const { fold, next, context } = chain
  const owner = fold.owners.speakerOf(self, next)
  const isAbout = (peers: { readonly owner: PeerId; readonly device: PeerId }): boolean =>
    [peers.owner, peers.device].some((peer) => peer === self || peer === owner)
  const turning = fold.owners.turningIn(next, Infinity).flatMap((tie) => {
    const other = tie.owner ?? tie.before
    const change = { device: tie.device, owner: other ?? tie.device }
    return isAbout(change) ? [{ ...change, binds: tie.owner !== undefined, since: tie.since }] : []
  })
  const { crypto, network } = context
  return {
    domain: toHex(domainIdOf(crypto.sha256, { network, owner })),
    owner: nameOf(owner),
    devices: named([owner, ...fold.owners.devicesOf(owner, next)]),
    changes: turning.map(({ since, binds, ...peers }) => ({
      device: nameOf(peers.device),
      owner: nameOf(peers.owner),
      binds,
      fromEpoch: since,
    })),
    asked: pools.owners
      .all()
      .filter(({ word }) => isAbout(word))
      .map(({ word }) => ({
        device: nameOf(word.device),
        owner: nameOf(word.owner),
        binds: word.binds,
        by: word.byOwner === undefined ? 'device' : word.byDevice === undefined ? 'owner' : 'both',
        untilEpoch: lastEpochOf(word),
      })),
  }
}

function named(peers: readonly PeerId[]): { peer: PeerId; name: string }[] {
  return peers.map(nameOf)
}

function nameOf(peer: PeerId): { peer: PeerId; name: string } {
  return { peer, name: deviceName(peer) }
}

function auditView({
  task,
  passed,
  requester,
  auditors,
  epoch: drawnEpoch,
  countedEpoch,
}: CountedAudit): TrustExplanation['audits']['latest'][number] {
  return {
    task: toHex(task),
    passed,
    requester,
    requesterName: deviceName(requester),
    auditors: named(auditors),
    drawnEpoch,
    countedEpoch,
  }
}

function scoreView(score: Score, { chain }: EpochRoom): TrustScoreView {
  return {
    peer: score.device,
    name: deviceName(score.device),
    domain: toHex(score.domain),
    owner: nameOf(chain.fold.owners.speakerOf(score.device, score.epoch)),
    score: score.micros / MICROS,
    floor: score.floorMicros / MICROS,
    ceiling: score.ceilingMicros / MICROS,
    standing: score.standingMicros / MICROS,
    auditFactor: score.auditFactorQ16 / Q16,
    faulted: score.faulted,
    left: chain.fold.departures.hasLeft(score.device),
    anchor: chain.fold.parameters.valuesAt(score.epoch).anchors.includes(score.device),
  }
}
