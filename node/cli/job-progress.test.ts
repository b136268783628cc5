import { PassThrough } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { job, jobEvents } from '../../test/fixtures/backend.ts'
import { JobProgress } from './job-progress.ts'
import { Terminal } from './terminal.ts'

/** What a person sees of the events of a job. */
async function shown(isTTY: boolean): Promise<string> {
  const stderr = Object.assign(new PassThrough(), { isTTY, columns: 80 })
  const terminal = new Terminal(new PassThrough(), stderr)
  terminal.colour = false
  const progress = new JobProgress(terminal, 1)
  let nowMs = 0
  for await (const { event } of jobEvents().follow(0, new AbortController().signal)) {
    progress.take(event, (nowMs += 100))
  }
  const [recovery] = job.recoveries
  if (recovery !== undefined) progress.take({ type: 'recovery', recovery }, nowMs)
  progress.finish()
  return String(stderr.read())
}

describe('job progress', () => {
  it('is plain lines where nothing can be redrawn', async () => {
    expect(await shown(false)).toBe(
      [
        'job planning',
        'stage 0  ready     brave-otter-7f3a  layers 0–1  cpu  1.4 ms',
        'inputs 1/1',
        'stage 1 was lost (INFERENCE_PEER_LOST), replaced in 120 ms',
        '',
      ].join('\n'),
    )
  })

  it('is one line a stage with a bar, redrawn in place, on a terminal', async () => {
    const text = await shown(true)
    const last = text.slice(text.lastIndexOf('\u001B[0J') + 4)

    expect(last).toBe(
      [
        'stage 0  ████████████████████  ready     brave-otter-7f3a  layers 0–1  cpu  1.4 ms',
        'inputs   ████████████████████  planning  1 of 1',
        '',
      ]
        .join('\n')
        .replace(/^(.{79}).*$/m, '$1'),
    )
    expect(text).toContain('stage 1 was lost')
  })
})
