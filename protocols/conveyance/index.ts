/**
 * The door of /brume/conveyance/1.
 *
 * @module
 */

export type { ConveyanceFault } from './errors.ts'
export { type GiverInput, GiverMachine, type GiverOutput } from './giver-machine.ts'
export {
  CONVEYANCE_FRAME_BYTES_MAX,
  CONVEYANCE_PROTOCOL,
  CONVEYANCE_TOPIC,
  INLINE_BYTES_MAX,
} from './limits.ts'
export {
  decodeNotice,
  encodeConveyance,
  encodeNotice,
  type ItemKind,
  type ItemName,
} from './messages.ts'
export { type TakerInput, TakerMachine, type TakerOutput } from './taker-machine.ts'
