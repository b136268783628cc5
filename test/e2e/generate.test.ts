/**
 * Texts written by real daemons: the same words from one device and from several, and whoever dies.
 *
 * @module
 */

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PlanView } from '../../node/api/schemas/plan.ts'
import type { DrawnView, TextEventView, TextSpec, TextView } from '../../node/api/schemas/texts.ts'
import { ApiProblem } from '../fixtures/api-client.ts'
import { DaemonFleet, type TestDaemon } from '../fixtures/daemons.ts'
import { killNow } from '../fixtures/processes.ts'

const fleet = new DaemonFleet()
let requester: TestDaemon
let model = ''

const TOKENS = 24
const PROMPT = Array.from({ length: 30 }, (_, index) => (11 * index + 5) % 200)

beforeAll(async () => {
  const [first] = await fleet.startMany(4)
  if (first === undefined) throw new Error('no daemon')
  requester = first
  await fleet.formMesh('texts')
  const { id } = await requester.api.operate('/v1/models/build', {
    kind: 'decoder',
    name: 'noise',
    layers: 6,
    hidden: 64,
    vocabulary: 200,
    quantisation: 'q4',
    past: 'cache',
    seed: 5,
  })
  model = id
}, 120_000)

afterAll(() => fleet[Symbol.asyncDispose]())

interface Written {
  readonly view: TextView
  readonly tokens: readonly DrawnView[]
}

async function write(
  changes: Partial<TextSpec>,
  onTokens?: (count: number) => Promise<void> | void,
): Promise<Written> {
  const tokens: DrawnView[] = []
  const spec: TextSpec = {
    model,
    promptTokens: PROMPT,
    tokensMax: TOKENS,
    hashLogits: true,
    wire: 'f32',
    sampling: { temperature: 0.8, seed: 9 },
    ...changes,
  }
  const view = await requester.api.write(spec, async (event) => {
    if (event.type !== 'tokens') return
    tokens.push(...event.tokens)
    await onTokens?.(tokens.length)
  })
  return { view, tokens }
}

function holders(view: TextView): readonly TestDaemon[] {
  return view.stages.flatMap(
    ({ peer }) => fleet.daemons.find((daemon) => daemon.status.peer === peer) ?? [],
  )
}

