/**
 * The door of /brume/receipt/1.
 *
 * @module
 */

export { ChunkPace } from './chunk-pace.ts'
export { countsAgainst, type HalfRefusal, type ReceiptFault } from './errors.ts'
export { CHUNK_MS, RECEIPT_FRAME_BYTES_MAX, RECEIPT_PROTOCOL, SETTLE_WAIT_MS } from './limits.ts'
export { decodeReceiptMessage, encodeReceiptMessage, type SentHalf } from './messages.ts'
export { ReceiverMachine, type ReceiverInput, type ReceiverOutput } from './receiver-machine.ts'
export { SenderMachine, type SenderInput, type SenderOutput } from './sender-machine.ts'
