import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { job, textEvents } from '../../test/fixtures/backend.ts'
import type { TextEventView } from '../api/schemas/texts.ts'
import { Terminal } from './terminal.ts'
import { TextProgress } from './text-progress.ts'

interface Shown {
  readonly stdout: string
  readonly stderr: string
}

/** What a person sees when a stage is lost after the first word. */
async function shown(isTTY: boolean, init = { words: true, stages: true }): Promise<Shown> {
  const stdout = Object.assign(new PassThrough(), { isTTY })
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 80 })
  const terminal = new Terminal(stdout, stderr)
  terminal.colour = false
  const progress = new TextProgress(terminal, init)
  const [recovery] = job.recoveries
  let nowMs = 0
  let lost = false
  const take = (event: TextEventView): void => progress.take(event, (nowMs += 100))
  for await (const { event } of textEvents().follow(0, new AbortController().signal)) {
    take(event)
    if (event.type !== 'tokens' || lost || recovery === undefined) continue
    lost = true
    take({ type: 'recovery', recovery })
  }
  progress.finish()
  return { stdout: String(stdout.read() ?? ''), stderr: String(stderr.read() ?? '') }
}

describe('text progress', () => {
  it('prints nothing but the words on stdout, stages and losses as lines beside it', async () => {
    expect(await shown(false)).toEqual({
      stdout: 'Hello there!\n',
      stderr: [
        'expected 250 tokens a second over 2 stages, by what the devices reached with the model before; the last time here it came 4 % slower than predicted',
        'stage 0  ready     brave-otter-7f3a  layers 0–1  cpu  1.4 ms',
        'stage 1 was lost (INFERENCE_PEER_LOST), replaced in 120 ms',
        '',
      ].join('\n'),
    })
  })

  it('begins a line for a loss on a terminal, and leaves the words as they are', async () => {
    const { stdout, stderr } = await shown(true)

    expect(stdout).toBe('Hello there!\n')
    expect(stderr).toMatch(/cpu {2}1\.4 ms\n\nstage 1 was lost .*\n$/)
  })

  it('tells nothing but losses where the stages are known', async () => {
    const { stderr } = await shown(false, { words: true, stages: false })

    expect(stderr).toBe('stage 1 was lost (INFERENCE_PEER_LOST), replaced in 120 ms\n')
  })

  it('tells of a stage that waits for memory also where the stages are known', () => {
    const stderr = Object.assign(new PassThrough(), { isTTY: false, columns: 80 })
    const terminal = new Terminal(new PassThrough(), stderr)
    const progress = new TextProgress(terminal, { words: true, stages: false })
    const [stage] = job.stages
    if (stage === undefined) throw new Error('expected a stage')
    progress.take({ type: 'stage', stage: { ...stage, state: 'loading' } }, 0)
    progress.take({ type: 'stage', stage: { ...stage, state: 'waiting' } }, 1)
    expect(String(stderr.read())).toMatch(/^stage 0  waiting .*\n$/)
  })

  it('keeps the words to itself when they are printed otherwise', async () => {
    expect((await shown(false, { words: false, stages: true })).stdout).toBe('')
  })
})
