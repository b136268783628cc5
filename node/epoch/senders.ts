/**
 * Who is held to what it sends: members each by itself, and all who are none together.
 *
 * What is gossiped is signed by its author. Whoever hands it on can make up authors, but not members.
 *
 * @module
 */

import type { PeerId } from '../../core/ids.ts'

export type Sender = PeerId | 'strangers'

/** Who is held to a message by `from`. */
export function senderOf(from: PeerId, isMember: (peer: PeerId) => boolean): Sender {
  return isMember(from) ? from : 'strangers'
}
