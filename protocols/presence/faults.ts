/**
 * Why a capability record is refused. Faults of peers: values, never exceptions.
 *
 * @module
 */

export type PresenceFault =
  | 'PRESENCE_RECORD_TOO_LONG'
  | 'PRESENCE_RECORD_MALFORMED'
  | 'PRESENCE_VERSION_UNSUPPORTED'
  | 'PRESENCE_SIGNATURE_INVALID'
  /** It stands under the key, or comes in the name, of another device. */
  | 'PRESENCE_RECORD_FOREIGN'
  /** Its device is no member of this mesh. */
  | 'PRESENCE_NOT_A_MEMBER'
  | 'PRESENCE_RECORD_EXPIRED'
  /** Its dates lie in the future, or too far apart. */
  | 'PRESENCE_DATES_INVALID'
  /** A newer record of the same device is known: a replay. */
  | 'PRESENCE_RECORD_STALE'
  /** Another record of the same device with the same sequence number is known. */
  | 'PRESENCE_RECORD_CONFLICT'
