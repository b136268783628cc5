/**
 * Whole texts between real hosts and requesters over links in memory: what is said does not depend
 * on who dies.
 */

import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import {
  InferenceMesh,
  TEXT_LAYERS,
  type InferenceDevice,
  type TextLog,
} from '../../test/fixtures/inference-mesh.ts'
import { FakeTextExecutor, VOCABULARY } from '../../test/fixtures/text-executor.ts'

let mesh = new InferenceMesh()

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] })
  mesh = new InferenceMesh()
})

afterEach(async () => {
  await mesh.stop()
  vi.useRealTimers()
})

const PROMPT = [11, 7, 42, 3, 3, 90, 15, 8, 61, 20]
const TOKENS = 24

function devices(count: number): InferenceDevice[] {
  return Array.from({ length: count }, () => mesh.add())
}

function textExecutors({ executors }: InferenceDevice): FakeTextExecutor[] {
  return executors.filter((executor) => executor instanceof FakeTextExecutor)
}

/** What the make-believe model says after PROMPT, worked out without stages. */
function expected(): readonly number[] {
  const rows: number[][] = []
  const push = (token: number): number => {
    const own: number[] = []
    let value = token
    for (let layer = 0; layer < TEXT_LAYERS; layer++) {
      const before = rows.reduce((sum, row) => sum + (row[layer] ?? 0), 0)
      value = (3 * value + before + rows.length + 1) % 10_007
      own.push(value)
    }
    rows.push(own)
    return value % VOCABULARY
  }
  let token = PROMPT.map(push).at(-1) ?? 0
  const answer: number[] = []
  while (answer.length < TOKENS && token !== 0) {
    answer.push(token)
    token = push(token)
  }
  return answer
}

function recoveries({ events }: TextLog): number {
  return events.filter(({ type }) => type === 'recovered').length
}

async function say(
  stages: readonly InferenceDevice[],
  wish: Partial<Parameters<InferenceMesh['startText']>[0]> = {},
): Promise<TextLog> {
  const [requester = mesh.add()] = stages
  const log = mesh.startText({ requester, stages, prompt: PROMPT, tokensMax: TOKENS, ...wish })
  await mesh.runText(log)
  return log
}

