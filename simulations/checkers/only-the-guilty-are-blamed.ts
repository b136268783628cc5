/**
 * A fetch blames only holders that break the protocol, and for what they did.
 *
 * @module
 */

import type { BlocksChecker } from '../blocks-scenario.ts'
import type { Behaviour } from '../blocks-world.ts'

const GUILT: Partial<Record<Behaviour, string>> = {
  liar: 'BLOCKS_CHUNK_INVALID',
  silent: 'BLOCKS_HOLDER_STALLED',
  stuck: 'BLOCKS_HOLDER_STALLED',
  busy: 'BLOCKS_HOLDER_STALLED',
  babbling: 'BLOCKS_MESSAGE_UNEXPECTED',
}

export const onlyTheGuiltyAreBlamed: BlocksChecker = ({ faults }, { holders }) =>
  faults.flatMap((fault) => {
    const [name = '', code] = fault.split(' ')
    const behaviour = holders[Number(name.slice('holder-'.length))]?.behaviour ?? 'honest'
    return code === GUILT[behaviour] ? [] : [`${name}, ${behaviour}, was blamed for ${code}`]
  })
