import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ModelHub, type ModelHubInit } from '../../node/hub/model-hub.ts'
import { systemClock } from '../../node/system/system-clock.ts'
import { HubServer, REPOSITORY, type Fault, type HubServerInit } from '../fixtures/hub-server.ts'

const GGUF = Uint8Array.from({ length: 300_000 }, (_, index) => (index * index) >> 3)
const NONE = new Uint8Array(0)
const signal = new AbortController().signal
let folder = ''

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-hub-'))
})
afterEach(async () => {
  await rm(folder, { recursive: true })
})

interface Room {
  readonly init?: Partial<ModelHubInit>
  readonly checkSpace?: (bytes: number) => Promise<void>
}

function hubOf(server: { readonly endpoint: string }, { init, checkSpace }: Room = {}): ModelHub {
  const blobs = { checkSpace: checkSpace ?? (async () => undefined) }
  const usual = { folder, endpoint: server.endpoint, token: undefined, tokenFile: '' }
  const quick = { pauseMs: 1, silenceMs: 1_000 }
  return new ModelHub({ clock: systemClock, blobs }, { ...usual, ...quick, ...init })
}

const open = (init: Partial<HubServerInit> = {}) =>
  HubServer.open({ files: { 'model.gguf': GGUF, 'README.md': NONE }, ...init })

const code = (expected: string): unknown => expect.objectContaining({ code: expected })

/** Everything that was fetched, by path. */
async function fetched(hub: ModelHub, ref = `hf:${REPOSITORY}`) {
  const seen: number[] = []
  const onProgress = (done: number): void => void seen.push(done)
  await using model = await hub.fetch(ref, undefined, { signal, onProgress })
  const { path, name, licence, origin } = model
  const root = path.endsWith('.gguf') ? join(path, '..') : path
  const names = (await readdir(root, { recursive: true })).toSorted()
  const content = path.endsWith('.gguf') ? await readFile(path) : NONE
  return { name, licence, origin, names, content, seen }
}

const failure = (hub: ModelHub, ref = `hf:${REPOSITORY}`): Promise<unknown> =>
  fetched(hub, ref).then(
    () => 'fetched',
    (error: unknown) => error,
  )

