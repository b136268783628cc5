/**
 * Sound or video is played.
 *
 * @module
 */

import { presenceSign } from './presence-caps.ts'

export const media = presenceSign({
  name: 'media',
  signal: 'media',
  code: 'MEDIA',
  unblocks: 'nothing is played',
  seen: (playing) => playing || undefined,
})
