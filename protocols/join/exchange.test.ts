import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Signer } from '../../core/crypto.ts'
import type { TimePassed } from '../../core/machine.ts'
import { device, nodeCrypto } from '../../test/fixtures/devices.ts'
import {
  certify,
  code,
  credential,
  FOUNDER,
  FOUNDER_CREDENTIAL,
  HOME,
  NOW_MS,
} from '../../test/fixtures/mesh.ts'
import { foundMesh } from './genesis.ts'
import { type Credential, HelloMachine } from './hello-machine.ts'
import { type HostInput, HostMachine, type HostOutput } from './host-machine.ts'
import { type Invite, useInvite } from './invite.ts'
import { type InviteCode, meshPrefixOf } from './invite-code.ts'
import { type JoinerInput, JoinerMachine, type JoinerOutput } from './joiner-machine.ts'
import { HELLO_MS_MAX, JOIN_EXCHANGE_MS_MAX } from './limits.ts'
import { decodeJoin, encodeJoin, type JoinMessage } from './messages.ts'
import { inviteIdOf } from './secret-proof.ts'

const crypto = nodeCrypto
const joiner = device(2)
const opened = { type: 'opened' } as const
const nonce = (byte: number): Uint8Array => new Uint8Array(32).fill(byte)

const INVITE: Invite = {
  id: inviteIdOf(code().secret, crypto.sha256),
  secret: code().secret,
  role: 'worker',
  mayInvite: false,
  createdMs: NOW_MS,
  expiresMs: NOW_MS + 3_600_000,
  usesMax: 1,
  usedBy: [],
}

function joinerMachine(change: Partial<InviteCode> = {}, remote: Signer = FOUNDER): JoinerMachine {
  const own = { self: joiner.peer, remote: remote.peer, crypto, nonce: nonce(1), wallMs: NOW_MS }
  return new JoinerMachine({ code: code(change), ...own })
}

interface HostSetting {
  readonly credential?: Credential | undefined
  readonly signer?: Signer
  readonly remote?: Signer
  readonly allowed?: boolean
}

function hostMachine(setting: HostSetting = {}): HostMachine {
  return new HostMachine({
    credential: 'credential' in setting ? setting.credential : FOUNDER_CREDENTIAL,
    signer: setting.signer ?? FOUNDER,
    remote: (setting.remote ?? joiner).peer,
    crypto,
    nonce: nonce(2),
    wallMs: NOW_MS,
    allowAttempt: () => setting.allowed ?? true,
  })
}

/** What happened at both ends, frames by the name of their message. */
function run(joining: JoinerMachine, host: HostMachine, known: readonly Invite[] = [INVITE]) {
  const trace: string[] = []
  const toHost: HostInput[] = [opened]
  const toJoiner: JoinerInput[] = [opened]
  const onJoiner = (output: JoinerOutput): void => {
    trace.push(`joiner ${nameOf(output)}`)
    if (output.type === 'send') toHost.push({ type: 'frame', frame: output.frame })
    if (output.type === 'keep') toJoiner.push({ type: 'kept' })
  }
  const onHost = (output: HostOutput): void => {
    trace.push(`host ${nameOf(output)}`)
    if (output.type === 'send') toJoiner.push({ type: 'frame', frame: output.frame })
    if (output.type === 'look-up') toHost.push({ type: 'looked-up', invite: known[0] })
    if (output.type === 'issue') toHost.push({ type: 'issued', chain: [certify(FOUNDER, joiner)] })
  }
  while (toHost.length + toJoiner.length > 0) {
    for (const input of toJoiner.splice(0)) joining.handle(input, 0).forEach(onJoiner)
    for (const input of toHost.splice(0)) host.handle(input, 0).forEach(onHost)
  }
  return trace
}

function nameOf(output: JoinerOutput | HostOutput): string {
  if (output.type === 'failed') return output.code
  if (output.type !== 'send') return output.type
  const decoded = decodeJoin(output.frame)
  if (decoded.type === 'refused') return 'sends nonsense'
  const { message } = decoded
  return message.type === 'refuse' ? `refuses ${message.code}` : `sends ${message.type}`
}

