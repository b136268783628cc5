import { describe, expect, it } from 'vitest'
import { ConfigError } from './errors.ts'
import { HARVEST_TEMPLATE_NAMES, type HarvestConfig, harvestSection } from './harvest.ts'
import { harvestPolicy } from './harvest-policy.ts'
import { HARVEST_TEMPLATES } from './harvest-templates.ts'
import { loadConfig } from './load.ts'

const section = (settings: object = {}): HarvestConfig => harvestSection.parse(settings)

/** What refuses these flags. */
function refusal(flags: Readonly<Record<string, string>>): string {
  try {
    loadConfig({ flags, env: {}, platform: 'linux', homeDir: '/nowhere' })
  } catch (error) {
    if (error instanceof ConfigError) return `${error.code} ${error.message}`
  }
  throw new Error('expected a refusal')
}

describe('a template', () => {
  it.each(HARVEST_TEMPLATE_NAMES)('%s holds values that its settings take', (name) => {
    expect(harvestSection.safeParse(HARVEST_TEMPLATES[name]).error).toBeUndefined()
    expect(harvestPolicy(section(), name)).toMatchObject(HARVEST_TEMPLATES[name])
  })
})

describe('a policy', () => {
  it('is that of the detected class, unless a template is named', () => {
    expect(harvestPolicy(section(), 'laptop').presentCpuPercent).toBe(15)
    expect(harvestPolicy(section({ template: 'server' }), 'laptop').awayCpuPercent).toBe(90)
  })

  it('takes what is set in place of what the template says', () => {
    const policy = harvestPolicy(
      section({ cpuAwayMs: 120_000, windows: ['10:00-11:00'] }),
      'desktop',
    )

    expect([policy.cpuAwayMs, policy.windows, policy.gpuAwayMs]).toEqual([
      120_000,
      ['10:00-11:00'],
      300_000,
    ])
  })

  it.each([
    [
      { 'harvest.template': 'desktop', 'harvest.cpuResumeCelsius': '95' },
      'CONFIG_VALUE_INVALID harvest.cpuResumeCelsius (template desktop): expected less than 92, which is harvest.cpuHardCelsius, got 95',
    ],
    [
      { 'harvest.cpuHardCelsius': '40' },
      'CONFIG_VALUE_INVALID harvest.cpuHardCelsius (template desktop): expected more than 75, which is harvest.cpuResumeCelsius, got 40',
    ],
    [
      { 'harvest.cpuAwayMs': '-1' },
      'CONFIG_VALUE_INVALID harvest.cpuAwayMs (flag): expected 0 to 86400000 ms, got "-1"',
    ],
    [
      { 'harvest.presentCpuPercent': '101' },
      'CONFIG_VALUE_INVALID harvest.presentCpuPercent (flag): expected 0 to 100, got "101"',
    ],
    [
      { 'harvest.windows': '22:00-07:00,25:00-26:00' },
      'CONFIG_VALUE_INVALID harvest.windows (flag): expected a list of at most 16 times such as 22:00-07:00 or mon-fri 18:00-08:00, got "22:00-07:00,25:00-26:00"',
    ],
  ])('that is impossible is refused at load with key, value and range: %j', (flags, message) => {
    expect(refusal(flags)).toBe(message)
  })
})
