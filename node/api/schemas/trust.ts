/**
 * What the mesh agrees on about trust, and what is wrong with this device in it.
 *
 * @module
 */

import { z } from 'zod'
import { peerId, sha256, wallMs } from './scalars.ts'

const unit = z.number().min(0).max(1)

const device = z.object({ peer: peerId, name: z.string() })

export const trustProblemSchema = z.object({
  code: z.string(),
  message: z
    .string()
    .describe('what is wrong with the clock, the disk or the program of this device'),
  facts: z.record(z.string(), z.number()),
})

export const trustStateSchema = z.object({
  mode: z
    .enum(['solo', 'owner', 'bft'])
    .describe('how much the agreement withstands, by its seats'),
  finality: z
    .enum(['none', 'fresh', 'stale'])
    .describe(
      'none before the first certificate; stale when the last one is older than three epochs',
    ),
  epoch: z.int().min(0).nullable().describe('the last certified epoch'),
  domain: z
    .object({ owner: device, devices: z.int().min(1) })
    .describe('who speaks for this device, and for how many'),
  witnesses: z
    .int()
    .min(0)
    .describe(
      'devices without a part in the agreement that cosigned the last certified header, or the one before',
    ),
  problems: z.array(trustProblemSchema),
  leaving: z
    .boolean()
    .describe('this device has said that it leaves, and stays as long as its seat is needed'),
})

const scoreSchema = z.object({
  peer: peerId,
  name: z.string(),
  domain: sha256,
  owner: device.describe('who speaks for its domain: the device itself, where it has no other'),
  score: unit,
  floor: unit.describe('what attestation alone gives'),
  ceiling: unit,
  standing: unit.describe('where work for trusted domains leaves the domain'),
  auditFactor: unit,
  faulted: z.boolean(),
  left: z.boolean().describe('it has said that it leaves, and not spoken since'),
  anchor: z.boolean().describe('trust starts at it'),
})

export const trustSchema = trustStateSchema.extend({
  header: sha256.nullable().describe('hash of the last certified header'),
  cutMs: wallMs.nullable().describe('when statements of that epoch were no longer taken'),
  epochMs: z.int().describe('length of an epoch'),
  seats: z.array(device).describe('who decides the next epoch'),
  quorum: z.int().describe('votes that decide'),
  seated: z.boolean().describe('whether this device is among them'),
  beacon: sha256.nullable(),
  scoresRoot: sha256.nullable().describe('RFC 9162 root over all scores'),
  scores: z.array(scoreSchema).describe('by key'),
  cosignatures: z
    .array(
      z.object({
        witness: device,
        epoch: z.int(),
        header: sha256,
        cosignedMs: wallMs,
        cosignature: z.string().describe('body and signature of the witness, in base64url'),
      }),
    )
    .describe('what witnesses signed last of the headers of this mesh'),
  refused: z
    .array(z.object({ code: z.string(), count: z.int() }))
    .describe('what others sent that no honest device sends, since this one started'),
})

export const trustPeerParams = z.strictObject({ peer: peerId })

export const trustExplanationSchema = z.object({
  epoch: z.int(),
  score: scoreSchema,
  mass: z.object({ units: z.number(), standing: unit.describe('before audits') }),
  audits: z.object({
    passed: z.int(),
    failed: z.int(),
    lowerBound: unit,
    factor: unit,
    latest: z
      .array(
        z.object({
          task: sha256.describe('hash of the stage receipt'),
          passed: z.boolean(),
          requester: peerId,
          requesterName: z.string(),
          auditors: z.array(device),
          drawnEpoch: z.int().describe('whose beacon drew the auditors'),
          countedEpoch: z.int(),
        }),
      )
      .describe('those that count, the last one first, at most 16'),
  }),
  edges: z
    .array(
      z.object({
        domain: sha256,
        peer: peerId.optional(),
        role: z.enum(['requester', 'provider']).describe('what the device was in it'),
        agreedCredits: z.number().describe('what both parties say, in the window'),
        weight: z.number(),
      }),
    )
    .describe('the heaviest first, at most 20'),
  edgesLeftOut: z.int(),
  faults: z.array(z.object({ kind: z.string(), epoch: z.int() })),
  remedies: z
    .array(z.object({ name: z.string(), score: unit }))
    .describe('what would raise the score, and to what at most'),
})

export const trustProofSchema = z.object({
  peer: peerId,
  epoch: z.int(),
  header: sha256,
  proof: z.string().describe('in base64url; brume trust verify checks it'),
})

