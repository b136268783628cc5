import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { configurationDocument } from './document.ts'
import { CONFIG_ERRORS, ConfigError } from './errors.ts'
import { type ConfigSources, loadConfig, originText } from './load.ts'
import { SETTINGS } from './settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'brume-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** What the given sources load to, on a machine without any file. */
function load(sources: Partial<ConfigSources> = {}) {
  return loadConfig({
    flags: {},
    env: {},
    platform: 'linux',
    homeDir: join(folder, 'home'),
    ...sources,
  })
}

/** A file with `text`. */
function file(name: string, text: string): string {
  const path = join(folder, name)
  writeFileSync(path, text)
  return path
}

/** What refuses the given sources. */
function refusal(sources: Partial<ConfigSources>): ConfigError {
  try {
    load(sources)
  } catch (error) {
    if (error instanceof ConfigError) return error
  }
  throw new Error('expected a refusal')
}

describe('loading', () => {
  it('gives every setting its default when nothing is said', () => {
    const { config, origins, file: read } = load()

    for (const { section, key, name, default: value } of SETTINGS) {
      if (name === 'state.dir') continue
      expect([
        name,
        (config as unknown as Record<string, Record<string, unknown>>)[section]?.[key],
      ]).toEqual([name, value])
      expect(origins.get(name)).toEqual({ type: 'default' })
    }
    expect(config.state.dir).toBe(join(folder, 'home/.local/state/brume'))
    expect(read).toBeUndefined()
  })

  it('prefers flag, then environment, then file, then default, and says which it was', () => {
    const path = file(
      'four.toml',
      '[presence]\nheartbeatMs = 1_000\nexpiryMs = 40_000\n[api]\nport = 1\n[network]\ntcpPort = 9\n',
    )
    const { config, origins } = load({
      file: path,
      env: { BRUME_API_PORT: '2', BRUME_PRESENCE_HEARTBEAT_MS: '2s', HOME: '/elsewhere' },
      flags: { 'presence.heartbeatMs': '3000' },
    })

    expect([config.presence, config.api.port, config.network.tcpPort]).toEqual([
      { heartbeatMs: 3_000, expiryMs: 40_000, benchmark: true },
      2,
      9,
    ])
    const names = ['presence.heartbeatMs', 'api.port', 'network.tcpPort', 'api.host']
    expect(names.map((name) => originText(origins.get(name) ?? { type: 'default' }))).toEqual([
      'flag',
      'environment BRUME_API_PORT',
      `file ${path}`,
      'default',
    ])
  })

  it('reads brume.toml of the state folder when no file is named', () => {
    const dir = join(folder, 'state')
    mkdirSync(dir)
    file('state/brume.toml', '[network]\nmdns = false\n')

    const { config, file: read } = load({ env: { BRUME_STATE_DIR: dir } })

    expect([config.network.mdns, config.state.dir, read]).toEqual([
      false,
      dir,
      join(dir, 'brume.toml'),
    ])
  })

  it('takes text for every type that a variable may hold', () => {
    const { config } = load({
      env: {
        BRUME_NETWORK_MDNS: 'off',
        BRUME_NETWORK_BOOTSTRAP: '/ip4/1.2.3.4/tcp/1, /ip4/1.2.3.5/tcp/2',
        BRUME_RUNTIME_EXECUTOR_MEMORY_BYTES: '2GiB',
        BRUME_SCHEDULER_WIRE: 'f16',
      },
    })

    expect([
      config.network.mdns,
      config.network.bootstrap,
      config.runtime.executorMemoryBytes,
      config.scheduler.wire,
    ]).toEqual([false, ['/ip4/1.2.3.4/tcp/1', '/ip4/1.2.3.5/tcp/2'], 2_147_483_648, 'f16'])
  })

  it('reads the file that BRUME_CONFIG names, unless a flag names another', () => {
    const one = file('one.toml', '[api]\nport = 11\n')
    const two = file('two.toml', '[api]\nport = 22\n')

    expect(load({ env: { BRUME_CONFIG: one } }).config.api.port).toBe(11)
    expect(load({ env: { BRUME_CONFIG: one }, file: two }).config.api.port).toBe(22)
  })
})

