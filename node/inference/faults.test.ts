import { describe, expect, it } from 'vitest'
import { InferenceError } from '../../protocols/inference/index.ts'
import { CatalogueError } from '../models/errors.ts'
import { RuntimeError } from '../runtime/errors.ts'
import { StorageError } from '../storage/errors.ts'
import { loadFaultOf, runFaultOf } from './faults.ts'

const died = new RuntimeError({
  code: 'RUNTIME_EXECUTOR_DIED',
  exitCode: 1,
  signal: null,
  stderrTail: '',
})

describe('faults', () => {
  it.each([
    [new InferenceError({ code: 'INFERENCE_MEMORY' }), 'INFERENCE_MEMORY'],
    [new InferenceError({ code: 'INFERENCE_STALLED' }), 'INFERENCE_LOAD_FAILED'],
    [
      new CatalogueError({ code: 'MODELS_INCOMPLETE', id: 'm', missing: 1 }),
      'INFERENCE_MODEL_UNAVAILABLE',
    ],
    [new StorageError({ code: 'BLOB_CORRUPTED', id: 'b' }), 'INFERENCE_MODEL_UNAVAILABLE'],
    [new RuntimeError({ code: 'RUNTIME_EXECUTORS_FULL', limit: 1 }), 'INFERENCE_OVERLOADED'],
    [died, 'INFERENCE_LOAD_FAILED'],
    [new Error('what'), 'INFERENCE_LOAD_FAILED'],
  ])('tells why a stage was not loaded: %s', (error, code) => {
    expect(loadFaultOf(error)).toBe(code)
  })

  it('blames the requester for a wrong input at the first stage, at others who sent it', () => {
    const error = new RuntimeError({ code: 'RUNTIME_INPUT_INVALID', tensor: 'x', detail: 'r' })
    expect([runFaultOf(error, 0), runFaultOf(error, 1)]).toEqual([
      'INFERENCE_INPUT_INVALID',
      'INFERENCE_CUT_INVALID',
    ])
  })

  it.each([
    [died, 'INFERENCE_EXECUTOR_DIED'],
    [new RuntimeError({ code: 'RUNTIME_RUN_TIMEOUT', limitMs: 1 }), 'INFERENCE_RUN_TIMEOUT'],
    [new RuntimeError({ code: 'RUNTIME_RUN_STALLED' }), 'INFERENCE_EXECUTOR_DIED'],
    [new RuntimeError({ code: 'RUNTIME_QUEUE_FULL', limit: 1 }), 'INFERENCE_OVERLOADED'],
    [new Error('what'), 'INFERENCE_EXECUTOR_DIED'],
  ])('tells why a run failed: %s', (error, code) => {
    expect(runFaultOf(error, 1)).toBe(code)
  })
})
