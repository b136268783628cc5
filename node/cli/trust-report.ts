/**
 * Scores and how they are agreed on, for people.
 *
 * @module
 */

import type {
  TrustExplanation,
  TrustOwner,
  TrustParameters,
  TrustParameterValues,
  TrustScoreView,
  TrustState,
  TrustView,
} from '../api/schemas/trust.ts'
import type { ProvenScore } from '../epoch/proof-file.ts'
import { countText, msText, shortId, shortPeer } from './quantity-text.ts'
import { tableLines } from './table.ts'

const MODES: Readonly<Record<TrustState['mode'], string>> = {
  solo: 'solo: the word of one device',
  owner: 'owner: withstands a crash of one in three, no liars',
  bft: 'bft: withstands liars, less than a third',
}

const LEAVING =
  'this device has said that it leaves: run brume leave again, or restart it to have it stay'

/** Of `brume status`. */
export function trustStatusLines(trust: TrustState): readonly string[] {
  const { mode, epoch, finality, witnesses, problems, leaving, domain } = trust
  const owned =
    domain.devices === 1 ? [] : [`  owner    ${domain.owner.name}, of ${domain.devices} devices`]
  const seen = witnesses === 0 ? '' : `, cosigned by ${countText(witnesses, 'device')}`
  const at = epoch === null ? 'no epoch certified yet' : `epoch ${epoch}, ${finality}${seen}`
  return [
    `  trust    ${mode}, ${at}`,
    ...owned,
    ...problems.map(({ message }) => `           ! ${message}`),
    ...(leaving ? [`           ! ${LEAVING}`] : []),
  ]
}

/** Of `brume trust show`. */
export function trustLines(trust: TrustView, nowMs: number, width?: number): readonly string[] {
  const { epoch, cutMs, mode, finality, seats, quorum, seated, header, problems } = trust
  const { leaving, scores, refused } = trust
  const age = cutMs === null ? '' : `, ${msText(Math.max(0, nowMs - cutMs))} ago`
  const certified =
    epoch === null
      ? `no epoch certified yet: one takes ${msText(trust.epochMs)}`
      : `epoch ${epoch}, ${finality}${age}`
  return [
    `trust     ${certified}`,
    `mode      ${MODES[mode]}`,
    `seats     ${seats.map(({ name }) => name).join(', ')}${seated ? ' (this device is one)' : ''}`,
    `quorum    ${quorum} of ${seats.length}`,
    ...(header === null ? [] : [`header    ${header}`]),
    ...witnessLines(trust),
    ...problems.map(({ message }) => `problem   ${message}`),
    ...(leaving ? [`leaving   ${LEAVING}`] : []),
    ...refused.map(
      ({ code, count }) => `refused   ${countText(count, 'message')} of others: ${code}`,
    ),
    ...(scores.length === 0 ? [] : ['', ...scoreLines(scores, width)]),
  ]
}

/** Who outside of a small mesh would see that it decided something twice. */
function witnessLines({ mode, epoch, cosignatures }: TrustView): readonly string[] {
  if (cosignatures.length === 0) {
    const isSmall = mode !== 'bft' && epoch !== null
    return isSmall ? ['witnesses none: trust.witnesses names some outside of the mesh'] : []
  }
  return cosignatures.map(
    ({ witness, epoch: held }) => `witness   ${witness.name} cosigned epoch ${held}`,
  )
}

function scoreLines(scores: readonly TrustScoreView[], width?: number): readonly string[] {
  // A mesh in which everybody is its own owner has nothing to say of that.
  const areOwned = scores.some(({ peer, owner }) => owner.peer !== peer)
  return tableLines(
    [
      { title: 'device' },
      ...(areOwned ? [{ title: 'owner' }] : []),
      { title: 'peer', spare: 1 },
      { title: 'score', align: 'right' },
      { title: 'floor', align: 'right' },
      { title: 'standing', align: 'right' },
      { title: 'note' },
    ],
    scores
      .toSorted((a, b) => b.score - a.score)
      .map(({ name, peer, owner, score, floor, standing, ...notes }) => [
        name,
        ...(areOwned ? [owner.name] : []),
        shortPeer(peer),
        score.toFixed(4),
        floor.toFixed(2),
        standing.toFixed(4),
        noteText(notes),
      ]),
    width,
  )
}