describe('join exchange', () => {
  it('proves the mesh, then the secret, then grants, then notes the delivery', () => {
    expect(run(joinerMachine(), hostMachine())).toEqual([
      'joiner sends ask',
      'host sends proof',
      'joiner sends claim',
      'host look-up',
      'host issue',
      'host sends grant',
      'host admitted',
      'joiner keep',
      'joiner sends done',
      'joiner joined',
      'host delivered',
    ])
  })

  it.each([
    ['is unknown', [], 'JOIN_INVITE_UNKNOWN'],
    ['has another secret', [{ ...INVITE, secret: new Uint8Array(16) }], 'JOIN_INVITE_UNKNOWN'],
    ['has expired', [{ ...INVITE, expiresMs: NOW_MS }], 'JOIN_INVITE_EXPIRED'],
    ['is used up by another', [useInvite(INVITE, device(9).peer, false)], 'JOIN_INVITE_USED'],
    ['is used up by the joiner itself', [useInvite(INVITE, joiner.peer, true)], 'JOIN_INVITE_USED'],
  ])('is refused at its end when the invite %s', (_, known, refusal) => {
    expect(run(joinerMachine(), hostMachine(), known).slice(-3)).toEqual([
      `host refuses ${refusal}`,
      `host ${refusal}`,
      `joiner ${refusal}`,
    ])
  })

  it('goes again for a joiner whose grant was lost on the way', () => {
    const lost = useInvite(INVITE, joiner.peer, false)
    expect(run(joinerMachine(), hostMachine(), [lost])).toContain('joiner joined')
  })

  it.each([
    ['is in no mesh', { credential: undefined }, 'JOIN_NO_MESH'],
    ['has seen too many attempts', { allowed: false }, 'JOIN_RATE_LIMITED'],
  ])('is refused at once when the host %s', (_, setting, refusal) => {
    expect(run(joinerMachine(), hostMachine(setting))).toEqual([
      'joiner sends ask',
      `host refuses ${refusal}`,
      `host ${refusal}`,
      `joiner ${refusal}`,
    ])
  })

  it('is refused by a host that has moved to another mesh', () => {
    const meshPrefix = 'ab'.repeat(16)
    expect(run(joinerMachine({ meshPrefix }), hostMachine()).at(-1)).toBe(
      'joiner JOIN_MESH_MISMATCH',
    )
  })

  it('is refused by a member without the right to invite', () => {
    const signer = device(3)
    const own = credential([certify(FOUNDER, signer)])
    const asking = joinerMachine({ inviter: signer.peer }, signer)
    expect(run(asking, hostMachine({ signer, credential: own })).at(-1)).toBe(
      'joiner JOIN_INVITER_NOT_ALLOWED',
    )
  })

  it('gives the place back when the joiner cannot write its membership down', () => {
    const machine = joinerMachine()
    const host = hostMachine()
    const frames = (outputs: readonly (JoinerOutput | HostOutput)[]): Uint8Array =>
      outputs.find((output) => output.type === 'send')?.frame ?? new Uint8Array(0)
    host.handle(opened, 0)
    const ask = frames(machine.handle(opened, 0))
    const proof = frames(host.handle({ type: 'frame', frame: ask }, 0))
    const claim = frames(machine.handle({ type: 'frame', frame: proof }, 0))
    host.handle({ type: 'frame', frame: claim }, 0)
    host.handle({ type: 'looked-up', invite: INVITE }, 0)
    const chain = [certify(FOUNDER, joiner)]
    const grant = frames(host.handle({ type: 'issued', chain }, 0))
    machine.handle({ type: 'frame', frame: grant }, 0)
    expect(machine.handle({ type: 'keep-failed' }, 0)).toEqual([
      { type: 'failed', code: 'JOIN_KEEP_FAILED' },
    ])
    expect(host.handle({ type: 'ended' }, 0)).toEqual([{ type: 'failed', code: 'JOIN_LINK_LOST' }])
  })

  it('ends when nothing comes for ten seconds', () => {
    const machine = joinerMachine()
    machine.handle(opened, 1_000)
    expect(machine.deadlineMs()).toBe(1_000 + JOIN_EXCHANGE_MS_MAX)
    const passed: TimePassed = { type: 'time-passed' }
    expect(machine.handle(passed, 1_000 + JOIN_EXCHANGE_MS_MAX)).toEqual([
      { type: 'failed', code: 'JOIN_TIMEOUT' },
    ])
    expect(machine.deadlineMs()).toBeUndefined()
  })
})

