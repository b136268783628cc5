import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Signer } from '../core/crypto.ts'
import type { PeerId } from '../core/ids.ts'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import { trustNetwork } from '../test/fixtures/trust-mesh.ts'
import {
  DOMAIN_DEVICES_MAX,
  EPOCHS_PER_DAY,
  OWNER_EPOCHS,
  OWNER_WORD_BYTES_MAX,
  OWNER_WORD_EPOCHS_MAX,
} from './limits.ts'
import {
  encodeOwnerWord,
  isWhole,
  openOwnerWord,
  type OwnerSubject,
  type OwnerWord,
  signOwnerWord,
} from './owner-word.ts'
import { type OwnerPlace, Owners } from './owners.ts'

const [ann, bob, cem, dee] = [1, 2, 3, 4].map((number) => device(number)) as [
  Signer,
  Signer,
  Signer,
  Signer,
]

interface Said {
  readonly owner: Signer
  readonly device: Signer
  readonly number?: number
  readonly until?: number
}

const subjectOf = ({ owner, device: of, number = 1 }: Said, binds: boolean): OwnerSubject => ({
  network: trustNetwork,
  number,
  owner: owner.peer,
  device: of.peer,
  binds,
})

/** A binding by both. */
function binding(said: Said): OwnerWord {
  const { owner, device: of, until = 200 } = said
  const half = signOwnerWord(owner, subjectOf(said, true), until)
  return { ...half, byDevice: signOwnerWord(of, subjectOf(said, true), until).byDevice }
}

const unbinding = (said: Said, by: Signer): OwnerWord =>
  signOwnerWord(by, subjectOf(said, false), said.until ?? 200)

const place = (epoch: number, change: Partial<OwnerPlace> = {}): OwnerPlace => ({
  epoch,
  isKnown: () => true,
  isAnchor: () => false,
  ...change,
})

/** The table after words, each in the epoch that stands before it. */
function table(...words: readonly (readonly [number, OwnerWord])[]): Owners {
  const owners = new Owners()
  for (const [epoch, word] of words) owners.take([word], place(epoch))
  return owners
}

describe('a word about an owner', () => {
  const half = signOwnerWord(ann, subjectOf({ owner: ann, device: bob }, true), 200)
  const open = (word: OwnerWord, network = trustNetwork) =>
    openOwnerWord(nodeCrypto.verify, network, encodeOwnerWord(word))

  it('is a half by one voice, and whole by two', () => {
    const whole = binding({ owner: ann, device: bob })
    expect([half, whole].map(isWhole)).toEqual([false, true])
    for (const word of [half, whole]) expect(open(word)).toEqual({ type: 'value', value: word })
    expect(encodeOwnerWord(whole).length).toBeLessThanOrEqual(OWNER_WORD_BYTES_MAX)
  })

  it('is whole by one where it ends something', () => {
    for (const by of [ann, bob]) {
      const word = unbinding({ owner: ann, device: bob }, by)
      expect([isWhole(word), open(word).type]).toEqual([true, 'value'])
    }
  })

  it.each<[string, OwnerWord, Uint8Array | undefined, string]>([
    [
      'of a device that did not say it',
      { ...half, byDevice: half.byOwner },
      undefined,
      'TRUST_SIGNATURE_INVALID',
    ],
    ['by nobody', { ...half, byOwner: undefined }, undefined, 'TRUST_MALFORMED'],
    ['of a device about itself', { ...half, device: ann.peer }, undefined, 'TRUST_MALFORMED'],
    [
      'by two where one is enough',
      { ...binding({ owner: ann, device: bob }), binds: false },
      undefined,
      'TRUST_MALFORMED',
    ],
    ['that was said to bind', { ...half, binds: false }, undefined, 'TRUST_SIGNATURE_INVALID'],
    ['of another number', { ...half, number: 2 }, undefined, 'TRUST_SIGNATURE_INVALID'],
    ['of another mesh', half, nodeCrypto.sha256(trustNetwork), 'TRUST_NETWORK_MISMATCH'],
  ])('is refused %s', (_, word, network, code) => {
    expect(open(word, network)).toMatchObject({ type: 'refused', code })
  })
})

