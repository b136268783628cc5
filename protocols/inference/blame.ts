/**
 * Who has to go when two neighbours cannot both be right, with what the session knows of them.
 *
 * @module
 */

import { Complaints, type Holder } from './complaints.ts'
import type { InferenceCode } from './errors.ts'
import type { FaultRecord } from './records.ts'
import type { Replacements } from './replacements.ts'
import type { RequesterOutput } from './requester-types.ts'
import type { Requests } from './requests.ts'
import type { Seat } from './seat.ts'
import type { Seats } from './seats.ts'

/**
 * How often neighbours may disagree about one request. Some liars in a row can bring that about; when
 * several holders of both stages disagree alike, it is the request, or the model.
 */
const COMPLAINTS_MAX = 8

export interface Blamed {
  /** The one of the two that is replaced. */
  readonly seat: Seat
  readonly code: InferenceCode
  /** What is told of those who are not to blame. */
  readonly told: readonly RequesterOutput[]
}

export class Blame {
  readonly #seats: Seats
  readonly #replacements: Replacements
  readonly #requests: Requests
  readonly #complaints = new Complaints()

  constructor(seats: Seats, replacements: Replacements, requests: Requests) {
    this.#seats = seats
    this.#replacements = replacements
    this.#requests = requests
  }

  /** True when the request itself is what `fault` complains of. */
  isOfRequest({ request = -1 }: FaultRecord): boolean {
    const outstanding = this.#requests.get(request)
    return outstanding !== undefined && ++outstanding.complaints > COMPLAINTS_MAX
  }

  /** Who held the stage before `seat`, and still does, since `epoch`. */
  accused({ stage }: Seat, epoch: number): Seat | undefined {
    const before = this.#seats.find(stage - 1, epoch)
    return before?.phase === 'lost' ? undefined : before
  }

  /** `seat` cannot use what `before` sent. */
  complained(seat: Seat, before: Seat): Blamed {
    const { blamed, cleared } = this.#complaints.judge(seat, before)
    const code = blamed === seat ? 'INFERENCE_COMPLAINT_UNFOUNDED' : 'INFERENCE_CUT_INVALID'
    return { seat: blamed, code, told: this.#clear(cleared) }
  }

  /** `seat` failed, and blames itself; when another device did on what the same one sent, that is to blame. */
  failed(seat: Seat): Blamed | undefined {
    const before = this.#seats.at(seat.stage - 1)
    if (before?.phase !== 'ready') return undefined
    const others = this.#complaints.failed(seat, before)
    if (others.length === 0) return undefined
    const told = this.#clear([...others, seat])
    return { seat: before, code: 'INFERENCE_CUT_INVALID', told }
  }

  /** What was held against these is not their fault. */
  #clear(holders: readonly Holder[]): readonly RequesterOutput[] {
    for (const { stage, peer } of holders) this.#replacements.clear(stage, peer)
    return holders.map(({ stage, peer }) => ({ type: 'cleared', stage, peer }))
  }
}
