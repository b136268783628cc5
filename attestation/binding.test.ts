import { describe, expect, it } from 'vitest'
import { device } from '../test/fixtures/devices.ts'
import { toHex } from '../core/bytes.ts'
import { type BindingInit, bindingBytes } from './binding.ts'

const init: BindingInit = {
  kind: 'tpm',
  attester: device(1).peer,
  verifier: device(2).peer,
  nonce: new Uint8Array(32).fill(1),
  secretHash: new Uint8Array(32).fill(2),
}

describe('a binding', () => {
  it('fills the field of its kind', () => {
    expect(bindingBytes(init).length).toBe(32)
    expect(bindingBytes({ ...init, kind: 'sev-snp' }).length).toBe(64)
  })

  it('is another for every other question, device and kind', () => {
    const others: readonly Partial<BindingInit>[] = [
      {},
      { kind: 'android' },
      { kind: 'sev-snp' },
      { kind: 'tdx' },
      { attester: device(3).peer },
      { verifier: device(3).peer },
      { verifier: null },
      { nonce: new Uint8Array(32) },
      { secretHash: null },
      { secretHash: new Uint8Array(32) },
      { attester: device(2).peer, verifier: device(1).peer },
    ]
    const bindings = others.map((other) => toHex(bindingBytes({ ...init, ...other })))
    expect(new Set(bindings).size).toBe(others.length)
  })
})
