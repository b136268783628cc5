import { globSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { REASON_MEANINGS } from './reasons.ts'

const codes = Object.entries(REASON_MEANINGS)

describe('reasons', () => {
  it('are each given by some rule or by the governor', () => {
    const sources = globSync('node/harvest/{rules,governor}/*.ts')
      .filter((path) => !path.endsWith('.test.ts'))
      .map((path) => readFileSync(path, 'utf8'))
    const unused = codes.filter(([code]) => sources.every((text) => !text.includes(`'${code}'`)))

    expect(unused).toEqual([])
  })

  it('are explained to owners in docs/harvest.md, word for word', () => {
    const page = readFileSync('docs/harvest.md', 'utf8').split('## Reasons')[1] ?? ''
    const rows = [...page.matchAll(/^\| `([A-Z_]+)`\s*\| ([^|]*[^ |])\s*\|$/gm)].map(
      ([, code, meaning]) => [code, meaning],
    )
    expect(rows).toEqual(codes)
  })
})
