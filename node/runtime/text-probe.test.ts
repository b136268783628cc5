import { describe, expect, it } from 'vitest'
import { preparedStage } from '../../test/fixtures/stage-executors.ts'
import { KernelExecutor, type KernelFault } from '../../test/fixtures/text-kernel.ts'
import { roomRows } from './text-cache.ts'
import { selfTest } from './self-test.ts'
import { textProbe } from './text-probe.ts'

const { description } = preparedStage({ fromLayer: 1, toLayer: 2 })
const noReference = () => Promise.reject(new Error('the cpu needs no reference'))

/** The test of a stage with such kernels. */
async function proved(fault?: KernelFault, positionsMax?: number) {
  const executor = new KernelExecutor(fault)
  const probe = textProbe(executor, { description, positionsMax })
  if (probe === undefined) throw new Error('expected a stage of texts')
  const proof = await selfTest(executor, { stage: 'model 1-2', probe }, noReference)
  const { exact, lone, together } = proof
  return { executor, proof, said: { exact, lone, together } }
}

describe('the test of a stage of texts', () => {
  it('asks for what sessions ask for, and leaves nothing behind', async () => {
    const { executor, said, proof } = await proved()
    expect(said).toEqual({ exact: true, lone: true, together: true })
    expect([...executor.slots]).toEqual([])
    const { runs } = executor
    const rooms = new Set(runs.filter(({ rows }) => rows === 1).map(({ room }) => room))
    expect([...rooms]).toEqual([roomRows(0), 2 * roomRows(0) - 8])
    expect(runs.some(({ rows, texts }) => rows === 128 && texts === 1)).toBe(true)
    const pairs = runs.filter(({ texts }) => texts === 2)
    expect(pairs.map(({ room }) => room)).toEqual([136, 264, 264, 264, 264])
    expect([proof.stepUs, proof.besideUs, proof.chunkUs].every((us) => us !== undefined)).toBe(true)
  })

  it.each<readonly [string, KernelFault, object]>([
    ['a chunk of full size', ({ rows }) => rows === 128, { exact: false, together: false }],
    [
      'a step in a room that has grown',
      ({ rows, room }) => rows < 128 && room > 136,
      { exact: false, lone: false, together: false },
    ],
    [
      'a step of one row that is padded to two, and of one that is not',
      ({ texts, padded }) => texts === 1 && padded === 2,
      { exact: false, lone: false, together: false },
    ],
    ['a row alone', ({ rows }) => rows === 1, { exact: true, lone: false, together: true }],
    [
      'a text beside another',
      ({ texts }) => texts === 2,
      { exact: true, lone: true, together: false },
    ],
    [
      'a text beside another in a room that has grown',
      ({ texts, room }) => texts === 2 && room > 136,
      { exact: true, lone: true, together: false },
    ],
    [
      'a row with guesses behind it',
      ({ rows, texts }) => rows === 4 && texts === 1,
      { exact: false, together: false },
    ],
  ])('notices that the runtime rounds in another way in %s', async (_, fault, expected) => {
    const { said, executor } = await proved(fault)
    expect(said).toMatchObject(expected)
    expect([...executor.slots]).toEqual([])
  })

  it('says of equal bits that they are of one class, and of others that they are not', async () => {
    const [one, same, other] = await Promise.all([proved(), proved(), proved(() => true)])
    expect(same.proof.class).toBe(one.proof.class)
    expect(other.proof.class).not.toBe(one.proof.class)
  })

  it.each([24, 48, 100, 152])(
    'asks for no more than %i tokens where texts have no more',
    async (most) => {
      const rows: number[] = []
      const { said } = await proved(({ room, ...run }) => {
        rows.push(run.rows)
        return room > roomRows(most)
      }, most)
      expect(said).toEqual({ exact: true, lone: true, together: true })
      expect(Math.max(...rows)).toBeLessThanOrEqual(most)
    },
  )
})
