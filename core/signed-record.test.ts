import { describe, expect, it } from 'vitest'
import { device, nodeCrypto } from '../test/fixtures/devices.ts'
import { decodeShape, encodeShape, record } from './cbor-shape.ts'
import { hexId, peerId } from './id-shapes.ts'
import { isSignedBy, signRecord, signable, signedRecord } from './signed-record.ts'

const signer = device(1)
const body = Uint8Array.of(1, 2, 3)
const signed = signRecord(signer, 'greeting', body)

describe('signed record', () => {
  it('signs the kind, a zero byte, and the body', () => {
    expect(new TextDecoder().decode(signable('greeting', body))).toBe(
      'brume/greeting/v1\0\u0001\u0002\u0003',
    )
  })

  it('holds for its signer, kind and body alone', () => {
    const { verify } = nodeCrypto
    const other = { ...signed, body: Uint8Array.of(1, 2, 4) }
    expect([
      isSignedBy(verify, signer.peer, 'greeting', signed),
      isSignedBy(verify, device(2).peer, 'greeting', signed),
      isSignedBy(verify, signer.peer, 'farewell', signed),
      isSignedBy(verify, signer.peer, 'greeting', other),
    ]).toEqual([true, false, false, false])
  })

  it('says the same after a journey, within its bound', () => {
    expect(decodeShape(signedRecord(3), encodeShape(signedRecord(3), signed))).toEqual({
      type: 'value',
      value: signed,
    })
    expect(decodeShape(signedRecord(2), encodeShape(signedRecord(3), signed)).type).toBe('refused')
  })
})

describe('ids in records', () => {
  const shape = record({ peer: peerId(), id: hexId<string>(2) })

  it('are the bytes that their text stands for', () => {
    const value = { peer: signer.peer, id: '00ff' }
    const encoded = encodeShape(shape, value)
    expect(encoded.length).toBe(1 + 2 + 32 + 1 + 2)
    expect(decodeShape(shape, encoded)).toEqual({ type: 'value', value })
  })
})
