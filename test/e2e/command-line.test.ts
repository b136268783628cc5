import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EventLog } from '../../node/api/event-log.ts'
import type { JobEvent } from '../../node/api/schemas/jobs.ts'
import { decodeNpy, encodeNpy } from '../../node/cli/npy.ts'
import { JOB, output, PEER } from '../fixtures/backend.ts'
import { type Ran, useCommandLine } from '../fixtures/command-line.ts'

const { stateDir, backend, brume } = useCommandLine()

describe('every command', () => {
  it.each([
    [[], 'brave-otter-7f3a'],
    [['status'], 'brave-otter-7f3a'],
    [['wait'], 'ready'],
    [['wait', '--for', 'peers=1'], '1 peer connected'],
    [['wait', '--for', `job=${JOB}`], `job ${JOB} done`],
    [['device'], 'Raspberry Pi 5'],
    [['device', '--refresh'], 'not available: no adapter'],
    [['peers'], 'this device'],
    [['peers', '--class', 'mem:8g'], 'this device'],
    [['harvest', 'status'], 'USER_INPUT'],
    [['harvest', 'explain', '--at', '2023-11-14T22:13:30Z'], 'OWNER since'],
    [['pause', '--for', '2h'], 'paused until brume resume'],
    [['finish'], 'finishing, nothing new is taken'],
    [['resume'], 'numbers of template laptop'],
    [['resume', '--for', '30m'], 'boosted'],
    [['limits'], 'template laptop applies'],
    [['limits', '--template', 'game-pc'], 'would apply with harvest.template = "game-pc"'],
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
    [['model', 'pull', 'hf:owner/tiny@main', '--quantise', 'q8'], 'fetched tiny'],
    [['model', 'rm', 'tiny'], 'removed abababababab'],
    [['model', 'build', 'mlp', '--hidden', '8,8', '--batch-norm'], 'built tiny'],
    [['model', 'build', 'decoder', '--kv-heads', '1', '--heads', '2'], 'built tiny'],
    [['plan', 'tiny', '--stages', '2'], 'one device would be faster'],
    [['job', 'list'], 'cdcdcdcdcdcd  tiny'],
    [['job', 'show', JOB], 'requester → stage 0'],
    [['job', 'cancel', JOB], 'cancelled'],
    [['audit', 'list'], 'failed'],
    [['audit', 'providers'], 'none for a day'],
    [['attest', 'status'], 'brave-otter-7f3a'],
    [['attest', 'request', PEER], 'tier self, score 0.30'],
    [['attest', 'handover', PEER], 'AAAA'],
    [['attest', 'accept', 'AAAA'], 'speaks for this device now'],
    [['attest', 'explain', 'brave-otter-7f3a'], 'X509_ANCHOR_UNKNOWN: unknown root'],
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

  it('shows values, and how to get them as files', async () => {
    const { stdout, stderr } = await brume(['run', 'tiny', '--input', 'x.npy'])

    expect(stdout).toContain('\n    y float32[1,2]  1 2\n')
    expect(stderr).toContain('whole outputs as files: brume job show cdcdcdcdcdcd --output DIR\n')
    const { code, stdout: shown } = await brume(['job', 'show', JOB, '--output', 'later'])
    expect([code, shown]).toEqual([0, expect.stringContaining(join('later', '0-y.npy'))])
  })

  it('leaves columns out on a narrow terminal', async () => {
    const env = { BRUME_STATE_DIR: stateDir, COLUMNS: '48' }
    const { stdout } = await brume(['peers'], { env })

    expect(stdout.split('\n')[0]).toBe('device            state         memory  rtt')
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
    [['stauts'], 2, 'CLI_USAGE_INVALID', 'did you mean status?'],
    [['run', 'tiny'], 2, 'CLI_USAGE_INVALID', '--input'],
    [['plan', 'tiny', '--stages', 'many'], 2, 'CLI_USAGE_INVALID', 'got many'],
    [
      ['plan', 'tiny', '--stages', '9'],
      2,
      'CLI_USAGE_INVALID',
      '--stages: expected auto, or 1 to 8, got 9',
    ],
    [
      ['invite', '--role', 'boss'],
      2,
      'CLI_USAGE_INVALID',
      'one of worker, submitter, observer, got',
    ],
    [
      ['wait', '--for', 'peers=2', '--timeout', '1ms'],
      6,
      'CLI_WAIT_OVER',
      'expected 2 peers within',
    ],
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

  it('name the command whose help says more', async () => {
    const { stderr } = await brume(['mesh', 'create'])

    expect(stderr).toBe(
      "error CLI_USAGE_INVALID: missing required argument 'name'\n" +
        'hint: `brume mesh create --help` shows what it takes\n',
    )
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
        /^error API_DAEMON_NOT_RUNNING: .*\nhint: start one with `brume up --state-dir \S+elsewhere`\n$/,
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
