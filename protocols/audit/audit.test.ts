import * as fc from 'fast-check'
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { bytesEqual, fromHex, toHex } from '../../core/bytes.ts'
import type { SignedRecord } from '../../core/signed-record.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import { questionCodecContract } from '../../test/fixtures/question-codec.contract.ts'
import { AuditMachine, type AuditInput, type AuditOutput } from './audit-machine.ts'
import { AUDIT_MS_MAX, AUDITORS_ASKED_MAX, COMPARED_MAX, PART_BYTES_MAX } from './limits.ts'
import { auditCodec } from './messages.ts'
import { Assembly, partsOf } from './parts.ts'
import { auditorOrder, drawnRequests } from './sampling.ts'
import {
  type AuditVerdict,
  type BoundVerdict,
  commitmentOf,
  judge,
  openBoundVerdict,
  type OpenedVerdict,
  openVerdict,
  resultOf,
  signVerdict,
  verdictId,
} from './verdict.ts'

const { sha256 } = nodeCrypto
const hash = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)
const [provider, requester, first, second] = [1, 2, 3, 4].map((number) => device(number))
if (!provider || !requester || !first || !second) throw new Error('expected four devices')

const verdict: AuditVerdict = {
  network: hash(7),
  epoch: 9,
  beacon: hash(8),
  task: hash(1),
  provider: provider.peer,
  requester: requester.peer,
  auditor: first.peer,
  numericClass: hash(2),
  finding: 'different',
  compared: 3,
  result: hash(3),
  salt: new Uint8Array(16).fill(4),
  confirms: undefined,
}

function opened(signed: SignedRecord): OpenedVerdict {
  const result = openVerdict(nodeCrypto, hash(7), signed)
  if (result.type === 'refused') throw new Error(result.reason)
  return { id: verdictId(sha256, signed), verdict: result.value }
}

const vectors = JSON.parse(readFileSync('test/vectors/audit.json', 'utf8')) as {
  readonly frames: Readonly<Record<string, string>>
  readonly verdict: Readonly<Record<'body' | 'signature' | 'commitment', string>>
}

describe('the codec of /brume/audit/1', () => {
  const signed = { body: Uint8Array.of(1, 2), signature: new Uint8Array(64).fill(9) }
  const part = { total: 3, from: 1, bytes: Uint8Array.of(5, 6) }
  questionCodecContract(auditCodec, {
    questions: {
      evidence: {
        type: 'evidence',
        session: new Uint8Array(16).fill(1),
        stage: 2,
        requests: [0, 7],
        from: 0,
      },
      task: { type: 'task', ...part },
      run: { type: 'run' },
      claim: { type: 'claim', ...part },
      conclude: { type: 'conclude' },
    },
    answers: {
      shown: { type: 'evidence', ...part },
      gone: { type: 'gone' },
      taken: { type: 'taken' },
      committed: { type: 'committed', commitment: hash(1) },
      unable: { type: 'unable', reason: 'memory' },
      verdict: { type: 'verdict', verdict: signed, outputs: Uint8Array.of(3) },
    },
    vectors: vectors.frames,
  })

  it('takes no answer that belongs to another question', () => {
    expect(auditCodec.fits({ type: 'run' }, { type: 'taken' })).toBe(false)
    expect(auditCodec.fits({ type: 'conclude' }, { type: 'unable', reason: 'busy' })).toBe(true)
  })
})

