/**
 * Notices that this device was started again, or that its registers changed, so that others ask anew.
 *
 * A device that wants to deceive would not tell: then the next question of each verifier shows it.
 *
 * @module
 */

import type { RevocationReason } from '../../attestation/index.ts'
import { bytesEqual, textOf, utf8 } from '../../core/bytes.ts'
import type { AttestationStore } from './attestation-store.ts'

/** What of a TPM changes only when what runs does. */
export interface TpmState {
  readonly resetCount: number
  /** Values of the registers that are asked for, one after the other. */
  readonly registers: Uint8Array
}

const KEY = 'attestation/tpm-state'

export class TpmWatch {
  readonly #store: Pick<AttestationStore, 'get' | 'put'>

  constructor(store: Pick<AttestationStore, 'get' | 'put'>) {
    this.#store = store
  }

  /** What changed since the last look, also one of an earlier life of the daemon. */
  async look(state: TpmState): Promise<RevocationReason | undefined> {
    const now = utf8(`${state.resetCount} ${Buffer.from(state.registers).toString('hex')}`)
    const before = await this.#store.get(KEY)
    if (before !== undefined && bytesEqual(before, now)) return undefined
    await this.#store.put(KEY, now)
    if (before === undefined) return undefined
    const [count] = (textOf(before) ?? '').split(' ')
    return Number(count) === state.resetCount ? 'registers-changed' : 'restarted'
  }
}
