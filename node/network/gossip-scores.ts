/**
 * What gossipsub holds against a peer: that it passes on what is refused here, and nothing else.
 *
 * Five messages that are refused at once, or six a minute for long, and nothing of that peer is heard until they are half
 * forgotten, in half a minute. One or two are made good by a few that are news, so that a device of another version, or
 * one that is a little behind, keeps its place. How often a device speaks says nothing of it in a mesh of three or of a
 * thousand, so that what gossipsub could hold against silence is off (gossipsub v1.1, "Peer Scoring", P1, P3, P3b). Who
 * connects again begins anew; what authors of refused messages of an epoch have said is remembered (node/epoch/refusals.ts).
 *
 * @module
 */

import {
  createTopicScoreParams,
  type PeerScoreParams,
  type PeerScoreThresholds,
} from '@libp2p/gossipsub/score'

export interface GossipScores {
  readonly scoreParams: Partial<PeerScoreParams>
  readonly scoreThresholds: Partial<PeerScoreThresholds>
}

/** Of what all topics together are worth at most: two messages that are refused cost more. */
const NEWS_MOST = 8
/** Below this a peer is not heard at all; below a half of it, it gets no news, and below a quarter, no hints of news. */
const UNHEARD = -80

/** @param decayMs - Time after which a tenth of everything is forgotten. */
export function gossipScores(topics: readonly string[], decayMs: number): GossipScores {
  const params = createTopicScoreParams({
    topicWeight: 1,
    timeInMeshWeight: 0,
    firstMessageDeliveriesWeight: 1,
    firstMessageDeliveriesDecay: 0.9,
    firstMessageDeliveriesCap: 4,
    meshMessageDeliveriesWeight: 0,
    meshFailurePenaltyWeight: 0,
    invalidMessageDeliveriesWeight: -4,
    invalidMessageDeliveriesDecay: 0.9,
  })
  return {
    scoreParams: {
      // Many devices behind one home router, or on one machine, are no attack.
      IPColocationFactorWeight: 0,
      decayInterval: decayMs,
      topicScoreCap: NEWS_MOST,
      topics: Object.fromEntries(topics.map((topic) => [topic, params])),
    },
    scoreThresholds: {
      gossipThreshold: UNHEARD / 4,
      publishThreshold: UNHEARD / 2,
      graylistThreshold: UNHEARD,
    },
  }
}