describe('a verdict', () => {
  const signed = signVerdict(first, verdict)

  it('has the bytes of its vector', () => {
    expect(toHex(signed.body)).toBe(vectors.verdict.body)
    expect(toHex(signed.signature)).toBe(vectors.verdict.signature)
    expect(toHex(commitmentOf(sha256, verdict))).toBe(vectors.verdict.commitment)
    expect(opened(signed).verdict).toEqual(verdict)
  })

  it('is refused with any bit of it changed, and at every truncation', () => {
    const body = fromHex(vectors.verdict.body) ?? new Uint8Array()
    for (let bit = 0; bit < 8 * body.length; bit += 3) {
      const changed = body.with(bit >> 3, (body[bit >> 3] ?? 0) ^ (1 << (bit & 7)))
      const result = openVerdict(nodeCrypto, hash(7), { ...signed, body: changed })
      expect(result.type).toBe('refused')
    }
    for (let length = 0; length < body.length; length++) {
      const cut = { ...signed, body: body.subarray(0, length) }
      expect(openVerdict(nodeCrypto, hash(7), cut).type).toBe('refused')
    }
  })

  it('is refused of another mesh, of a party, of another signer, and of a later version', () => {
    const code = (record: SignedRecord, network = hash(7)): unknown => {
      const result = openVerdict(nodeCrypto, network, record)
      return result.type === 'refused' ? result.code : undefined
    }
    expect(code(signed, hash(6))).toBe('AUDIT_VERDICT_INVALID')
    const own = signVerdict(provider, { ...verdict, auditor: provider.peer })
    expect(code(own)).toBe('AUDIT_VERDICT_INVALID')
    expect(code(signVerdict(second, verdict))).toBe('AUDIT_VERDICT_INVALID')
    const later = signed.body.with(1, 2)
    expect(code({ ...signed, body: later })).toBe('AUDIT_VERDICT_UNSUPPORTED')
    expect(code({ ...signed, body: new Uint8Array(641) })).toBe('AUDIT_VERDICT_MALFORMED')
  })

  it('is taken only of who keeps to what it was bound to, and found the same only by the same', () => {
    const taken = (said: AuditVerdict, changes: Partial<BoundVerdict> = {}): string => {
      const commitment = commitmentOf(sha256, verdict)
      const bound = { ...verdict, commitment, claimed: hash(99), ...changes }
      return openBoundVerdict(nodeCrypto, signVerdict(first, said), bound).type
    }
    const different: AuditVerdict = { ...verdict, finding: 'different' }
    expect(taken(different)).toBe('value')
    expect(taken({ ...different, result: hash(98) })).toBe('refused')
    expect(taken(different, { compared: verdict.compared + 1 })).toBe('refused')
    expect(taken(different, { task: hash(98) })).toBe('refused')
    expect(taken({ ...verdict, finding: 'same' })).toBe('refused')
    expect(taken({ ...verdict, finding: 'same' }, { claimed: verdict.result })).toBe('value')
  })

  it('is bound to a result that does not depend on the order in which it was found', () => {
    const leaves = [
      [1, hash(1)],
      [300, hash(2)],
    ] as const
    expect(resultOf(sha256, new Map(leaves))).toEqual(
      resultOf(sha256, new Map(leaves.toReversed())),
    )
    expect(commitmentOf(sha256, verdict)).not.toEqual(
      commitmentOf(sha256, { ...verdict, auditor: second.peer }),
    )
  })
})

describe('the judgement', () => {
  const one = opened(signVerdict(first, verdict))
  const confirming = (change: Partial<AuditVerdict>): OpenedVerdict =>
    opened(
      signVerdict(second, {
        ...verdict,
        auditor: second.peer,
        salt: new Uint8Array(16).fill(5),
        confirms: one.id,
        ...change,
      }),
    )

  it.each<[string, readonly OpenedVerdict[], string]>([
    ['a run that agrees', [confirming({ finding: 'same', confirms: undefined })], 'passed'],
    ['one that is alike', [confirming({ finding: 'alike', confirms: undefined })], 'passed'],
    ['one that differs and one that agrees', [one, confirming({ finding: 'alike' })], 'passed'],
    ['two that differ and agree', [one, confirming({})], 'failed'],
    ['one that differs', [one], 'inconclusive'],
    ['three different ones', [one, confirming({ confirms: undefined })], 'inconclusive'],
    ['two of one class with other bits', [one, confirming({ result: hash(9) })], 'inconclusive'],
    [
      'two of different classes that are alike',
      [one, confirming({ result: hash(9), numericClass: hash(5) })],
      'failed',
    ],
    ['a run that confirms itself', [one, one], 'inconclusive'],
  ])('of %s is %s', (_, verdicts, judgement) => {
    expect(judge(verdicts)).toBe(judgement)
    expect(judge(verdicts.toReversed())).toBe(judgement)
  })
})

