import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { PeerId } from '../../core/ids.ts'
import { SILENT_LOGGER } from '../../core/logger.ts'
import { EventLog } from '../../node/api/event-log.ts'
import type { JobEvent } from '../../node/api/schemas/jobs.ts'
import { ApiServer } from '../../node/api/server.ts'
import type { CliSurroundings } from '../../node/cli/cli.ts'
import { decodeNpy, encodeNpy } from '../../node/cli/npy.ts'
import { runCommandLine } from '../../node/cli/program.ts'
import { Terminal } from '../../node/cli/terminal.ts'
import type { BannerFacts } from '../../node/daemon-types.ts'
import { errorRow } from '../../node/error-catalogue.ts'
import { FakeBackend, JOB, MODEL, output, PEER } from '../fixtures/backend.ts'

const stateDir = mkdtempSync(join(tmpdir(), 'brume-cli-'))
const backend = new FakeBackend()
const api = new ApiServer(
  { backend, logger: SILENT_LOGGER, errorRow },
  { host: '127.0.0.1', port: 0, stateDir, version: '0.1.0', jobBodyBytesMax: 1_048_576 },
)
beforeAll(() => api.start(new AbortController().signal))
afterAll(async () => {
  await api.stop()
  rmSync(stateDir, { recursive: true })
})

interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs a command in this process, as the owner of the state folder of `api`. */
async function brume(words: readonly string[], more: Partial<CliSurroundings> = {}): Promise<Ran> {
  const stdout = new PassThrough()
  const stderr = new PassThrough()
  const code = await runCommandLine(words, {
    env: { BRUME_STATE_DIR: stateDir },
    platform: 'linux',
    homeDir: stateDir,
    workingDir: stateDir,
    terminal: new Terminal(stdout, stderr),
    onInterrupt: () => () => undefined,
    runDaemon: () => Promise.reject(new Error('no daemon here')),
    ...more,
  })
  stdout.end()
  stderr.end()
  return { code, stdout: await text(stdout), stderr: await text(stderr) }
}

describe('every command', () => {
  it.each([
    [[], 'brave-otter-7f3a'],
    [['status'], 'brave-otter-7f3a'],
    [['device'], 'Raspberry Pi 5'],
    [['device', '--refresh'], 'not available: no adapter'],
    [['peers'], 'this device'],
    [['peers', '--class', 'mem:8g'], 'this device'],
    [['mesh', 'create', 'home'], 'mesh home'],
    [['mesh', 'show'], 'mesh home'],
    [['invite', '--uses', '2', '--ttl', '10m', '--role', 'observer'], 'brume1-code'],
    [['join', 'brume1-code'], 'mesh home'],
    [['leave'], 'left the mesh'],
    [['model', 'import', 'tiny.onnx', '--dim', 'H=320', '--licence', 'MIT'], 'imported tiny'],
    [['model', 'list'], 'abababababab  tiny'],
    [['model', 'show', 'tiny'], 'cut after'],
    [['model', 'verify', 'tiny'], 'verified tiny'],
    [['model', 'pull', 'tiny'], 'fetched tiny'],
    [['model', 'rm', 'tiny'], 'removed abababababab'],
    [['model', 'build', 'mlp', '--hidden', '8,8', '--batch-norm'], 'built tiny'],
    [['model', 'build', 'decoder', '--kv-heads', '1', '--heads', '2'], 'built tiny'],
    [['plan', 'tiny', '--stages', '2'], 'one device would be faster'],
    [['job', 'list'], `${JOB}  tiny`],
    [['job', 'show', JOB], 'requester → 0'],
    [['job', 'cancel', JOB], 'cancelled'],
    [['config', 'show'], 'network.tcpPort'],
    [['config', 'show', '--origin'], 'environment BRUME_STATE_DIR'],
    [['config', 'validate', '--set', 'api.port=0'], 'valid (no file)'],
    [['explain', 'api_stopping'], 'the daemon is stopping'],
    [['paths'], stateDir],
    [['version'], 'brume 0.1.0'],
  ])('%j prints its data on stdout, as text and as JSON', async (words, expected) => {
    const plain = await brume(words)
    expect([plain.code, plain.stdout]).toEqual([0, expect.stringContaining(expected)])

    const json = await brume([...words, '--json'])
    expect([json.code, JSON.parse(json.stdout)]).toMatchObject([0, { v: 1 }])
  })

  it('has help', async () => {
    const { code, stdout } = await brume(['--help'])

    expect([code, stdout]).toEqual([0, expect.stringContaining('brume mesh create home')])
  })
})

