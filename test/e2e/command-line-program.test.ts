import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import type { BannerFacts } from '../../node/daemon-types.ts'
import { MODEL, PEER } from '../fixtures/backend.ts'
import { type Ran, useCommandLine } from '../fixtures/command-line.ts'

const { stateDir, brume } = useCommandLine()

describe('brume up', () => {
  const facts: BannerFacts = {
    version: '0.1.0',
    name: 'brave-otter-7f3a',
    peer: PEER as PeerId,
    newIdentity: true,
    device: {
      model: 'Raspberry Pi 5',
      cores: 4,
      memoryBytes: 8_589_934_592,
      accelerators: [],
      providers: ['cpu'],
    },
    benchmark: { int8Gops: 1.9, f32Gflops: 1.2, storageBytesPerSecond: 84e6, tookMs: 3_100 },
    limits: { executorMemoryBytes: 4_294_967_296, storeBytesMax: 34_359_738_368 },
    network: { mdns: true, addresses: ['/ip4/127.0.0.1/tcp/7434', '/ip4/127.0.0.1/tcp/7435/ws'] },
    apiUrl: 'http://127.0.0.1:7433',
    keyFile: '/state/api.key',
    readyMs: 1_400,
  }

  it('prints who and what it is, hands settings on, and stops when it is asked to', async () => {
    const stopped = Promise.withResolvers<void>()
    let port: number | undefined
    const ran = await brume(['up', '--api-port', '0', '--log-level', 'silent'], {
      onInterrupt: (listener) => {
        setTimeout(listener, 50)
        return () => undefined
      },
      runDaemon: (config) => {
        port = config.api.port
        return Promise.resolve({
          peer: facts.peer,
          apiUrl: facts.apiUrl,
          banner: () => facts,
          stopped: stopped.promise,
          stop: () => Promise.resolve(stopped.resolve()),
        })
      },
    })

    expect([ran.code, port]).toEqual([0, 0])
    expect(ran.stdout.split('\n')).toEqual([
      'brume 0.1.0  ·  node brave-otter-7f3a  (12D3…NNHBox2, new identity created)',
      '  Device      Raspberry Pi 5 · 4 cores · 8.0 GiB · no GPU · runs on cpu',
      '  Benchmark   1.9 Gop/s int8, 1.2 Gflop/s f32, 80.1 MiB/s storage  (saved, 3.1 s)',
      '  Limits      ≤ 4.0 GiB memory an executor, ≤ 32.0 GiB of models  → brume config show',
      '  Network     LAN discovery on · /ip4/127.0.0.1/tcp/7434 and 1 more',
      '  Mesh        none yet.  Start one: brume mesh create home   Join one: brume join CODE',
      '  API         http://127.0.0.1:7433  key: /state/api.key',
      'Ready in 1.4 s.',
      '',
    ])
  })

  it('ends with 0 when it is stopped while it starts', async () => {
    const ran = await brume(['up', '--log-level', 'silent'], {
      onInterrupt: (listener) => {
        setTimeout(listener, 20)
        return () => undefined
      },
      runDaemon: (_, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error))
        }),
    })

    expect([ran.code, ran.stdout]).toEqual([0, ''])
  })
})

describe('the program itself', () => {
  const main = resolve('node/main.ts')

  /** Runs the program as a process of its own. */
  async function spawned(...words: string[]): Promise<Ran> {
    const child = spawn(process.execPath, [main, ...words], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, BRUME_STATE_DIR: stateDir },
    })
    const exited = new Promise<number>((done) => child.on('exit', (code) => done(code ?? -1)))
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)])
    return { code: await exited, stdout, stderr }
  }

  it('prints data, and nothing else, on stdout', async () => {
    const { code, stdout, stderr } = await spawned('model', 'show', 'tiny', '--json')

    expect([code, stderr, JSON.parse(stdout)]).toMatchObject([
      0,
      '',
      { v: 1, model: { id: MODEL } },
    ])
  })

  it('ends with the exit code of the failure', async () => {
    const ran = await spawned('job', 'show', 'other')

    expect([ran.code, ran.stdout]).toEqual([5, ''])
  })

  it('loads no schema to ask a question', async () => {
    const program = resolve('node/program-main.ts')
    const child = spawn(process.execPath, ['-e', loadedModulesScript(program)], {
      stdio: ['ignore', 'pipe', 'inherit'],
      cwd: stateDir,
    })
    const loaded = await text(child.stdout)

    expect(loaded).toContain('node/cli/commands/status.ts')
    expect(loaded).not.toMatch(/node_modules\/(zod|fastify|libp2p|pino|smol-toml)\//)
  })
})

/** Prints the paths of all modules that `brume status` loads, and its answer. */
function loadedModulesScript(main: string): string {
  return `
    const { registerHooks } = require('node:module')
    registerHooks({ load: (url, context, next) => (process.stdout.write(url + '\\n'), next(url, context)) })
    process.argv = [process.argv[0], ${JSON.stringify(main)}, 'status', '--state-dir', ${JSON.stringify(stateDir)}]
    import(${JSON.stringify(main)})
  `
}