function noteText({
  anchor,
  faulted,
  left,
}: Pick<TrustScoreView, 'anchor' | 'faulted' | 'left'>): string {
  const notes = { anchor, 'fault proven': faulted, 'has left': left }
  return Object.entries(notes)
    .flatMap(([note, is]) => (is ? note : []))
    .join(', ')
}

/** Of `brume trust parameters`. */
export function parametersLines(parameters: TrustParameters): readonly string[] {
  const { epochMs, seatsMax, anchors, sinceEpoch, pending, wanted, quorum } = parameters
  return [
    `epochs    ${msText(epochMs)} each`,
    `seats     ${seatsMax} at most`,
    `anchors   ${anchors.map(({ name }) => name).join(', ')}`,
    `since     epoch ${sinceEpoch}`,
    ...(pending === null
      ? []
      : [`pending   ${changeText(parameters, pending)}, from epoch ${pending.fromEpoch} on`]),
    ...wanted.map(({ seats, anchorsFor, anchorsNeeded, untilEpoch, ...values }) => {
      const needed = anchorsNeeded === 0 ? '' : `, ${anchorsFor} of ${anchorsNeeded} anchors`
      return (
        `wanted    ${changeText(parameters, values)}, by ${seats.map(({ name }) => name).join(', ')}: ` +
        `${seats.length} of ${quorum} seats${needed}, until epoch ${untilEpoch}`
      )
    }),
  ]
}

/** What is otherwise than now. */
function changeText(now: TrustParameterValues, then: TrustParameterValues): string {
  const lacking = (one: TrustParameterValues, other: TrustParameterValues): readonly string[] =>
    one.anchors
      .filter(({ peer }) => !other.anchors.some((anchor) => anchor.peer === peer))
      .map(({ name }) => name)
  const parts = [
    ...(then.epochMs === now.epochMs ? [] : [`epochs of ${msText(then.epochMs)}`]),
    ...(then.seatsMax === now.seatsMax ? [] : [`${then.seatsMax} seats at most`]),
    ...lacking(then, now).map((name) => `anchor ${name}`),
    ...lacking(now, then).map((name) => `no anchor ${name}`),
  ]
  return parts.join(', ')
}

/** Of `brume trust owner`. */
export function ownerLines(owned: TrustOwner): readonly string[] {
  const { owner, devices, changes, asked, domain } = owned
  return [
    `owner     ${owner.name}`,
    `domain    ${shortId(domain)}`,
    `devices   ${devices.map(({ name }) => name).join(', ')}`,
    ...changes.map(({ device, owner: to, binds, fromEpoch }) =>
      binds
        ? `decided   ${device.name} belongs to ${to.name} from epoch ${fromEpoch} on`
        : `decided   ${device.name} leaves ${to.name} in epoch ${fromEpoch}`,
    ),
    ...asked.map(askedLine),
  ]
}

function askedLine({ device, owner, binds, by, untilEpoch }: TrustOwner['asked'][number]): string {
  const what = binds
    ? `${device.name} is to belong to ${owner.name}`
    : `${device.name} is to leave ${owner.name}`
  const missing = {
    owner: `: run brume trust owner join ${owner.peer} on ${device.name}`,
    device: `: run brume trust owner add ${device.peer} on ${owner.name}`,
    both: '',
  }
  return `asked     ${what}, until epoch ${untilEpoch}${binds ? missing[by] : ''}`
}

