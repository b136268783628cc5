/**
 * The door of presence: capability records, classes, and the directory of devices.
 *
 * @module
 */

export {
  ANY_CLASS,
  asCapabilityClass,
  classDigest,
  classesOf,
  layerClass,
  modelClass,
  shardCount,
  shardOf,
} from './capability-class.ts'
export {
  type DirectoryInit,
  type DirectoryInput,
  DirectoryMachine,
  type DirectoryOutput,
} from './directory-machine.ts'
export { PRESENCE_ERRORS, type PresenceFault } from './errors.ts'
export {
  ACCELERATORS_MAX,
  ADDRESSES_MAX,
  ANSWER_MS_MAX,
  DEVICE_NAME_CHARACTERS_MAX,
  FAR_POSITION,
  HOLDINGS_MAX,
  LABEL_CHARACTERS_MAX,
  LINK_IDLE_MS_MAX,
  LINKS_PER_PEER_MAX,
  PACE_MODEL_BYTES,
  PACES_MAX,
  PRESENCE_FRAME_BYTES_MAX,
  PRESENCE_PROTOCOL,
  PRESENCE_TOPIC,
  PRESENCE_VERSION,
  QUESTIONS_PER_LINK_MAX,
  RANGES_PER_MODEL_MAX,
  RECORD_BYTES_MAX,
  RECORD_LIFE_MS_MAX,
  RECORDS_PER_ANSWER_MAX,
  STREAMS_TOLD_MAX,
  TEXT_MEBIBYTES_TOLD_MAX,
  STREAMS_TOLD_MIN,
} from './limits.ts'
export {
  type Capabilities,
  type CapabilityRecord,
  openRecord,
  type Pace,
  PROVIDER_NAMES,
  type RecordDecoded,
  sealRecord,
  TASK_KINDS,
} from './record.ts'
export {
  RecordValidator,
  type RecordValidatorInit,
  type RecordVerdict,
} from './record-validator.ts'
export {
  RECORDS_FAULTS,
  type RecordsAnswer,
  recordsCodec,
  type RecordsQuestion,
} from './records-question.ts'
