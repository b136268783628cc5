import { createPeerScoreParams, PeerScore } from '@libp2p/gossipsub/score'
import { describe, expect, it } from 'vitest'
import { gossipScores } from './gossip-scores.ts'

const TOPICS = ['votes', 'statements']
const DECAY_MS = 5_000
const { scoreParams, scoreThresholds } = gossipScores(TOPICS, DECAY_MS)
const { graylistThreshold = 0, publishThreshold = 0 } = scoreThresholds
const log = Object.assign(() => undefined, {
  error: () => undefined,
  trace: () => undefined,
  enabled: false,
  newScope: () => log,
})

/** The scores that gossipsub keeps, each looked at as it is now. */
function scores(): PeerScore {
  const params = createPeerScoreParams(scoreParams)
  return new PeerScore(params, null, { forComponent: () => log }, { scoreCacheValidityMs: 0 })
}

let messages = 0
function deliver(kept: PeerScore, peer: string, topic: string): void {
  const id = `message ${++messages}`
  kept.validateMessage(id)
  kept.deliverMessage(peer, id, topic)
}

/** A minute goes by. */
function minute(kept: PeerScore): void {
  for (let ms = 0; ms < 60_000; ms += DECAY_MS) kept.refreshScores()
}

describe('what gossip holds against a peer', () => {
  it('is that it passes on what is refused: five at once, and it is not heard for half a minute', () => {
    const kept = scores()
    kept.addPeer('liar')
    for (let at = 0; at < 5; at++) kept.rejectInvalidMessage('liar', 'votes')
    expect(kept.score('liar')).toBeLessThan(graylistThreshold)
    minute(kept)
    expect(kept.score('liar')).toBeGreaterThan(publishThreshold)
  })

  it('counts those that come one by one for long', () => {
    const kept = scores()
    kept.addPeer('liar')
    for (let second = 0; second < 600; second += 5) {
      kept.rejectInvalidMessage('liar', 'statements')
      kept.refreshScores()
    }
    expect(kept.score('liar')).toBeLessThan(graylistThreshold)
  })

  it('is nothing for a mistake of a peer that has news as well', () => {
    const kept = scores()
    kept.addPeer('behind')
    for (const topic of TOPICS) for (let at = 0; at < 4; at++) deliver(kept, 'behind', topic)
    kept.rejectInvalidMessage('behind', 'votes')
    expect(kept.score('behind')).toBeGreaterThanOrEqual(0)
  })

  it.each([3, 1_000])(
    'is nothing in an honest mesh of %i, whoever speaks and whoever is silent',
    (peers) => {
      const kept = scores()
      const names = Array.from({ length: peers }, (_, at) => `peer ${at}`)
      for (const [at, name] of names.entries()) {
        kept.addPeer(name)
        kept.addIP(name, '192.0.2.1')
        if (at % 2 === 0) kept.graft(name, 'votes')
      }
      for (let round = 0; round < 5; round++) {
        for (const name of names.slice(0, 1 + peers / 2)) deliver(kept, name, 'votes')
        minute(kept)
        for (const [at, name] of names.entries()) if (at % 4 === 0) kept.prune(name, 'votes')
      }
      expect(Math.min(...names.map((name) => kept.score(name)))).toBe(0)
    },
  )
})