describe('the table of owners', () => {
  const one = { owner: ann, device: bob }

  it('has a device speak for itself until a binding holds, and again after its end', () => {
    const owners = table([10, binding(one)], [40, unbinding({ ...one, number: 2 }, bob)])
    const [from, to] = [10 + OWNER_EPOCHS, 40 + OWNER_EPOCHS]
    expect([to - 1, to].map((at) => owners.speakerOf(bob.peer, at))).toEqual([ann.peer, bob.peer])
    const before = table([10, binding(one)])
    const speakers = [from - 1, from, to].map((at) => before.speakerOf(bob.peer, at))
    expect(speakers).toEqual([bob.peer, ann.peer, ann.peer])
    expect(before.devicesOf(ann.peer, from)).toEqual([bob.peer])
    expect(before.turningIn(from - 1, from).map(({ owner }) => owner)).toEqual([ann.peer])
    expect(before.turningIn(from, from + 5)).toEqual([])
  })

  it('has an owner tell of a whole day, and after the end of what was settled before it', () => {
    const joined = table([10, binding(one)])
    const tellers = (owners: Owners, pairs: readonly [number, number][]): PeerId[] =>
      pairs.map(([settled, told]) => owners.tellerOf(bob.peer, { settled, told }))
    expect(
      tellers(joined, [
        [5, 21],
        [5, 22],
        [30, 30],
      ]),
    ).toEqual([bob.peer, ann.peer, ann.peer])
    joined.take([unbinding({ ...one, number: 2 }, ann)], place(40))
    expect(
      tellers(joined, [
        [5, 51],
        [5, 52],
        [51, 60],
        [52, 60],
      ]),
    ).toEqual([ann.peer, ann.peer, ann.peer, bob.peer])
  })

  it.each<[string, Owners, OwnerWord, OwnerPlace, string]>([
    ['a half', table(), signOwnerWord(ann, subjectOf(one, true), 200), place(1), 'half'],
    ['a word that was said before', table([10, binding(one)]), binding(one), place(30), 'number'],
    ['a number to come', table(), binding({ ...one, number: 2 }), place(1), 'number'],
    ['what is too old', table(), binding({ ...one, until: 9 }), place(10), 'late'],
    [
      'what holds too long',
      table(),
      binding({ ...one, until: 11 + OWNER_WORD_EPOCHS_MAX }),
      place(10),
      'late',
    ],
    [
      'a device that nobody heard of',
      table(),
      binding(one),
      place(1, { isKnown: (peer) => peer !== bob.peer }),
      'unknown',
    ],
    [
      'where trust starts',
      table(),
      binding(one),
      place(1, { isAnchor: (peer) => peer === bob.peer }),
      'anchor',
    ],
    [
      'a change while one is under way',
      table([10, binding(one)]),
      unbinding({ ...one, number: 2 }, bob),
      place(21),
      'changing',
    ],
    [
      'a second owner',
      table([10, binding(one)]),
      binding({ owner: cem, device: bob, number: 2 }),
      place(22),
      'bound',
    ],
    [
      'the end of what is not',
      table([10, binding(one)]),
      unbinding({ owner: cem, device: bob, number: 2 }, bob),
      place(22),
      'not-bound',
    ],
    [
      'a new owner on the day of the old one',
      table([10, binding(one)], [30, unbinding({ ...one, number: 2 }, bob)]),
      binding({ owner: cem, device: bob, number: 3, until: 400 }),
      place(30 + OWNER_EPOCHS + EPOCHS_PER_DAY - 1),
      'early',
    ],
    [
      'an owner that has one',
      table([10, binding(one)]),
      binding({ owner: bob, device: cem }),
      place(12),
      'owner-bound',
    ],
    [
      'a device that has devices',
      table([10, binding(one)]),
      binding({ owner: cem, device: ann }),
      place(12),
      'owns',
    ],
  ])('does not take %s', (_, ...[owners, word, at, problem]) => {
    expect(owners.problemOf(word, at)).toBe(problem)
    expect(owners.copy().take([word], at)).toEqual([])
  })

  it('lets a device have another owner a day after it left', () => {
    const owners = table([10, binding(one)], [30, unbinding({ ...one, number: 2 }, bob)])
    const at = 30 + OWNER_EPOCHS + EPOCHS_PER_DAY
    const word = binding({ owner: cem, device: bob, number: 3, until: at })
    expect(owners.problemOf(word, place(at))).toBeUndefined()
  })

  it('holds no more devices of one owner than a domain may have', () => {
    const others = Array.from({ length: DOMAIN_DEVICES_MAX }, (_, at) => device(100 + at))
    const words = others.map((of) => binding({ owner: ann, device: of }))
    const owners = new Owners()
    expect(owners.take(words, place(1)).length).toBe(DOMAIN_DEVICES_MAX - 1)
    const last = words.find(({ device: of }) => owners.tieOf(of) === undefined) as OwnerWord
    expect(owners.problemOf(last, place(2))).toBe('full')
  })

  it('comes out the same in any order, also where two claim one device', () => {
    const words = [
      binding({ owner: ann, device: bob }),
      binding({ owner: cem, device: bob }),
      binding({ owner: bob, device: dee }),
      binding({ owner: cem, device: dee }),
      binding({ owner: dee, device: ann }),
    ]
    const expected = new Owners()
    const counted = expected.take(words, place(1))
    expect(new Set(counted.map(({ device: of }) => of)).size).toBe(counted.length)
    fc.assert(
      fc.property(fc.shuffledSubarray(words, { minLength: words.length }), (shuffled) => {
        const owners = new Owners()
        expect(owners.take(shuffled, place(1))).toEqual(counted)
        expect(owners.ties).toEqual(expected.ties)
      }),
    )
  })

  it('is the same again from what is kept of it', () => {
    const owners = table([10, binding(one)], [30, unbinding({ ...one, number: 2 }, ann)])
    expect(new Owners(owners.ties)).toEqual(owners)
    expect(owners.copy()).toEqual(owners)
  })
})