describe('refusals', () => {
  it.each([
    [
      { flags: { 'network.tcpprot': '1' } },
      'unknown setting network.tcpprot (flag), did you mean network.tcpPort',
    ],
    [{ flags: { colour: '1' } }, 'unknown setting colour (flag)'],
    [
      { env: { BRUME_API_PROT: '1' } },
      'unknown setting BRUME_API_PROT (environment), did you mean BRUME_API_PORT',
    ],
  ])('name an unknown key and the nearest one: %j', (sources, message) => {
    const error = refusal(sources)

    expect([error.code, error.message]).toEqual(['CONFIG_KEY_UNKNOWN', message])
  })

  it.each([
    ['[presense]\nheartbeatMs = 1000\n', 'CONFIG_KEY_UNKNOWN'],
    ['mdns = true\n', 'CONFIG_KEY_UNKNOWN'],
    ['[network]\ntcp_port = 1\n', 'CONFIG_KEY_UNKNOWN'],
    ['[network]\ntcpPort = 70_000\n', 'CONFIG_VALUE_INVALID'],
    ['[network]\ntcpPort = 1.5\n', 'CONFIG_VALUE_INVALID'],
    ['[network]\ntcpPort = true\n', 'CONFIG_VALUE_INVALID'],
    ['[network]\nmdns = "perhaps"\n', 'CONFIG_VALUE_INVALID'],
    ['[network]\nbootstrap = "localhost"\n', 'CONFIG_VALUE_INVALID'],
    ['[trust]\nwitnesses = ["/ip4/192.0.2.7/tcp/7434"]\n', 'CONFIG_VALUE_INVALID'],
    ['[trust]\nwitnesses = ["/ip4/192.0.2.7/tcp/7434/p2p/friend"]\n', 'CONFIG_VALUE_INVALID'],
    ['[trust]\nwitnessFor = ["friend"]\n', 'CONFIG_VALUE_INVALID'],
    ['[network]\nlistenHost = 2020-01-01\n', 'CONFIG_VALUE_INVALID'],
    ['[network\n', 'CONFIG_FILE_MALFORMED'],
  ])('come for a file with %j', (text, code) => {
    expect(refusal({ file: file('bad.toml', text) }).code).toBe(code)
  })

  it('say where, what was expected and what was found', () => {
    const { message } = refusal({ env: { BRUME_PRESENCE_HEARTBEAT_MS: '3 hours' } })

    expect(message).toBe(
      'presence.heartbeatMs (environment BRUME_PRESENCE_HEARTBEAT_MS): expected 200 to 3600000 ms, got "3 hours"',
    )
  })

  it('give the line of a malformed file', () => {
    const path = file('line.toml', '[api]\nport = \n')

    expect(refusal({ file: path }).failure).toEqual({
      code: 'CONFIG_FILE_MALFORMED',
      path,
      line: 2,
    })
  })

  it('come for a named file that is not there, not for the usual one', () => {
    const path = join(folder, 'missing.toml')

    expect(refusal({ file: path }).failure).toEqual({ code: 'CONFIG_FILE_UNREADABLE', path })
    expect(load().file).toBeUndefined()
  })

  it('come for a file that would move the folder that it is in', () => {
    const dir = join(folder, 'moving')
    mkdirSync(dir)
    file('moving/brume.toml', '[state]\ndir = "/elsewhere"\n')

    expect(refusal({ flags: { 'state.dir': dir } }).code).toBe('CONFIG_RELATION_BROKEN')
  })

  it.each([
    [{ 'presence.heartbeatMs': '30s' }, ['presence.expiryMs', 'presence.heartbeatMs']],
    [{ 'api.host': '0.0.0.0' }, ['api.host', 'api.allowRemote']],
    [
      { 'network.tcpPort': '9', 'network.webSocketPort': '9' },
      ['network.tcpPort', 'network.webSocketPort'],
    ],
    [{ 'network.tcpPort': '7433' }, ['api.port', 'network.tcpPort']],
    [{ 'network.webSocketPort': '7433' }, ['api.port', 'network.webSocketPort']],
    [
      { 'network.connectionsMax': '8' },
      ['network.pendingConnectionsMax', 'network.connectionsMax'],
    ],
  ] as [Record<string, string>, string[]][])(
    'come for settings that contradict: %j',
    (flags, names) => {
      expect(refusal({ flags }).failure).toMatchObject({ code: 'CONFIG_RELATION_BROKEN', names })
    },
  )

  it('let an owner open the API, and take any port twice', () => {
    expect(load({ flags: { 'api.host': '0.0.0.0', 'api.allowRemote': 'true' } })).toBeDefined()
    const ports = { 'network.tcpPort': '0', 'network.webSocketPort': '0', 'api.port': '0' }
    expect(load({ flags: ports })).toBeDefined()
  })

  it('all make the process end with the code for bad configuration', () => {
    expect(new Set(Object.values(CONFIG_ERRORS).map((row) => row.exit))).toEqual(new Set([78]))
  })
})

describe('settings', () => {
  it('say what they mean, and have a default that they would take themselves', () => {
    for (const setting of SETTINGS) {
      expect([setting.name, setting.meaning.length > 10]).toEqual([setting.name, true])
      if (setting.name !== 'state.dir') expect(setting.check(setting.default)).toBeDefined()
    }
  })

  it('are documented in docs/configuration.md (vitest -u writes it)', async () => {
    await expect(configurationDocument()).toMatchFileSnapshot('../docs/configuration.md')
  })
})