describe('a text', () => {
  it('says the same in one stage, two and six', async () => {
    const all = devices(6)
    for (const count of [1, 2, 6]) {
      const { text, events } = await say(all.slice(0, count))
      expect(text.generation.answer, `${count} stages`).toEqual(expected())
      expect(events.filter(({ type }) => type === 'receipt')).toHaveLength(count)
    }
    expect(expected()).toHaveLength(TOKENS)
  })

  it('says the same while any stage, or two neighbours, die at any token', async () => {
    const cases = fc.record({
      stages: fc.integer({ min: 2, max: 5 }),
      victim: fc.nat(4),
      neighbour: fc.boolean(),
      at: fc.nat(TOKENS + 2),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ stages, victim, neighbour, at }) => {
        mesh = new InferenceMesh()
        const [requester = mesh.add(), ...held] = devices(1 + stages)
        const spares = devices(2)
        const hit = [victim % stages, ...(neighbour ? [(victim + 1) % stages] : [])]
        let draws = 0
        const log = mesh.startText({
          requester,
          stages: held,
          spares,
          prompt: PROMPT,
          tokensMax: TOKENS,
          onEvent: ({ type }) => {
            if (type !== 'draw' || draws++ !== at) return
            for (const index of hit) for (const each of held[index]?.executors ?? []) each.die()
          },
        })
        await mesh.runText(log)
        expect(log.text.generation.answer).toEqual(expected())
        if (draws > at + 1) expect(recoveries(log)).toBe(new Set(hit).size)
        await mesh.stop()
      }),
      { numRuns: 60 },
    )
  })

  it('says the same while stages leave, and others die meanwhile', async () => {
    const cases = fc.record({
      stages: fc.integer({ min: 2, max: 4 }),
      leaver: fc.nat(3),
      leaveAt: fc.nat(TOKENS - 4),
      victim: fc.option(fc.nat(3)),
      laterBy: fc.nat(3),
      copies: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(cases, async ({ stages, leaver, leaveAt, victim, laterBy, copies }) => {
        mesh = new InferenceMesh()
        const [requester = mesh.add(), ...held] = devices(1 + stages)
        const spares = devices(3)
        let draws = 0
        const log = mesh.startText({
          requester,
          stages: held,
          spares,
          prompt: PROMPT,
          tokensMax: TOKENS,
          ...(copies && { bytesPerMs: 1_000 }),
          onEvent: ({ type }) => {
            if (type !== 'draw') return
            if (draws === leaveAt) held[leaver % stages]?.host.leave('battery', 10_000)
            if (draws === leaveAt + laterBy && victim !== null) {
              for (const each of held[victim % stages]?.executors ?? []) each.die()
            }
            draws++
          },
        })
        await mesh.runText(log)
        expect(log.text.generation.answer).toEqual(expected())
        await mesh.stop()
      }),
      { numRuns: 60 },
    )
  })

  it('feeds who will take over while the one before still serves', async () => {
    const [first = mesh.add(), second = mesh.add(), third = mesh.add()] = devices(3)
    const spare = mesh.add()
    let draws = 0
    const log = await say([first, second, third], {
      spares: [spare],
      onEvent: ({ type }) => {
        if (type === 'draw' && ++draws === 6) second.host.leave('battery', 10_000)
      },
    })
    expect(log.text.generation.answer).toEqual(expected())
    expect(recoveries(log)).toBe(1)
    const rows = (device: InferenceDevice): number =>
      textExecutors(device).reduce((sum, { runs }) => runs.reduce((a, b) => a + b, sum), 0)
    // All rows went through the successor once, and through the one before until it had them.
    expect(rows(spare)).toBe(PROMPT.length + TOKENS - 1)
    expect(rows(second)).toBeGreaterThan(PROMPT.length + 2)
    expect(rows(third)).toBe(PROMPT.length + TOKENS - 1)
  })

  it('rebuilds a lost stage in a few runs, whatever it had said one by one', async () => {
    const [first = mesh.add(), second = mesh.add(), spare = mesh.add()] = devices(3)
    let draws = 0
    // A run takes longer than a message: all of the replay is there when the second one begins.
    spare.onLoad = (executor) => {
      executor.beforeRun = () => new Promise((resolve) => void setTimeout(resolve, 5))
    }
    const { text } = await say([first, second], {
      spares: [spare],
      onEvent: ({ type }) => {
        if (type === 'draw' && ++draws === 20) for (const each of second.executors) each.die()
      },
    })
    expect(text.generation.answer).toEqual(expected())
    const [executor] = textExecutors(spare)
    const [chunk, another, rest = 0] = executor?.runs ?? []
    // Two runs are under way before the others wait for one another.
    expect([chunk, another]).toEqual([4, 4])
    expect(rest).toBeGreaterThan(PROMPT.length - 8 + 15)
  })

  it('says the same with drafts, right and wrong ones, and forgets the wrong ones', async () => {
    const all = devices(3)
    const answer = expected()
    const { text } = await say(all, {
      propose: (tokens) => {
        const said = tokens.length - PROMPT.length
        const right = answer.slice(said, said + 3)
        return said % 3 === 0 ? right : [...right.slice(0, 1), 1, 2]
      },
    })
    expect(text.generation.answer).toEqual(answer)
    expect(text.generation.drafts.right).toBeGreaterThan(5)
    expect(text.generation.drafts.right).toBeLessThan(text.generation.drafts.made)
  })

  it('keeps to its guide, also where the stage that draws is replaced', async () => {
    const all = devices(3)
    const spare = mesh.add()
    const guide = { notation: 'gbnf', source: 'odd' } as const
    const { text: undisturbed } = await say(all, { guide })
    let draws = 0
    const { text, events } = await say(all, {
      guide,
      spares: [spare],
      onEvent: ({ type }) => {
        if (type === 'draw' && ++draws === 9) for (const each of all[2]?.executors ?? []) each.die()
      },
    })
    expect(undisturbed.generation.answer).toHaveLength(TOKENS)
    expect(undisturbed.generation.answer.every((token) => token % 2 === 1)).toBe(true)
    expect(undisturbed.generation.answer).not.toEqual(expected())
    expect(text.generation.answer).toEqual(undisturbed.generation.answer)
    expect(recoveries({ text, events })).toBe(1)
  })

  it('goes round without its requester, who sends the prompt', async () => {
    const [requester = mesh.add(), ...stages] = devices(3)
    const { text, events } = await say([requester, ...stages], { stages })
    const sent = events.flatMap((event) =>
      event.type === 'draw' && event.transfersMs[0] !== undefined ? event.output.request : [],
    )
    expect(text.generation.answer).toEqual(expected())
    expect(sent).toEqual([0, 1, 2])
  })

  it('goes on at once where a device stands by for the stage that is lost', async () => {
    const [requester = mesh.add(), first = mesh.add(), second = mesh.add()] = devices(3)
    const spare = mesh.add()
    let draws = 0
    const log = mesh.startText({
      requester,
      stages: [first, second],
      prompt: PROMPT,
      tokensMax: TOKENS,
      onEvent: ({ type }) => {
        if (type !== 'draw') return
        draws++
        if (draws === 3) log.text.standBy(1, spare.peer)
        if (draws === 15) for (const each of second.executors) each.die()
      },
    })
    await mesh.runText(log)
    const told = log.events.flatMap((event) => {
      if (event.type === 'standby') return `${event.stage} stands by: ${event.ready}`
      return event.type === 'recovered' ? `${event.recovery.elapsedMs} ms` : []
    })
    expect(log.text.generation.answer).toEqual(expected())
    expect(told).toEqual(['1 stands by: true', '0 ms'])
    expect(textExecutors(spare)[0]?.runs.length).toBeGreaterThan(0)
  })

  it('loses nothing when a device that stands by is lost, or has to take over while it loads', async () => {
    for (const loadMs of [0, 200]) {
      mesh = new InferenceMesh()
      const [first = mesh.add(), second = mesh.add()] = devices(2)
      const [spare = mesh.add(), other = mesh.add()] = devices(2)
      spare.onLoad = () => new Promise((resolve) => void setTimeout(resolve, loadMs))
      let draws = 0
      const log = mesh.startText({
        requester: first,
        stages: [first, second],
        spares: [other],
        prompt: PROMPT,
        tokensMax: TOKENS,
        onEvent: ({ type }) => {
          if (type !== 'draw') return
          draws++
          if (draws === 3) log.text.standBy(1, spare.peer)
          if (draws === 8 && loadMs === 0) for (const each of spare.executors) each.die()
          if (draws === 15) for (const each of second.executors) each.die()
        },
      })
      await mesh.runText(log)
      expect(log.text.generation.answer).toEqual(expected())
      const to = log.events.flatMap((event) =>
        event.type === 'recovered' ? event.recovery.to : [],
      )
      expect(to).toEqual([loadMs === 0 ? other.peer : spare.peer])
      await mesh.stop()
    }
  })

  it('gives back all room that it had', async () => {
    const all = devices(3)
    await say(all)
    await mesh.pass(50)
    expect(all.flatMap(textExecutors).map(({ texts }) => texts)).toEqual([0, 0, 0])
  })
})