describe('texts', () => {
  it('are the same from one device and from four, to the last bit of their logits', async () => {
    const whole = await write({ stages: 1 })
    const split = await write({ stages: 4 })

    expect(whole.view).toMatchObject({ state: 'done', finish: 'length', answerTokens: TOKENS })
    expect(new Set(whole.tokens.map(({ logitsHash }) => logitsHash)).size).toBe(TOKENS)
    expect(split.tokens).toEqual(whole.tokens)
    expect([split.view.stages.length, split.view.exact, split.view.receipts.length]).toEqual([
      4,
      true,
      4,
    ])
    expect(split.view.notes.filter((note) => note.includes('receipt'))).toEqual([])
  })

  it('are the same whether tokens are guessed or not', async () => {
    const promptTokens = Array.from({ length: 60 }, (_, index) => (3 * index) % 12)
    const sampling = { temperature: 0 }
    const changes = { promptTokens, sampling, tokensMax: 120, stages: 2 }
    const plain = await write({ ...changes, speculation: 'off' })
    const guessed = await write({ ...changes, speculation: 'auto' })

    expect(guessed.tokens).toEqual(plain.tokens)
    expect(plain.view.drafts.made).toBe(0)
  })

  it.each(['first', 'middle', 'last'])('go on when the %s stage dies', async (which) => {
    const whole = await write({ stages: 1 })
    let struck = false
    const broken = await write({ stages: 3 }, async (count) => {
      if (count < 8 || struck) return
      struck = true
      const [view] = (await requester.api.get<{ texts: TextView[] }>('/v1/texts')).texts
      if (view === undefined) return
      const all = holders(view)
      const victim = { first: all[0], middle: all[1], last: all[2] }[which]
      for (const pid of victim?.executorPids() ?? []) killNow(pid)
    })

    expect(broken.tokens).toEqual(whole.tokens)
    expect(broken.view.recoveries.length).toBeGreaterThan(0)
  })

  it.runIf(process.platform === 'linux')('go on when a stage hangs', async () => {
    const whole = await write({ stages: 1 })
    let struck = false
    const broken = await write({ stages: 2 }, async (count) => {
      if (count < 8 || struck) return
      struck = true
      const [view] = (await requester.api.get<{ texts: TextView[] }>('/v1/texts')).texts
      const [, last] = view === undefined ? [] : holders(view)
      for (const pid of last?.executorPids() ?? []) process.kill(pid, 'SIGSTOP')
    })

    expect(broken.tokens).toEqual(whole.tokens)
    expect(broken.view.recoveries.map(({ code }) => code)).toEqual(['INFERENCE_EXECUTOR_DIED'])
  })

  it('stop when they are cancelled, and say so', async () => {
    const { id } = await requester.api.post<TextView>('/v1/texts', {
      model,
      promptTokens: PROMPT,
      tokensMax: 400,
    })
    await requester.api.delete(`/v1/texts/${id}`)
    const events: TextEventView[] = []
    for await (const event of requester.api.events<TextEventView>(`/v1/texts/${id}/events`)) {
      events.push(event)
    }
    expect(events.at(-1)).toEqual({ type: 'cancelled' })
    expect(await requester.api.get(`/v1/texts/${id}`)).toMatchObject({ state: 'cancelled' })
  })

  it.each([
    ['a prompt that is too long', { promptTokens: Array.from({ length: 600 }, () => 1) }, 422],
    ['a token that it does not know', { promptTokens: [200] }, 422],
    ['words without a tokenizer', { promptTokens: undefined, prompt: 'hello' }, 409],
    ['no prompt', { promptTokens: undefined }, 400],
    ['two prompts', { prompt: 'hello' }, 400],
    ['a model that nobody has', { model: 'unheard-of' }, 404],
  ] as const)('refuse %s', async (_, changes, status) => {
    const failure = await requester.api
      .post('/v1/texts', { model, promptTokens: PROMPT, ...changes })
      .catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(ApiProblem)
    expect((failure as ApiProblem).status).toBe(status)
  })

  it('are taken up again by a daemon that was killed, and say the same', async () => {
    const spec: TextSpec = {
      model,
      promptTokens: PROMPT,
      tokensMax: 160,
      stages: 3,
      ignoreStopTokens: true,
      sampling: { temperature: 0.8, seed: 9, repetitionPenalty: 1.2 },
    }
    const whole = await write(spec)
    const { id } = await requester.api.post<TextView>('/v1/texts', spec)
    let seen = 0
    for await (const event of requester.api.events<TextEventView>(`/v1/texts/${id}/events`)) {
      if (event.type === 'tokens') seen += event.tokens.length
      if (seen >= 20) break
    }
    await requester.kill()
    requester = await fleet.start(requester.name)
    await fleet.awaitPeers(4)
    const again = [0, 1].map(() => requester.api.post<TextView>(`/v1/texts/${id}/resume`))
    expect((await Promise.all(again)).map((view) => view.id)).toEqual([id, id])
    const tokens: number[] = []
    const pieces: number[] = []
    for await (const event of requester.api.events<TextEventView>(`/v1/texts/${id}/events`)) {
      if (event.type !== 'tokens') continue
      pieces.push(event.tokens.length)
      tokens.push(...event.tokens.map(({ token }) => token))
    }
    expect(tokens).toEqual(whole.tokens.map(({ token }) => token))
    // What was said before comes at once; the last of it may not have been written down.
    expect(pieces[0]).toBeGreaterThan(10)
    expect(await requester.api.get(`/v1/texts/${id}`)).toMatchObject({
      state: 'done',
      exact: true,
    })
    const unknown = 'ab'.repeat(16)
    const failure = await requester.api
      .post(`/v1/texts/${unknown}/resume`)
      .catch((error: unknown) => error)
    expect((failure as ApiProblem).status).toBe(404)
  }, 120_000)

  it('are planned by what stages took, also by a device for which none has run', async () => {
    // The requester began anew above, and may have run nothing since.
    await write({ stages: 4 })
    const stranger = fleet.daemons.find((daemon) => daemon !== requester)
    const planned = async (): Promise<PlanView['predictedFrom'] | undefined> =>
      (await stranger?.api.post<PlanView>('/v1/plan', { model, stages: 3, provider: 'cpu' }))
        ?.predictedFrom
    // Told with the next heartbeat of whoever ran them, if not before.
    await expect.poll(planned, { timeout: 40_000 }).toBe('told')
  })
})
