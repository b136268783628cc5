/**
 * Runs the examples of docblocks, and the shell blocks of pages that say of themselves that they run.
 *
 * In a docblock, `expression // => expected` is compared as a whole value; an example
 * sees the exports of its own module and of core/. In a page, a block that opens with
 * "```sh runs" must exit with 0.
 */

import { spawnSync } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { delimiter, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { runInNewContext, Script } from 'node:vm'
import { describe, expect, it } from 'vitest'

interface Example {
  readonly path: string
  readonly code: string
}

const modules = globSync('{core,config,protocols,ledger,models,attestation,node}/**/*.ts').filter(
  (path) => !path.endsWith('.test.ts'),
)
const examples: readonly Example[] = modules.flatMap((path) =>
  [...readFileSync(path, 'utf8').matchAll(/@example\s*\n \*? ?\* ```ts\n([\s\S]*?) \* ```/g)].map(
    (match) => ({ path, code: (match[1] ?? '').replaceAll(/^ *\* ?/gm, '') }),
  ),
)

describe('examples in docblocks', () => {
  it('are found', () => {
    expect(examples.length).toBeGreaterThan(5)
  })

  it.each(examples)('hold in $path: $code', async ({ path, code }) => {
    const scope = { ...(await coreExports()), ...(await exportsOf(path)) }
    const claims = claimsOf(code)
    expect(claims.length, 'an example shows at least one result').toBeGreaterThan(0)
    for (const { setting, expression, expected } of claims) {
      expect(evaluate(setting, expression, scope), expression).toEqual(
        evaluate('', expected.replaceAll(/Uint8Array \[/g, 'Uint8Array.from(['), scope),
      )
    }
  })
})

describe('shell blocks in pages', () => {
  const blocks = globSync('{*.md,docs/**/*.md,*/README.md}').flatMap((path) =>
    [...readFileSync(path, 'utf8').matchAll(/```sh runs\n([\s\S]*?)```/g)].map((match) => ({
      path,
      script: match[1] ?? '',
    })),
  )

  it.each(blocks)('run in $path: $script', { timeout: 60_000 }, ({ script }) => {
    const env = {
      ...process.env,
      PATH: `${resolve('node_modules/.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
    }
    const { status, stderr } = spawnSync('bash', ['-euo', 'pipefail', '-c', script], {
      env,
      encoding: 'utf8',
    })
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' })
  })
})

interface Claim {
  /** Statements before the expression. */
  readonly setting: string
  readonly expression: string
  readonly expected: string
}

/** The claims of an example, each with all statements that stand before it. */
function claimsOf(code: string): readonly Claim[] {
  const claims: Claim[] = []
  const statements: string[] = []
  for (const line of stripTypeScriptTypes(code, { mode: 'strip' }).split('\n')) {
    const [before = '', expected] = line.split(/\s*\/\/ => /)
    statements.push(before)
    if (expected === undefined) continue
    const start = expressionStart(statements)
    claims.push({
      setting: statements.slice(0, start).join('\n'),
      expression: statements.slice(start).join('\n'),
      expected: expected.trim(),
    })
    // Assignments stay for what follows; the expression itself has been used.
    statements.length = start
  }
  return claims
}

/** Where the shortest run of last lines begins that is an expression. */
function expressionStart(lines: readonly string[]): number {
  for (let start = lines.length - 1; start >= 0; start--) {
    if (parses(`(${lines.slice(start).join('\n')})`)) return start
  }
  throw new Error(`no expression before "// =>" in:\n${lines.join('\n')}`)
}

function parses(source: string): boolean {
  try {
    void new Script(source)
    return true
  } catch {
    // Only the parser's answer is asked for.
    return false
  }
}

function evaluate(setting: string, expression: string, scope: object): unknown {
  const closed = expression.includes('Uint8Array.from([')
    ? expression.replaceAll(/(Uint8Array\.from\(\[[^\]]*\])(?!\))/g, '$1)')
    : expression
  // The realm of the tests, so that arrays and byte strings are of the same classes.
  const names = { ...scope, Uint8Array, Array, Object, Map, Set, Math, BigInt, Error }
  return runInNewContext(`${setting}\n;(${closed})`, names)
}

async function coreExports(): Promise<object> {
  const paths = globSync('core/*.ts').filter((path) => !path.endsWith('.test.ts'))
  return Object.assign({}, ...(await Promise.all(paths.map(exportsOf)))) as object
}

async function exportsOf(path: string): Promise<object> {
  return (await import(pathToFileURL(resolve(path)).href)) as object
}
