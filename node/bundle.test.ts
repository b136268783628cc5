import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { findBundle, stampOf } from './bundle.ts'

let dir: string
let root: URL

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'brume-bundle-'))
  root = pathToFileURL(`${dir}/`)
  writeFileSync(join(dir, 'a.ts'), 'one')
  writeFileSync(join(dir, 'b.ts'), 'two')
  mkdirSync(join(dir, 'dist/bundle'), { recursive: true })
  const sources = { 'a.ts': stampOf('a.ts', root), 'b.ts': stampOf('b.ts', root) }
  writeFileSync(join(dir, 'dist/bundle/latest.json'), JSON.stringify({ folder: 'abc', sources }))
})

afterEach(() => rmSync(dir, { recursive: true, force: true }))

describe('the bundle', () => {
  it('is used while its sources are what they were', () => {
    expect(findBundle(root)).toEqual({
      program: new URL('dist/bundle/abc/program-main.js', root),
      cacheDir: join(dir, 'dist/bundle/abc/cache'),
    })
  })

  it.each([
    ['was written', () => utimesSync(join(dir, 'a.ts'), 1, 2)],
    ['is of another length', () => writeFileSync(join(dir, 'b.ts'), 'three')],
    ['is gone', () => rmSync(join(dir, 'a.ts'))],
  ])('is not used once a source %s', (_, change) => {
    change()
    expect(findBundle(root)).toBeUndefined()
  })

  it.each(['', '{}', 'null', '{"folder":"../..","sources":{}}'])(
    'is not used when what says so is broken: %s',
    (text) => {
      writeFileSync(join(dir, 'dist/bundle/latest.json'), text)
      expect(findBundle(root)).toBeUndefined()
    },
  )

  it('is not used when there is none', () => {
    rmSync(join(dir, 'dist'), { recursive: true })
    expect(findBundle(root)).toBeUndefined()
  })
})