describe('joiner', () => {
  const attacker = device(66)

  /** All that an attacker at the inviter's address can show: each piece is real or its own. */
  function proofs(): readonly (JoinMessage & { readonly type: 'proof' })[] {
    const fake = foundMesh(
      { name: 'home', createdMs: NOW_MS, nonce: nonce(7).slice(16) },
      attacker,
      crypto.sha256,
    )
    const real = decodeProof(hostMachine())
    const own = certify(attacker, attacker, { mayInvite: true, mesh: fake.id })
    const pieces = {
      genesis: [HOME.signed, fake.signed],
      chain: [FOUNDER_CREDENTIAL.chain, [own], [certify(FOUNDER, attacker)]],
      nonce: [real.nonce, nonce(8)],
      signature: [real.signature, attacker.sign(nonce(0))],
    }
    return pieces.genesis.flatMap((genesis) =>
      pieces.chain.flatMap((chain) =>
        pieces.nonce.flatMap((theirs) =>
          pieces.signature.map((signature) => {
            const shown = { genesis, chain, nonce: theirs, signature, reserved: undefined }
            return Object.assign(shown, { type: 'proof' as const })
          }),
        ),
      ),
    )
  }

  function decodeProof(host: HostMachine): JoinMessage & { readonly type: 'proof' } {
    host.handle(opened, 0)
    const ask = { version: 1, meshPrefix: meshPrefixOf(HOME.id), nonce: nonce(3) }
    const frame = encodeJoin({ type: 'ask', ...ask, reserved: undefined })
    const [output] = host.handle({ type: 'frame', frame }, 0)
    const decoded = decodeJoin(output?.type === 'send' ? output.frame : new Uint8Array(0))
    if (decoded.type !== 'message' || decoded.message.type !== 'proof') throw new Error('no proof')
    return decoded.message
  }

  it('says nothing to a device that is not the inviter of its code', () => {
    expect(joinerMachine({}, attacker).handle(opened, 0)).toEqual([
      { type: 'failed', code: 'JOIN_INVITER_UNPROVEN' },
    ])
  })

  it('keeps its secret from everyone who replays or invents a proof', () => {
    for (const proof of proofs()) {
      const machine = joinerMachine()
      machine.handle(opened, 0)
      const outputs = machine.handle({ type: 'frame', frame: encodeJoin(proof) }, 0)
      expect(outputs.map(({ type }) => type)).toEqual(['failed'])
    }
  })

  it('takes no grant for another device, nor one before it has seen a proof', () => {
    const machine = joinerMachine()
    machine.handle(opened, 0)
    const chain = [certify(FOUNDER, joiner)]
    const grant = encodeJoin({ type: 'grant', chain, reserved: undefined })
    expect(machine.handle({ type: 'frame', frame: grant }, 0)).toEqual([
      { type: 'failed', code: 'JOIN_PROTOCOL_VIOLATION' },
    ])
  })
})