/** Of `brume trust explain`. */
export function explanationLines(explained: TrustExplanation, width?: number): readonly string[] {
  const { score, audits, edges, edgesLeftOut, faults, remedies, mass } = explained
  const why = score.faulted
    ? 'zero, because a fault is proven'
    : `(${score.floor.toFixed(2)} + ${(score.ceiling - score.floor).toFixed(2)} × ${score.standing.toFixed(4)}) × ${score.auditFactor.toFixed(4)}`
  return [
    `${score.name}  ${score.score.toFixed(4)} in epoch ${explained.epoch}`,
    ...(score.owner.peer === score.peer
      ? []
      : [`  owner     ${score.owner.name}, with whom it shares standing, audits and faults`]),
    `  score     ${why}`,
    `  floor     ${score.floor.toFixed(2)} by attestation; it can rise to ${score.ceiling.toFixed(2)}`,
    `  standing  ${mass.standing.toFixed(4)} by work × ${audits.lowerBound.toFixed(4)} by audits`,
    `  audits    ${audits.passed} passed, ${audits.failed} failed`,
    ...audits.latest.map(auditLine),
    ...faults.map(({ kind, epoch }) => `  fault     ${kind}, proven in epoch ${epoch}`),
    ...edgeLines(edges, width),
    ...(edgesLeftOut > 0 ? [`  and ${countText(edgesLeftOut, 'pair')} more`] : []),
    ...remedies.map(
      ({ name, score: to }) => `  to raise  ${REMEDIES[name] ?? name}: up to ${to.toFixed(4)}`,
    ),
  ]
}

function auditLine({
  passed,
  requesterName,
  auditors,
  countedEpoch,
}: TrustExplanation['audits']['latest'][number]): string {
  const names = auditors.map(({ name }) => name).join(' and ')
  const end = passed ? 'passed' : 'failed'
  return `  ${end}    work for ${requesterName}, run again by ${names}, in epoch ${countedEpoch}`
}

const REMEDIES: Readonly<Record<string, string>> = {
  'wait-until-the-fault-is-old': 'wait until the fault is thirty days old',
  'attest-hardware': 'show hardware: brume attest',
  'pass-audits': 'pass audits',
  'work-for-trusted-domains': 'work for devices that are trusted',
}

function edgeLines(edges: TrustExplanation['edges'], width?: number): readonly string[] {
  if (edges.length === 0) return ['  work      none that another device confirms']
  return tableLines(
    [
      { title: '  worked as' },
      { title: 'with' },
      { title: 'credits', align: 'right' },
      { title: 'weight', align: 'right' },
    ],
    edges.map(({ role, peer, domain, agreedCredits, weight }) => [
      `  ${role}`,
      peer === undefined ? shortId(domain) : shortPeer(peer),
      agreedCredits.toFixed(3),
      String(weight),
    ]),
    width,
  )
}

/** Of `brume trust verify`. */
export function provenLines(proven: ProvenScore, anchored: boolean): readonly string[] {
  const { score, header, headerId, committee, mode, witnesses } = proven
  return [
    `score     ${(score.micros / 1_000_000).toFixed(4)} of ${score.device}`,
    `epoch     ${header.epoch}, cut ${new Date(header.cutWallMs).toISOString()}`,
    `mode      ${MODES[mode]}`,
    `seats     ${committee.map(shortPeer).join(', ')}`,
    ...(witnesses.length === 0 ? [] : [`witnesses ${witnesses.map(shortPeer).join(', ')}`]),
    `header    ${headerId}${anchored ? '' : ': compare it with brume trust show on a device of yours'}`,
  ]
}

/** The JSON of `brume trust verify`. */
export function provenJson(proven: ProvenScore): object {
  const { score, header, headerId, committee, mode, witnesses } = proven
  return {
    peer: score.device,
    score: score.micros / 1_000_000,
    faulted: score.faulted,
    epoch: header.epoch,
    cutMs: header.cutWallMs,
    mode,
    committee,
    witnesses,
    header: headerId,
  }
}