describe('a model of a hub', () => {
  it('is fetched, named after its repository, and leaves nothing when it was imported', async () => {
    await using server = await open({ licence: 'apache-2.0' })
    const model = await fetched(hubOf(server))
    expect(Buffer.compare(model.content, GGUF)).toBe(0)
    expect(model).toMatchObject({
      name: 'model',
      licence: 'apache-2.0',
      origin: 'hf:owner/model@c0ffee000000',
      names: ['model.gguf'],
    })
    expect(model.seen.at(-1)).toBe(GGUF.length)
    expect(await readdir(folder)).toEqual([])
  })

  it('is safetensors with what stands beside them, and an empty file among them', async () => {
    const beside = ['config.json', 'tokenizer.json', 'generation_config.json']
    const names = [
      ...beside,
      'model.safetensors',
      'other.gguf',
      'pytorch_model.bin',
      'a/config.json',
    ]
    const files = Object.fromEntries(names.map((name) => [name, Buffer.from(name)]))
    await using server = await open({ files: { ...files, 'tokenizer_config.json': NONE } })
    const model = await fetched(hubOf(server))
    expect(model.names).toEqual(
      [...beside, 'model.safetensors', 'tokenizer_config.json'].toSorted(),
    )
  })

  it('is one of several only when it is named', async () => {
    const files = { 'q4/a.gguf': GGUF, 'q8/b.gguf': NONE, 'bad name?.gguf': NONE }
    await using server = await open({ files })
    const hub = hubOf(server)
    const choice = expect.objectContaining({
      message: 'expected one model, got 2: q4/a.gguf, q8/b.gguf',
    })
    expect(await failure(hub)).toEqual(choice)
    const model = await fetched(hub, `hf:${REPOSITORY}/q4/a.gguf@main`)
    expect([model.name, model.names]).toEqual(['a.gguf', ['a.gguf']])
    expect(await failure(hub, `hf:${REPOSITORY}/c.gguf`)).toEqual(code('HUB_NOT_FOUND'))
  })

  it('must be there', async () => {
    await using server = await open({ files: { 'README.md': NONE } })
    const hub = hubOf(server)
    expect(await failure(hub)).toEqual(code('HUB_NO_MODEL'))
    expect(await failure(hub, 'hf:owner/none')).toEqual(code('HUB_NOT_FOUND'))
    expect(await failure(hub, 'hf:owner/model/../secret')).toEqual(code('HUB_REF_INVALID'))
    expect(await failure(hub, 'hf:owner')).toEqual(code('HUB_REF_INVALID'))
  })

  it.each<[string, readonly Fault[], readonly (string | undefined)[]]>([
    [
      'connections break',
      [
        { type: 'drop', afterBytes: 100_000 },
        { type: 'drop', afterBytes: 50_000 },
      ],
      [undefined, 'bytes=100000-', 'bytes=150000-'],
    ],
    [
      'nothing comes any more',
      [{ type: 'silence', afterBytes: 70_000 }],
      [undefined, 'bytes=70000-'],
    ],
    [
      'a part is asked for and all of it comes',
      [{ type: 'drop', afterBytes: 70_000 }, { type: 'whole' }],
      [undefined, 'bytes=70000-'],
    ],
    ['it comes with other bytes once', [{ type: 'lie' }], [undefined, undefined]],
    [
      'what is here is no beginning of it',
      [
        { type: 'drop', afterBytes: 70_000 },
        { type: 'status', status: 416 },
      ],
      [undefined, 'bytes=70000-', undefined],
    ],
    [
      'the hub asks for a pause',
      [
        { type: 'status', status: 429, headers: { 'retry-after': '0' } },
        { type: 'status', status: 503 },
      ],
      [undefined, undefined, undefined],
    ],
  ])('is whole although %s', async (_, faults, ranges) => {
    await using server = await open({ faults })
    const { content } = await fetched(hubOf(server))
    expect(Buffer.compare(content, GGUF)).toBe(0)
    const asked = server.requests.filter(({ path }) => path.endsWith('.gguf'))
    expect(asked.map(({ range }) => range)).toEqual(ranges)
  })

  it.each<[string, readonly Fault[], string]>([
    ['its bytes are wrong twice', [{ type: 'lie' }, { type: 'lie' }], 'HUB_HASH_MISMATCH'],
    ['more comes than it has', [{ type: 'more' }], 'HUB_FAULTY'],
    [
      'another part comes than was asked for',
      [{ type: 'drop', afterBytes: 9 }, { type: 'elsewhere' }],
      'HUB_FAULTY',
    ],
    ['its owner says no', [{ type: 'status', status: 403 }], 'HUB_DENIED'],
    ['it is gone', [{ type: 'status', status: 404 }], 'HUB_NOT_FOUND'],
    ['the status is of no use', [{ type: 'status', status: 204 }], 'HUB_FAULTY'],
    [
      'a redirect leads nowhere',
      [{ type: 'status', status: 302, headers: { location: 'http://' } }],
      'HUB_FAULTY',
    ],
    [
      'the hub never answers',
      Array.from({ length: 6 }, () => ({ type: 'status', status: 500 })),
      'HUB_BUSY',
    ],
    [
      'connections break at once',
      Array.from({ length: 6 }, () => ({ type: 'drop', afterBytes: 0 })),
      'HUB_UNREACHABLE',
    ],
  ])('is refused when %s', async (_, faults, expected) => {
    await using server = await open({ faults })
    expect(await failure(hubOf(server))).toEqual(code(expected))
  })

  it('goes on where an earlier try has ended', async () => {
    const breaks = Array.from({ length: 5 }, (): Fault => ({ type: 'drop', afterBytes: 0 }))
    await using server = await open({ faults: [{ type: 'drop', afterBytes: 200_000 }, ...breaks] })
    expect(await failure(hubOf(server))).toEqual(code('HUB_UNREACHABLE'))
    const { content } = await fetched(hubOf(server))
    expect(Buffer.compare(content, GGUF)).toBe(0)
    expect(server.requests.at(-1)?.range).toBe('bytes=200000-')
  })

  it('is found behind a redirect, which is not given the token', async () => {
    await using server = await open({ largeBytes: 1_000, token: 'secret' })
    expect(await failure(hubOf(server))).toEqual(code('HUB_DENIED'))
    const tokenFile = join(folder, 'token')
    await writeFile(tokenFile, 'secret\n')
    const hub = hubOf(server, { init: { tokenFile, folder: join(folder, 'models') } })
    expect(Buffer.compare((await fetched(hub)).content, GGUF)).toBe(0)
    const places = server.requests
      .slice(-3)
      .map(({ place, authorization }) => [place, authorization])
    const sent = 'Bearer secret'
    expect(places).toEqual([
      ['hub', sent],
      ['hub', sent],
      ['storage', undefined],
    ])
    const none = hubOf(server, { init: { tokenFile: join(folder, 'none') } })
    expect(await failure(none)).toEqual(code('HUB_TOKEN_UNREADABLE'))
  })

  it('comes from a mirror without the token', async () => {
    await using server = await open()
    const hub = hubOf({ endpoint: 'http://127.0.0.1:1' }, { init: { token: 'secret' } })
    const work = { signal, onProgress: () => undefined }
    await using model = await hub.fetch(`hf:${REPOSITORY}`, `${server.endpoint}/`, work)
    expect(model.name).toBe('model')
    expect(server.requests.map(({ authorization }) => authorization)).toEqual([
      undefined,
      undefined,
    ])
    expect(await failure(hub)).toEqual(code('HUB_UNREACHABLE'))
  })

  it('is refused when the hub announces another file than it listed', async () => {
    await using server = await open({ largeBytes: 1_000, faults: [{ type: 'retag' }] })
    expect(await failure(hubOf(server))).toEqual(code('HUB_FAULTY'))
  })

  it.each<[string, (usual: object) => unknown]>([
    ['is none', () => 'hello'],
    ['has no commit', (usual) => ({ ...usual, sha: 'main' })],
    ['has no files', (usual) => ({ ...usual, siblings: null })],
    [
      'has a file without a size',
      (usual) => ({ ...usual, siblings: [{ rfilename: 'a.gguf', blobId: 'a'.repeat(40) }] }),
    ],
    [
      'has a file without a hash',
      (usual) => ({ ...usual, siblings: [{ rfilename: 'a.gguf', size: 1 }] }),
    ],
    ['has no end', (usual) => ({ ...usual, more: 'x'.repeat(17 * 2 ** 20) })],
  ])('is refused when its list %s', async (_, listing) => {
    await using server = await open({ listing })
    expect(await failure(hubOf(server))).toEqual(code('HUB_FAULTY'))
  })

  it('is not fetched where it would not fit', async () => {
    await using server = await open()
    const full = new Error('full')
    const checkSpace = (bytes: number): Promise<void> =>
      bytes === GGUF.length ? Promise.reject(full) : Promise.resolve()
    expect(await failure(hubOf(server, { checkSpace }))).toBe(full)
    expect(server.requests).toHaveLength(1)
  })

  it('is fetched once at a time, and stops when it is told to', async () => {
    await using server = await open()
    const hub = hubOf(server)
    const [first, second] = await Promise.all([fetched(hub), fetched(hub)])
    expect(first.content).toEqual(second.content)
    const stopping = new AbortController()
    const work = { signal: stopping.signal, onProgress: () => stopping.abort() }
    await expect(hub.fetch(`hf:${REPOSITORY}`, undefined, work)).rejects.toMatchObject({
      name: 'AbortError',
    })
  })

  it('that nobody came back for is removed after a week', async () => {
    await using server = await open()
    const old = join(folder, 'old')
    await writeFile(old, 'half')
    await utimes(old, 0, 0)
    await fetched(hubOf(server))
    expect(await readdir(folder)).toEqual([])
  })
})
