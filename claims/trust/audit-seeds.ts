/**
 * A mesh in which work is drawn, audited and judged as the daemon does it, over outputs that were recorded: once for
 * each seed.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'
import { SeededRandom } from '../../core/random.ts'
import { ALIKE_PERMILLE_MIN } from '../../models/index.ts'
import { nodeCrypto } from '../../node/crypto/node-crypto.ts'
import {
  AuditMachine,
  type AuditOutput,
  type AuditVerdict,
  auditorOrder,
  drawnRequests,
  type OpenedVerdict,
} from '../../protocols/audit/index.ts'
import { afterAudit, type AuditHistory, auditRate } from '../../trust/index.ts'
import { CHEATS } from '../../test/fixtures/cheats.ts'
import { pairOf, RECORDED_ROWS, type RecordedRuns, type Runner } from './recorded-runs.ts'

/** Tokens within which a cheat has to be found. */
export const TOKENS_MAX = 300

/** The mesh: three who cheat, six who do not, of two numeric classes and one noisy environment. */
const MESH: readonly Runner[] = [
  ...CHEATS,
  'honest',
  'honest',
  'other-class',
  'other-class',
  'noisy',
  'honest',
]

const { sha256 } = nodeCrypto

/** What became of one provider in one seed. */
export interface Fate {
  readonly runner: Runner
  /** Tokens that it had worked on when it failed; undefined when it did not. */
  readonly failedAfter: number | undefined
  readonly rowsDone: number
  /** Rows that auditors ran again for it. */
  readonly rowsAudited: number
}

/** Works and audits until every provider has done {@link TOKENS_MAX} tokens or has failed. */
export function runSeed(runs: RecordedRuns, seed: number, start: AuditHistory): readonly Fate[] {
  const random = SeededRandom.fromInteger(seed)
  return MESH.map((runner, provider) => fateOf({ runs, runner, provider, random, start }))
}

interface Scene {
  readonly runs: RecordedRuns
  readonly runner: Runner
  /** Its place in the mesh. */
  readonly provider: number
  readonly random: SeededRandom
  readonly start: AuditHistory
}

function fateOf(scene: Scene): Fate {
  const { runner, random } = scene
  let history = scene.start
  let rowsDone = 0
  let rowsAudited = 0
  while (rowsDone < TOKENS_MAX) {
    const rows = Math.min(16 + Math.floor(48 * random.fraction()), TOKENS_MAX - rowsDone)
    const draw = { beacon: random.bytes(32), task: random.bytes(32) }
    const requests = drawnRequests(sha256, draw, { requests: rows, rate: auditRate(history) })
    const first = Math.floor((RECORDED_ROWS - rows) * random.fraction())
    rowsDone += rows
    const last = requests.at(-1)
    if (last === undefined) continue
    const { outcome, verdicts, ran } = audit(
      scene,
      draw,
      requests.map((request) => first + request),
    )
    rowsAudited += ran * (last + 1)
    if (outcome === 'unaudited' || verdicts === 0) continue
    const after = afterAudit(history, outcome)
    history = after.history
    if (after.counts === 'failed') return { runner, failedAfter: rowsDone, rowsDone, rowsAudited }
  }
  return { runner, failedAfter: undefined, rowsDone, rowsAudited }
}

function audit(
  { runs, runner, provider }: Scene,
  draw: { readonly beacon: Uint8Array; readonly task: Uint8Array },
  rows: readonly number[],
) {
  const members = MESH.map((_, member) => `${member}` as PeerId)
  const strangers = members.filter((_, member) => member !== provider)
  const machine = new AuditMachine(auditorOrder(sha256, draw, strangers))
  let ran = 0
  let outputs = [
    ...machine.handle({ type: 'start' }, 0),
    ...machine.handle({ type: 'evidence' }, 0),
  ]
  for (;;) {
    const ask = outputs.find(
      (output): output is AuditOutput & { type: 'ask' } => output.type === 'ask',
    )
    const over = outputs.find((output) => output.type === 'over')
    if (over?.type === 'over') return { outcome: over.outcome, verdicts: over.verdicts.length, ran }
    if (ask === undefined) throw new Error('expected an auditor to be asked')
    ran++
    const own = MESH[Number(ask.auditor)] as Runner
    const opened = verdictOf({ runs, runner, own, auditor: ask.auditor, before: ask.before, rows })
    outputs = [...machine.handle({ type: 'ran', auditor: ask.auditor, opened }, 0)]
  }
}

interface Run {
  readonly runs: RecordedRuns
  readonly runner: Runner
  /** What the auditor runs the task with. */
  readonly own: Runner
  readonly auditor: PeerId
  readonly before: readonly OpenedVerdict[]
  readonly rows: readonly number[]
}

/** What an auditor signs, by how alike its outputs and the provider's were. */
function verdictOf({ runs, runner, own, auditor, before, rows }: Run): OpenedVerdict {
  const same = own === runner
  const finding = same ? 'same' : areAlike(runs, own, runner, rows) ? 'alike' : 'different'
  const confirmed = before.find(({ verdict }) =>
    areAlike(runs, own, MESH[Number(verdict.auditor)] as Runner, rows),
  )
  const verdict: AuditVerdict = {
    ...NOTHING,
    auditor,
    finding,
    numericClass: classOf(own),
    result: classOf(own),
    compared: rows.length,
    confirms: finding === 'different' ? confirmed?.id : undefined,
  }
  return { id: sha256(Uint8Array.of(Number(auditor))), verdict }
}

function areAlike(runs: RecordedRuns, a: Runner, b: Runner, rows: readonly number[]): boolean {
  if (a === b) return true
  const alike = runs.alike.get(pairOf(a, b)) ?? []
  const count = rows.filter((row) => alike[row] === true).length
  return 1_000 * count >= ALIKE_PERMILLE_MIN * rows.length
}

function classOf(runner: Runner): Uint8Array {
  return sha256(Buffer.from(runner))
}

const NOTHING = {
  network: new Uint8Array(32),
  epoch: 1,
  beacon: new Uint8Array(32),
  task: new Uint8Array(32),
  provider: 'provider' as PeerId,
  requester: 'requester' as PeerId,
  salt: new Uint8Array(16),
}