describe('brume run', () => {
  const file = (name: string, content: string | Uint8Array): string => {
    writeFileSync(join(stateDir, name), content)
    return name
  }
  const array = encodeNpy(output)

  it('sends inputs, shows stages, and writes outputs', async () => {
    const submittedBefore = backend.submitted.length
    const words = [
      'run',
      'tiny',
      '--input',
      file('x.npy', array),
      '--stages',
      '2',
      '--output',
      'out',
    ]
    const { code, stdout, stderr } = await brume(words)

    expect([code, stderr]).toEqual([0, expect.stringContaining('inputs 1/1')])
    expect(stdout).toContain('wrote ')
    expect(backend.submitted[submittedBefore]).toMatchObject({
      model: 'tiny',
      inputs: [[{ ...output, name: 'x' }]],
      stages: 2,
    })
    const written = decodeNpy(readFileSync(join(stateDir, 'out', '0-y.npy')))
    expect(written).toMatchObject({ type: 'value', value: { dims: [1, 2] } })
  })

  it('takes named arrays and JSON, each of them one or more runs', async () => {
    const json = file('in.json', JSON.stringify({ z: { type: 'uint8', dims: [1], data: [9] } }))
    const named = ['a=x.npy', 'b=x.npy', 'a=x.npy', json, 'x.npy'].flatMap((word) => [
      '--input',
      word,
    ])
    const { code } = await brume(['run', 'tiny', ...named])

    const names = backend.submitted.at(-1)?.inputs.map((item) => item.map((tensor) => tensor.name))
    expect([code, names]).toEqual([0, [['a', 'b'], ['a'], ['z'], ['x']]])
  })

  it('prints the id alone when it does not wait', async () => {
    const { stdout } = await brume(['run', 'tiny', '--input', 'x.npy', '--detach'])

    expect(stdout).toBe(`${JOB}\n`)
  })

  it('ends with 8 when the job fails, and with its code', async () => {
    const failing = new EventLog<JobEvent>()
    failing.append({
      type: 'failed',
      error: {
        type: 'about:blank#API_STOPPING',
        title: '',
        status: 503,
        detail: 'gone',
        code: 'API_STOPPING',
        hint: 'try again',
        retryable: true,
        component: 'api',
        exit: 3,
        details: {},
      },
    })
    failing.end()
    const ran = await withEvents(failing, () => brume(['run', 'tiny', '--input', 'x.npy']))

    expect([ran.code, ran.stderr]).toEqual([
      8,
      expect.stringMatching(/error API_STOPPING: gone\nhint: try again\n$/),
    ])
  })

  it('cancels the job when the owner interrupts, and ends with 130', async () => {
    const endless = new EventLog<JobEvent>()
    endless.append({ type: 'state', state: 'running' })
    const onInterrupt = (listener: () => void) => {
      const timer = setTimeout(listener, 100)
      return () => clearTimeout(timer)
    }
    const ran = await withEvents(endless, () =>
      brume(['run', 'tiny', '--input', 'x.npy'], { onInterrupt }),
    )

    expect([ran.code, ran.stdout]).toEqual([130, ''])
    expect(ran.stderr).toContain('cancelled job cdcdcdcdcdcd')
    expect(backend.calls.at(-1)).toBe('cancelJob')
  })

  /** Lets jobs have `events` while `work` is done. */
  async function withEvents(events: EventLog<JobEvent>, work: () => Promise<Ran>): Promise<Ran> {
    const before = backend.jobEvents
    backend.jobEvents = () => events
    try {
      return await work()
    } finally {
      backend.jobEvents = before
    }
  }
})

describe('failures', () => {
  const notNpy = () => {
    writeFileSync(join(stateDir, 'bad.npy'), 'text')
    return 'bad.npy'
  }

  it.each([
    [['stauts'], 2, 'CLI_USAGE_INVALID', 'Did you mean status?'],
    [['run', 'tiny'], 2, 'CLI_USAGE_INVALID', '--input'],
    [['plan', 'tiny', '--stages', 'many'], 2, 'CLI_USAGE_INVALID', 'got many'],
    [['plan', 'tiny', '--stages', '9'], 2, 'API_REQUEST_INVALID', 'body.stages'],
    [['run', 'tiny', '--input', 'missing.npy'], 2, 'CLI_INPUT_UNREADABLE', 'missing.npy'],
    [['run', 'tiny', '--input', notNpy()], 2, 'CLI_INPUT_INVALID', 'expected a .npy file'],
    [['model', 'show', 'other'], 5, 'API_MODEL_UNKNOWN', 'no model other'],
    [['explain', 'API_STOPING'], 5, 'CLI_CODE_UNKNOWN', 'did you mean API_STOPPING'],
    [
      ['config', 'show', '--set', 'network.mdsn=1'],
      78,
      'CONFIG_KEY_UNKNOWN',
      'did you mean network.mdns',
    ],
    [['up', '--api-port', '70000'], 78, 'CONFIG_VALUE_INVALID', 'api.port (flag)'],
  ])('%j ends with %i and %s', async (words, exit, code, message) => {
    const { code: actual, stdout, stderr } = await brume(words)

    expect([actual, stdout]).toEqual([exit, ''])
    expect(stderr).toContain(`error ${code}: `)
    expect(stderr).toContain(message)
    expect(stderr).toContain('\nhint: ')
  })

  it('are JSON on stderr for programs', async () => {
    const { stderr } = await brume(['model', 'show', 'other', '--json'])

    expect(JSON.parse(stderr)).toMatchObject({
      v: 1,
      error: { code: 'API_MODEL_UNKNOWN', exit: 5 },
    })
  })

  it('say that no daemon runs, and bare brume says what to do', async () => {
    const elsewhere = ['--state-dir', join(stateDir, 'elsewhere')]

    expect(await brume(['status', ...elsewhere])).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(
        /^error API_DAEMON_NOT_RUNNING: .*\nhint: start one with: brume up\n$/,
      ),
    })
    expect(await brume(elsewhere)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('brume up'),
    })
  })

  it('are the same for a connection file that outlived its daemon', async () => {
    const dead = mkdtempSync(join(tmpdir(), 'brume-cli-'))
    const connection = { url: 'http://127.0.0.1:9', keyFile: join(dead, 'api.key'), pid: 1 }
    writeFileSync(join(dead, 'api.json'), JSON.stringify(connection))
    writeFileSync(join(dead, 'api.key'), 'brumek_x')

    expect((await brume(['status', '--state-dir', dead])).code).toBe(3)
    rmSync(dead, { recursive: true })
  })
})

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