describe('the draw', () => {
  const draw = { beacon: hash(1), task: hash(2) }

  it('takes the share of requests that it should, each by itself', () => {
    let drawn = 0
    for (let task = 0; task < 400; task++) {
      const one = { beacon: hash(1), task: sha256(Uint8Array.of(task & 255, task >> 8)) }
      drawn += drawnRequests(sha256, one, { requests: 20, rate: 500 }).length
    }
    // 8,000 draws of one in twenty: 400, with a standard deviation of 20.
    expect(drawn).toBeGreaterThan(320)
    expect(drawn).toBeLessThan(480)
  })

  it('takes all of them, or none, and never more than are compared', () => {
    expect(drawnRequests(sha256, draw, { requests: 5, rate: 10_000 })).toEqual([0, 1, 2, 3, 4])
    expect(drawnRequests(sha256, draw, { requests: 500, rate: 0 })).toEqual([])
    const many = drawnRequests(sha256, draw, { requests: 500, rate: 10_000 })
    expect(many).toHaveLength(COMPARED_MAX)
    expect(many).toEqual(many.toSorted((a, b) => a - b))
    expect(many).not.toEqual(
      drawnRequests(sha256, { ...draw, beacon: hash(9) }, { requests: 500, rate: 10_000 }),
    )
  })

  it('gives everybody the same auditors, and others with another beacon', () => {
    const members = Array.from({ length: 9 }, (_, number) => device(10 + number).peer)
    const order = auditorOrder(sha256, draw, members)
    expect(auditorOrder(sha256, draw, members.toReversed())).toEqual(order)
    expect(order.toSorted()).toEqual(members.toSorted())
    expect(auditorOrder(sha256, { ...draw, beacon: hash(9) }, members)).not.toEqual(order)
  })
})

describe('parts', () => {
  it.each([0, 1, PART_BYTES_MAX - 1, PART_BYTES_MAX, PART_BYTES_MAX + 1])(
    'of %d bytes are put together again',
    (length) => {
      const whole = Uint8Array.from({ length }, (_, at) => at & 255)
      const assembly = new Assembly()
      for (const part of partsOf(whole)) {
        expect(assembly.whole).toBe(undefined)
        expect(assembly.take(part)).toBe(true)
      }
      expect(bytesEqual(assembly.whole ?? Uint8Array.of(1), whole)).toBe(true)
    },
  )

  it('are refused out of order, empty before the end, of another whole, and beyond the limit', () => {
    const assembly = new Assembly(10)
    const bytes = Uint8Array.of(1, 2)
    expect(assembly.take({ total: 11, from: 0, bytes })).toBe(false)
    const other = new Assembly(10)
    expect(other.take({ total: 4, from: 2, bytes })).toBe(false)
    expect(other.take({ total: 4, from: 0, bytes: new Uint8Array() })).toBe(false)
    expect(other.take({ total: 4, from: 0, bytes })).toBe(true)
    expect(other.take({ total: 5, from: 2, bytes })).toBe(false)
    expect(other.take({ total: 4, from: 2, bytes: new Uint8Array(3) })).toBe(false)
  })
})

