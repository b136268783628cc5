import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { ApiClient } from '../../node/cli/api-client.ts'

/** What a client of `listener` sees on an event stream, and how it ends. */
async function followed(listener: RequestListener): Promise<readonly unknown[]> {
  const server = createServer(listener)
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  const { port } = server.address() as AddressInfo
  const seen: unknown[] = []
  try {
    const client = new ApiClient('/state', `http://127.0.0.1:${port}`, 'brumek_x')
    for await (const event of client.events('/v1/x/events', new AbortController().signal)) {
      seen.push(event)
    }
  } catch (error) {
    seen.push((error as { code?: unknown }).code)
  } finally {
    server.closeAllConnections()
    server.close()
  }
  return seen
}

it('takes up a stream that broke where it broke', async () => {
  const asked: unknown[] = []
  const seen = await followed((request, response) => {
    asked.push(request.headers['last-event-id'])
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const next = asked.length
    response.write(`id: ${next}\ndata: {"n":${next}}\n\n`, () => {
      if (next < 3) response.destroy()
      else response.end()
    })
  })

  expect([asked, seen]).toEqual([
    [undefined, '1', '2'],
    [{ n: 1 }, { n: 2 }, { n: 3 }],
  ])
})

it('gives up a stream that breaks again and again without an event', async () => {
  let asked = 0
  const seen = await followed((request) => {
    asked++
    request.socket.destroy()
  })

  expect([asked, seen]).toEqual([4, ['API_DAEMON_NOT_RUNNING']])
})
