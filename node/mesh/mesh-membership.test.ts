import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { errorCode } from '../../core/errors.ts'
import { settle } from '../../test/fixtures/manual-clock.ts'
import { inviteOf, join, type Member, MemberWorld } from '../../test/fixtures/members.ts'

let world: MemberWorld

beforeEach(() => {
  world = new MemberWorld()
})

afterEach(() => world.stop())

/** The code of what `work` throws. */
async function codeOf(work: Promise<unknown>): Promise<string | undefined> {
  return work.then(
    () => undefined,
    (error: unknown) => errorCode(error) ?? String(error),
  )
}

function knows(member: Member, other: Member): boolean | Promise<boolean> {
  return member.mesh.isMember(other.signer.peer)
}

describe('mesh membership', () => {
  it('founds a mesh, and finds it again after a restart', async () => {
    const founder = await world.start(1)
    const view = await founder.mesh.create('home')
    expect(view).toEqual({
      id: view.id,
      name: 'home',
      founder: founder.signer.peer,
      createdMs: 1_800_000_000_000,
      role: 'worker',
      mayInvite: true,
      certificateExpiresMs: 1_800_000_000_000 + 31_536_000_000,
      invites: 0,
    })
    const again = await world.start(1, founder.store)
    expect(again.mesh.current()).toEqual(view)
  })

  it('lets a device in by a code, and each knows the other for a member', async () => {
    const [founder, joiner] = (await world.mesh(2)) as [Member, Member]
    expect(joiner.mesh.current()).toMatchObject({ name: 'home', role: 'worker', mayInvite: false })
    expect([knows(founder, joiner), knows(joiner, founder)]).toEqual([true, true])
    expect(founder.network.admitted).toEqual([joiner.signer.peer])
    expect(founder.mesh.current()?.invites).toBe(0)
  })

  it('makes members that meet later known to each other', async () => {
    const [, second, third] = (await world.mesh(3)) as [Member, Member, Member]
    await second.network.connect(third.signer.peer, third.network.addresses())
    await settle()
    expect([knows(second, third), knows(third, second)]).toEqual([true, true])
  })

  it('refuses an invite that is used, expired, foreign, unknown or malformed', async () => {
    const [founder] = (await world.mesh(1)) as [Member]
    const other = await world.start(2)
    const late = await world.start(3)
    const used = await inviteOf(founder)
    await join(other, used)
    expect(await codeOf(join(late, used))).toBe('JOIN_INVITE_USED')
    expect(await codeOf(join(late, `${used}a`))).toBe('JOIN_CODE_MALFORMED')

    const early = await inviteOf(founder)
    await world.clock.advance(3_600_000)
    expect(await codeOf(join(late, early))).toBe('JOIN_INVITE_EXPIRED')
    await world.clock.advance(600_000)
    expect(await codeOf(join(late, early))).toBe('JOIN_INVITE_EXPIRED')

    const foreign = await inviteOf(founder)
    await founder.mesh.leave()
    expect(await codeOf(join(late, foreign))).toBe('JOIN_NO_MESH')
    await founder.mesh.create('lab')
    expect(await codeOf(join(late, foreign))).toBe('JOIN_MESH_MISMATCH')
    expect(late.mesh.current()).toBeUndefined()
  })

  it('lets two that race for the last place in only once', async () => {
    const [founder] = (await world.mesh(1)) as [Member]
    const rivals = [await world.start(2), await world.start(3)]
    const code = await inviteOf(founder)
    const results = await Promise.all(rivals.map((rival) => codeOf(join(rival, code))))
    expect(results.toSorted((a = '~', b = '~') => a.localeCompare(b))).toEqual([
      'JOIN_INVITE_USED',
      undefined,
    ])
  })

  it('slows down who guesses', async () => {
    const [founder] = (await world.mesh(1)) as [Member]
    const guesser = await world.start(2)
    const code = await inviteOf(founder)
    await founder.mesh.leave()
    await founder.mesh.create('home again')
    const tries = []
    for (let count = 0; count < 6; count++) tries.push(await codeOf(join(guesser, code)))
    expect(tries.at(-1)).toBe('JOIN_RATE_LIMITED')
  })

  it('says so when the inviter does not answer, or the wait is called off', async () => {
    const [founder] = (await world.mesh(1)) as [Member]
    const joiner = await world.start(2)
    const code = await inviteOf(founder)
    expect(await codeOf(joiner.mesh.join(code, AbortSignal.abort(new Error('enough'))))).toBe(
      'Error: enough',
    )
    await founder.network.stop()
    expect(await codeOf(join(joiner, code))).toBe('JOIN_UNREACHABLE')
  })

  it('keeps nothing when the disk takes nothing, and the invite stays good', async () => {
    const [founder] = (await world.mesh(1)) as [Member]
    const joiner = await world.start(2)
    const code = await inviteOf(founder)
    joiner.store.failure = new Error('no space left')
    expect(await codeOf(join(joiner, code))).toBe('JOIN_KEEP_FAILED')
    expect(joiner.mesh.current()).toBeUndefined()
    joiner.store.failure = undefined
    await join(joiner, code)
    expect(joiner.mesh.current()?.name).toBe('home')
  })

  it('grants nothing that the inviter could not write down', async () => {
    const [founder] = (await world.mesh(1)) as [Member]
    const joiner = await world.start(2)
    const code = await inviteOf(founder)
    founder.store.failure = new Error('no space left')
    expect(await codeOf(join(joiner, code))).toBe('JOIN_ISSUE_FAILED')
    expect(joiner.mesh.current()).toBeUndefined()
  })

  it('forgets a mesh that it leaves, and is in the next', async () => {
    const [founder, joiner] = (await world.mesh(2)) as [Member, Member]
    const events: (string | undefined)[] = []
    joiner.mesh.onMesh((view) => events.push(view?.name))
    joiner.mesh.onMember((peer, admitted) => events.push(`${peer.slice(-4)} ${admitted}`))
    await joiner.mesh.leave()
    await settle()
    expect(joiner.store.values.size).toBe(0)
    expect(joiner.network.peers()).toEqual([])
    expect(knows(joiner, founder)).toBe(false)
    expect(events).toEqual([undefined, `${founder.signer.peer.slice(-4)} false`])
    expect(await codeOf(joiner.mesh.leave())).toBe('MESH_NOT_JOINED')
    await joiner.mesh.create('lab')
    expect(events.at(-1)).toBe('lab')
  })

  it('answers for a stranger after five seconds at most', async () => {
    const [founder] = (await world.mesh(1)) as [Member]
    const stranger = await world.start(2)
    await stranger.network.connect(founder.signer.peer, founder.network.addresses())
    const answer = knows(founder, stranger)
    expect(answer).toBeInstanceOf(Promise)
    await world.clock.advance(5_000)
    expect(await answer).toBe(false)
    expect(knows(founder, stranger)).toBe(false)
  })

  it('holds a stranger for a member from the moment it has joined', async () => {
    const [founder] = (await world.mesh(1)) as [Member]
    const stranger = await world.start(2)
    await stranger.network.connect(founder.signer.peer, founder.network.addresses())
    const answer = knows(founder, stranger)
    await join(stranger, await inviteOf(founder))
    expect(await answer).toBe(true)
  })

  it('lets a delegate invite, but nobody beyond what they hold', async () => {
    const [founder] = (await world.mesh(1)) as [Member]
    const delegate = await world.start(2)
    const invite = { uses: 1, ttlMs: 60_000, role: 'submitter' } as const
    await join(delegate, (await founder.mesh.invite({ ...invite, mayInvite: true })).code)
    const third = await world.start(3)
    await join(third, (await delegate.mesh.invite(invite)).code)
    expect(third.mesh.current()).toMatchObject({ role: 'submitter', mayInvite: false })
    expect(await codeOf(delegate.mesh.invite({ ...invite, role: 'worker' }))).toBe(
      'MESH_ROLE_TOO_WIDE',
    )
    expect(await codeOf(third.mesh.invite(invite))).toBe('MESH_INVITE_NOT_ALLOWED')

    await third.network.connect(founder.signer.peer, founder.network.addresses())
    await settle()
    expect([knows(founder, third), knows(third, founder)]).toEqual([true, true])
  })

  it('is no member, and trusts none, once its certificate has expired', async () => {
    const [founder, joiner] = (await world.mesh(2)) as [Member, Member]
    await world.clock.jump(31_536_000_001)
    expect(knows(founder, joiner)).toBe(false)
    expect(await codeOf(inviteOf(founder))).toBe('MESH_NOT_JOINED')
  })

  it('refuses requests that make no sense', async () => {
    const [founder, joiner] = (await world.mesh(2)) as [Member, Member]
    const stranger = await world.start(3)
    const invite = { uses: 1, ttlMs: 60_000, role: 'worker' } as const
    const requests = [
      stranger.mesh.create(' '),
      stranger.mesh.invite(invite),
      founder.mesh.create('other'),
      joiner.mesh.join(await inviteOf(founder), new AbortController().signal),
      founder.mesh.invite({ ...invite, uses: 0 }),
      founder.mesh.invite({ ...invite, ttlMs: 1e15 }),
    ]
    expect(await Promise.all(requests.map(codeOf))).toEqual([
      'MESH_NAME_INVALID',
      'MESH_NOT_JOINED',
      'MESH_ALREADY_JOINED',
      'MESH_ALREADY_JOINED',
      'MESH_INVITE_OUT_OF_RANGE',
      'MESH_INVITE_OUT_OF_RANGE',
    ])
  })

  it('makes one change at a time', async () => {
    const member = await world.start(1)
    const both = [member.mesh.create('one'), member.mesh.create('two')]
    expect(await Promise.all(both.map(codeOf))).toEqual([undefined, 'MESH_CHANGE_IN_PROGRESS'])
  })

  it('dials members that it has met, ever more slowly', async () => {
    const [founder, joiner] = (await world.mesh(2)) as [Member, Member]
    await joiner.network.disconnect(founder.signer.peer)
    await world.clock.advance(2_000)
    expect(joiner.network.peers().map(({ peer }) => peer)).toEqual([founder.signer.peer])

    await founder.network.stop()
    await world.clock.advance(120_000)
    expect(joiner.network.peers()).toEqual([])
    await founder.network.start()
    await world.clock.advance(60_000)
    expect(joiner.network.peers().length).toBe(1)
  })

  it('does not start on a membership that is damaged', async () => {
    const founder = await world.start(1)
    await founder.mesh.create('home')
    founder.store.values.set('mesh/membership', new Uint8Array(8))
    expect(await codeOf(world.start(1, founder.store))).toBe('MESH_STATE_CORRUPTED')
  })

  it('checks the credential of a device that it never met', async () => {
    const [founder, joiner] = (await world.mesh(2)) as [Member, Member]
    const shown = joiner.mesh.credential()
    expect(founder.mesh.provesMembership(joiner.signer.peer, shown)).toBe(true)
    expect(founder.mesh.provesMembership(founder.signer.peer, shown)).toBe(false)
    expect(founder.mesh.provesMembership(joiner.signer.peer, new Uint8Array(3))).toBe(false)
  })
})