describe('host', () => {
  it('grants nothing without the secret, whatever arrives in whatever order', () => {
    const claim = (proof: Uint8Array): Uint8Array =>
      encodeJoin({ type: 'claim', invite: INVITE.id, proof, reserved: undefined })
    const ask = { version: 1, meshPrefix: meshPrefixOf(HOME.id), nonce: nonce(1) }
    const frames = [
      encodeJoin({ type: 'ask', ...ask, reserved: undefined }),
      claim(nonce(0)),
      encodeJoin({ type: 'grant', chain: [certify(FOUNDER, joiner)], reserved: undefined }),
      encodeJoin({ type: 'done', reserved: undefined }),
    ]
    const frame = fc.oneof(
      fc.constantFrom(...frames),
      fc.uint8Array({ minLength: 32, maxLength: 32 }).map(claim),
      fc.uint8Array({ maxLength: 64 }),
    )
    const input: fc.Arbitrary<HostInput | TimePassed> = fc.oneof(
      frame.map((bytes) => ({ type: 'frame', frame: bytes }) as const),
      fc.constantFrom<HostInput | TimePassed>(
        opened,
        { type: 'looked-up', invite: INVITE },
        { type: 'issued', chain: [certify(FOUNDER, joiner)] },
        { type: 'time-passed' },
      ),
    )
    const grants = (inputs: readonly (HostInput | TimePassed)[]): boolean => {
      const host = hostMachine()
      const outputs = inputs.flatMap((each, nowMs) => host.handle(each, nowMs))
      return outputs.some(({ type }) => type === 'issue' || type === 'admitted')
    }
    fc.assert(fc.property(fc.array(input, { maxLength: 12 }), (inputs) => !grants(inputs)))
  })

  it('admits nobody by a certificate that is not theirs', () => {
    const chains = [FOUNDER_CREDENTIAL.chain, [certify(device(9), joiner)], []]
    for (const chain of chains) {
      const host = hostMachine()
      host.handle(opened, 0)
      const hello = { version: 1, mesh: HOME.id, chain, reserved: undefined }
      const frame = encodeJoin({ type: 'hello', ...hello })
      const outputs = host.handle({ type: 'frame', frame }, 0)
      expect(outputs.map(({ type }) => type)).toEqual(['send', 'failed'])
    }
  })
})

describe('hello', () => {
  const member = credential([certify(FOUNDER, joiner)])

  function greet(shown: Credential, setting: HostSetting = {}): readonly string[] {
    const hello = new HelloMachine({
      credential: shown,
      remote: FOUNDER.peer,
      crypto,
      wallMs: NOW_MS,
    })
    const host = hostMachine(setting)
    host.handle(opened, 0)
    const trace: string[] = []
    const toHost = hello.handle(opened, 0)
    for (const output of toHost) {
      if (output.type !== 'send') continue
      for (const answer of host.handle({ type: 'frame', frame: output.frame }, 0)) {
        trace.push(`host ${nameOf(answer)}`)
        if (answer.type !== 'send') continue
        for (const last of hello.handle({ type: 'frame', frame: answer.frame }, 0)) {
          trace.push(last.type === 'failed' ? last.code : last.type)
        }
      }
    }
    return trace
  }

  it('makes two members known to each other', () => {
    expect(greet(member)).toEqual(['host sends hello', 'admitted', 'host admitted'])
  })

  it('shows nothing to one who is no member', () => {
    const stranger = credential([certify(joiner, joiner)])
    expect(greet(stranger)).toEqual([
      'host refuses JOIN_CHAIN_INVALID',
      'JOIN_CHAIN_INVALID',
      'host JOIN_CHAIN_INVALID',
    ])
  })

  it('tells a device of another mesh so', () => {
    const other = foundMesh(
      { name: 'lab', createdMs: NOW_MS, nonce: nonce(1).slice(16) },
      joiner,
      crypto.sha256,
    )
    const chain = [certify(joiner, joiner, { mesh: other.id, mayInvite: true })]
    expect(greet({ genesis: other, chain }).at(-1)).toBe('host JOIN_MESH_MISMATCH')
  })

  it('waits five seconds for the other side', () => {
    const machine = new HelloMachine({
      credential: member,
      remote: FOUNDER.peer,
      crypto,
      wallMs: NOW_MS,
    })
    machine.handle(opened, 0)
    expect(machine.handle({ type: 'time-passed' }, HELLO_MS_MAX)).toEqual([
      { type: 'failed', code: 'JOIN_TIMEOUT' },
    ])
  })
})
