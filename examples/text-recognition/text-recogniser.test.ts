import { describe, expect, it } from 'vitest'
import type { Tensor } from '../../core/tensor.ts'
import { TextError } from './errors.ts'
import { blankImage } from './image.ts'
import { TextRecogniser, type Infer, type TextNetwork } from './text-recogniser.ts'

const ALPHABET = ['', 'h', 'i', ' ']
const PAPER = blankImage(64, 64, [255, 255, 255])

function tensor(name: string, dims: number[], values: readonly number[]): Tensor {
  return { name, type: 'float32', dims, data: new Uint8Array(Float32Array.from(values).buffer) }
}

/** A text map of 64 by 64 with a line of text at each of `tops`. */
function textMap(tops: readonly number[]): Tensor {
  const values = Array.from({ length: 4096 }, (_, at) => {
    const y = Math.floor(at / 64)
    return at % 64 >= 10 && at % 64 < 50 && tops.some((top) => y >= top && y < top + 8) ? 1 : 0
  })
  return tensor('map', [1, 1, 64, 64], values)
}

const HI = tensor('text', [1, 3, 4], [0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0])
const UPRIGHT = tensor('angle', [1, 2], [1, 0])
const TURNED = tensor('angle', [1, 2], [0, 1])

interface Call {
  readonly network: TextNetwork
  readonly dims: readonly (readonly number[])[]
}

/** Answers from a table, and what was asked. */
function fakeInfer(answers: Record<TextNetwork, readonly Tensor[]>): {
  infer: Infer
  calls: Call[]
} {
  const calls: Call[] = []
  const infer: Infer = (network, inputs) => {
    calls.push({ network, dims: inputs.map(([input]) => input?.dims ?? []) })
    return Promise.resolve(answers[network].map((answer) => [answer]))
  }
  return { infer, calls }
}

describe('a text recogniser', () => {
  it('asks each network once for all lines and reads them from the top', async () => {
    const { infer, calls } = fakeInfer({
      det: [textMap([40, 10])],
      cls: [UPRIGHT, TURNED],
      rec: [HI, HI],
    })
    const lines = await new TextRecogniser({ infer, alphabet: ALPHABET }).read(PAPER)
    expect(calls).toEqual([
      { network: 'det', dims: [[1, 3, 64, 64]] },
      {
        network: 'cls',
        dims: [
          [1, 3, 48, 192],
          [1, 3, 48, 192],
        ],
      },
      {
        network: 'rec',
        dims: [
          [1, 3, 48, 320],
          [1, 3, 48, 320],
        ],
      },
    ])
    expect(lines.map(({ text, confidence }) => [text, confidence])).toEqual([
      ['hi', 1],
      ['hi', 1],
    ])
    const [upright, turned] = lines.map(({ quad }) => quad)
    expect((upright?.[0].x ?? 0) < (upright?.[1].x ?? 0)).toBe(true)
    expect((turned?.[0].x ?? 0) > (turned?.[1].x ?? 0)).toBe(true)
  })

  it('asks nothing more when there is no text', async () => {
    const { infer, calls } = fakeInfer({ det: [textMap([])], cls: [], rec: [] })
    expect(await new TextRecogniser({ infer, alphabet: ALPHABET }).read(PAPER)).toEqual([])
    expect(calls.map(({ network }) => network)).toEqual(['det'])
  })

  it('drops a line that it is not confident of', async () => {
    const unsure = tensor('text', [1, 1, 4], [0.3, 0.4, 0.3, 0])
    const { infer } = fakeInfer({ det: [textMap([10])], cls: [UPRIGHT], rec: [unsure] })
    expect(await new TextRecogniser({ infer, alphabet: ALPHABET }).read(PAPER)).toEqual([])
  })

  it.each([
    [
      'det',
      { det: [UPRIGHT], cls: [], rec: [] },
      'expected float32 [1,1,64,64], got float32 [1,2]',
    ],
    ['cls', { det: [textMap([10])], cls: [], rec: [] }, 'expected float32 [1,2], got nothing'],
    [
      'rec',
      { det: [textMap([10])], cls: [UPRIGHT], rec: [UPRIGHT] },
      'expected float32 [1,2,4], got float32 [1,2]',
    ],
  ] as const)('refuses outputs of %s that have another shape', async (model, answers, problem) => {
    const { infer } = fakeInfer(answers)
    const reading = new TextRecogniser({ infer, alphabet: ALPHABET }).read(PAPER)
    await expect(reading).rejects.toEqual(
      new TextError({ code: 'TEXT_OUTPUT_INVALID', model, problem }, problem),
    )
  })
})