export const trustHeadersQuery = z.strictObject({
  from: z.coerce.number().int().min(0).default(0).describe('the first epoch'),
  to: z.coerce.number().int().min(0).default(Number.MAX_SAFE_INTEGER).describe('the last epoch'),
  limit: z.coerce.number().int().min(1).max(32).default(32).describe('headers, at most'),
})

export const trustHeadersSchema = z.object({
  headers: z
    .array(
      z.object({
        epoch: z.int(),
        header: sha256,
        signed: z
          .string()
          .describe('the header, the certificate and the committee that decided it, in base64url'),
      }),
    )
    .max(32),
  next: z.int().nullable().describe('from where to ask for the rest; null where that was all'),
})

const epochLength = z.int().min(1_000).max(86_400_000).describe('length of an epoch, in ms')

const seatsMost = z.int().min(4).max(64).describe('seats of a committee, at most')

const parameterValues = z.object({
  epochMs: epochLength,
  seatsMax: seatsMost,
  anchors: z
    .array(z.object({ peer: peerId, name: z.string() }))
    .describe('devices at which trust starts, and for which seats are kept'),
})

export const trustParametersSchema = parameterValues.extend({
  sinceEpoch: z.int().describe('the first epoch in which they hold'),
  pending: parameterValues
    .extend({ fromEpoch: z.int() })
    .nullable()
    .describe('decided, and held from that epoch on'),
  wanted: z
    .array(
      parameterValues.extend({
        seats: z.array(device),
        anchorsFor: z.int().describe('anchors that want it, where it changes the anchors'),
        anchorsNeeded: z.int().describe('anchors that have to'),
        untilEpoch: z.int().describe('the last epoch in which all of them want it'),
      }),
    )
    .describe('what seats want; it changes once a quorum wants the same, and enough anchors'),
  quorum: z.int(),
})

const anchorList = z.array(peerId).min(1).max(16)

export const trustParametersRequest = z
  .strictObject({
    epochMs: epochLength.optional(),
    seatsMax: seatsMost.optional(),
    addAnchors: anchorList.optional(),
    removeAnchors: anchorList.optional(),
  })
  .refine((wish) => Object.values(wish).some((value) => value !== undefined), {
    message: 'expected something to change',
  })

export const trustOwnerSchema = z.object({
  domain: sha256,
  owner: device.describe('who speaks for this device: itself, where it has no other owner'),
  devices: z.array(device).describe('all devices of that domain'),
  changes: z
    .array(
      z.object({
        device,
        owner: device,
        binds: z.boolean().describe('false where the device leaves'),
        fromEpoch: z.int().describe('the first epoch in which it holds'),
      }),
    )
    .describe('decided, and not held yet'),
  asked: z
    .array(
      z.object({
        device,
        owner: device,
        binds: z.boolean(),
        by: z.enum(['owner', 'device', 'both']).describe('who has said it so far'),
        untilEpoch: z.int().describe('after it nobody is held to it any more'),
      }),
    )
    .describe('what this device or another says about the two, and no epoch holds yet'),
})

export const trustOwnerRequest = z.discriminatedUnion('action', [
  z.strictObject({ action: z.literal('add'), peer: peerId.describe('a device to own') }),
  z.strictObject({ action: z.literal('remove'), peer: peerId.describe('a device to let go') }),
  z.strictObject({ action: z.literal('join'), peer: peerId.describe('who is to own this one') }),
  z.strictObject({ action: z.literal('leave') }),
])

export const trustRestartRequest = z.strictObject({
  header: sha256.describe('the last certified header, which the mesh goes on from'),
})

export type TrustHeadersQuery = z.infer<typeof trustHeadersQuery>
export type TrustHeaders = z.infer<typeof trustHeadersSchema>
export type TrustParameters = z.infer<typeof trustParametersSchema>
export type TrustParameterValues = z.infer<typeof parameterValues>
export type TrustParametersRequest = z.infer<typeof trustParametersRequest>
export type TrustOwner = z.infer<typeof trustOwnerSchema>
export type TrustOwnerRequest = z.infer<typeof trustOwnerRequest>
export type TrustRestartRequest = z.infer<typeof trustRestartRequest>
export type TrustState = z.infer<typeof trustStateSchema>
export type TrustView = z.infer<typeof trustSchema>
export type TrustScoreView = z.infer<typeof scoreSchema>
export type TrustExplanation = z.infer<typeof trustExplanationSchema>
export type TrustProof = z.infer<typeof trustProofSchema>
