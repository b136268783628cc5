import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import type { JobId } from '../../../core/ids.ts'
import type { Tensor } from '../../../core/tensor.ts'
import { JobOutputs } from './job-outputs.ts'

const JOB = 'ab'.repeat(16) as JobId
let folder: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'brume-outputs-'))
})

afterEach(() => rm(folder, { recursive: true }))

function output(value: number): readonly Tensor[] {
  return [{ name: 'y', type: 'uint8', dims: [3], data: Uint8Array.of(value, value, value) }]
}

it('gives back what was put, in the order of the inputs, also in another life', async () => {
  const outputs = new JobOutputs(join(folder, 'jobs'))
  await Promise.all([2, 0, 1].map((input) => outputs.put(JOB, input, output(input))))
  await outputs.close(JOB)
  const expected = [output(0), output(1), output(2)]
  expect(await outputs.read(JOB, 3)).toEqual(expected)
  expect(await new JobOutputs(join(folder, 'jobs')).read(JOB, 3)).toEqual(expected)
})

it('gives nothing when an output is missing, cut short or forgotten', async () => {
  const outputs = new JobOutputs(folder)
  await outputs.put(JOB, 0, output(0))
  await outputs.put(JOB, 1, output(1))
  expect(await outputs.read(JOB, 3)).toBeUndefined()
  expect(await outputs.read(JOB, 2)).toEqual([output(0), output(1)])
  const [file = ''] = await readdir(folder)
  await truncate(join(folder, file), 70)
  expect(await outputs.read(JOB, 2)).toBeUndefined()
  await outputs.remove(JOB)
  expect(await readdir(folder)).toEqual([])
  expect(await outputs.read(JOB, 2)).toBeUndefined()
})

it('tells that an output could not be kept', async () => {
  await writeFile(join(folder, 'jobs'), 'a file where the folder should be')
  const outputs = new JobOutputs(join(folder, 'jobs'))
  await expect(outputs.put(JOB, 0, output(0))).rejects.toMatchObject({ name: 'StorageError' })
  await outputs.close(JOB)
})