describe('the machine of an audit', () => {
  const auditors = [first.peer, second.peer]
  const other = opened(
    signVerdict(second, {
      ...verdict,
      auditor: second.peer,
      confirms: verdictId(sha256, signVerdict(first, verdict)),
    }),
  )
  const differs = opened(signVerdict(first, verdict))
  const agrees = opened(signVerdict(first, { ...verdict, finding: 'same' }))

  function run(inputs: readonly AuditInput[], peers = auditors): readonly AuditOutput[] {
    const machine = new AuditMachine(peers)
    return inputs.flatMap((input) => machine.handle(input, 0))
  }
  const ran = (auditor: typeof first, found: OpenedVerdict): AuditInput => ({
    type: 'ran',
    auditor: auditor.peer,
    opened: found,
  })

  it('takes one run when it agrees', () => {
    expect(run([{ type: 'start' }, { type: 'evidence' }, ran(first, agrees)])).toEqual([
      { type: 'fetch' },
      { type: 'ask', auditor: first.peer, before: [] },
      { type: 'over', outcome: 'passed', verdicts: [agrees] },
    ])
  })

  it('asks a second one before it blames', () => {
    const outputs = run([
      { type: 'start' },
      { type: 'evidence' },
      ran(first, differs),
      ran(second, other),
    ])
    expect(outputs.slice(2)).toEqual([
      { type: 'ask', auditor: second.peer, before: [differs] },
      { type: 'over', outcome: 'failed', verdicts: [differs, other] },
    ])
  })

  it('asks a third one where two differ from each other too, and no more', () => {
    const third = device(5)
    const lone = opened(signVerdict(second, { ...verdict, auditor: second.peer }))
    const last = opened(signVerdict(third, { ...verdict, auditor: third.peer, confirms: lone.id }))
    const start: readonly AuditInput[] = [{ type: 'start' }, { type: 'evidence' }]
    const differing = [ran(first, differs), ran(second, lone)]
    const peers = [...auditors, third.peer, provider.peer]
    const outputs = run([...start, ...differing, ran(third, last)], peers)
    expect(outputs.slice(3)).toEqual([
      { type: 'ask', auditor: third.peer, before: [differs, lone] },
      { type: 'over', outcome: 'failed', verdicts: [differs, lone, last] },
    ])
    const unlike = opened(signVerdict(third, { ...verdict, auditor: third.peer }))
    expect(run([...start, ...differing, ran(third, unlike)], peers).at(-1)).toMatchObject({
      outcome: 'inconclusive',
    })
  })

  it('blames nobody when there is no second one', () => {
    const outputs = run(
      [{ type: 'start' }, { type: 'evidence' }, ran(first, differs)],
      [first.peer],
    )
    expect(outputs.at(-1)).toMatchObject({ type: 'over', outcome: 'inconclusive' })
  })

  it('goes on to the next when one cannot, or signs for another', () => {
    const outputs = run([
      { type: 'start' },
      { type: 'evidence' },
      { type: 'unable', auditor: second.peer },
      ran(first, other),
      { type: 'unable', auditor: second.peer },
    ])
    expect(outputs.slice(2)).toEqual([
      { type: 'ask', auditor: second.peer, before: [] },
      { type: 'over', outcome: 'unaudited', verdicts: [] },
    ])
  })

  it('ends when the provider shows nothing, when nobody can be asked, and after a while', () => {
    expect(run([{ type: 'start' }, { type: 'withheld' }]).at(-1)).toMatchObject({
      outcome: 'withheld',
    })
    expect(run([{ type: 'start' }], [])).toMatchObject([{ outcome: 'unaudited' }])
    const machine = new AuditMachine(auditors)
    machine.handle({ type: 'start' }, 5)
    expect(machine.deadlineMs()).toBe(5 + AUDIT_MS_MAX)
    expect(machine.handle({ type: 'time-passed' }, 4 + AUDIT_MS_MAX)).toEqual([])
    expect(machine.handle({ type: 'time-passed' }, 5 + AUDIT_MS_MAX)).toMatchObject([
      { outcome: 'unaudited' },
    ])
    expect(machine.deadlineMs()).toBe(undefined)
  })

  it('ends exactly once, whatever comes, and asks no more than it may', () => {
    const members = Array.from({ length: 20 }, (_, number) => device(30 + number).peer)
    const input = fc.oneof(
      fc.constantFrom<AuditInput>(
        { type: 'start' },
        { type: 'evidence' },
        { type: 'withheld' },
        { type: 'gone' },
      ),
      fc.constantFrom(...members).map((auditor): AuditInput => ({ type: 'unable', auditor })),
      fc.constantFrom(differs, agrees, other).map((found) => ran(first, found)),
    )
    fc.assert(
      fc.property(fc.array(input, { maxLength: 60 }), (inputs) => {
        const machine = new AuditMachine(members)
        const outputs = inputs.flatMap((each, at) => machine.handle(each, at))
        outputs.push(...machine.handle({ type: 'time-passed' }, 100 + AUDIT_MS_MAX))
        const started = inputs.some(({ type }) => type === 'start')
        expect(outputs.filter(({ type }) => type === 'over')).toHaveLength(started ? 1 : 0)
        const asked = outputs.filter(({ type }) => type === 'ask')
        expect(asked.length).toBeLessThanOrEqual(AUDITORS_ASKED_MAX)
      }),
    )
  })
})
