/**
 * How fast and how right a GPU multiplies two matrices, in WGSL through Dawn.
 *
 * @module
 */

import { GPU_MATRIX_SIDE, type GpuMessage } from './gpu.ts'

/** Timed products, or as many as fit into the time. */
const PRODUCTS_MAX = 5
const TIMING_MS_MAX = 2000

const SHADER = `
const side = ${GPU_MATRIX_SIDE}u;
@group(0) @binding(0) var<storage, read> a: array<f32>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> c: array<f32>;
var<workgroup> tileA: array<array<f32, 16>, 16>;
var<workgroup> tileB: array<array<f32, 16>, 16>;
@compute @workgroup_size(16, 16)
fn main(@builtin(local_invocation_id) local: vec3u, @builtin(global_invocation_id) at: vec3u) {
  var sum = 0.0;
  for (var tile = 0u; tile < side; tile += 16u) {
    tileA[local.y][local.x] = a[at.y * side + tile + local.x];
    tileB[local.y][local.x] = b[(tile + local.y) * side + at.x];
    workgroupBarrier();
    for (var k = 0u; k < 16u; k++) { sum += tileA[local.y][k] * tileB[k][local.x]; }
    workgroupBarrier();
  }
  c[at.y * side + at.x] = sum;
}`

/** Times the product of two fixed matrices, and compares it with the same one computed here. */
export async function benchmark(adapter: GPUAdapter): Promise<GpuMessage['benchmark']> {
  const device = await adapter.requestDevice()
  const a = matrix(1)
  const b = matrix(2)
  const product = new MatrixProduct(device, a, b)
  // The first one compiles the shader.
  await product.run()
  const startedMs = performance.now()
  let bestMs = Number.POSITIVE_INFINITY
  for (let count = 0; count < PRODUCTS_MAX; count++) {
    const beginMs = performance.now()
    await product.run()
    bestMs = Math.min(bestMs, performance.now() - beginMs)
    if (performance.now() - startedMs > TIMING_MS_MAX) break
  }
  const errorMax = largestError(a, b, await product.read())
  return {
    flopsPerS: Math.round((2 * GPU_MATRIX_SIDE ** 3 * 1000) / bestMs),
    errorNano: Math.round(Math.min(errorMax, 1e6) * 1e9),
    bestUs: Math.round(bestMs * 1000),
  }
}

/** a · b on one device, as often as asked. */
class MatrixProduct {
  readonly #device: GPUDevice
  readonly #pipeline: GPUComputePipeline
  readonly #result: GPUBuffer
  readonly #group: GPUBindGroup

  constructor(device: GPUDevice, a: Float32Array<ArrayBuffer>, b: Float32Array<ArrayBuffer>) {
    this.#device = device
    this.#pipeline = device.createComputePipeline({
      layout: 'auto',
      compute: { module: device.createShaderModule({ code: SHADER }), entryPoint: 'main' },
    })
    const { STORAGE, COPY_DST, COPY_SRC } = GPUBufferUsage
    const upload = (values: Float32Array<ArrayBuffer>): GPUBuffer => {
      const buffer = device.createBuffer({ size: values.byteLength, usage: STORAGE | COPY_DST })
      device.queue.writeBuffer(buffer, 0, values)
      return buffer
    }
    this.#result = device.createBuffer({ size: a.byteLength, usage: STORAGE | COPY_SRC })
    const buffers = [upload(a), upload(b), this.#result]
    this.#group = device.createBindGroup({
      layout: this.#pipeline.getBindGroupLayout(0),
      entries: buffers.map((buffer, binding) => ({ binding, resource: { buffer } })),
    })
  }

  async run(): Promise<void> {
    const encoder = this.#device.createCommandEncoder()
    const pass = encoder.beginComputePass()
    pass.setPipeline(this.#pipeline)
    pass.setBindGroup(0, this.#group)
    pass.dispatchWorkgroups(GPU_MATRIX_SIDE / 16, GPU_MATRIX_SIDE / 16)
    pass.end()
    this.#device.queue.submit([encoder.finish()])
    await this.#device.queue.onSubmittedWorkDone()
  }

  async read(): Promise<Float32Array> {
    const { size } = this.#result
    const { MAP_READ, COPY_DST } = GPUBufferUsage
    const copy = this.#device.createBuffer({ size, usage: MAP_READ | COPY_DST })
    const encoder = this.#device.createCommandEncoder()
    encoder.copyBufferToBuffer(this.#result, 0, copy, 0, size)
    this.#device.queue.submit([encoder.finish()])
    await copy.mapAsync(GPUMapMode.READ)
    return new Float32Array(copy.getMappedRange().slice(0))
  }
}

/** Values in [-0.5, 0.5) of a linear congruential generator. */
function matrix(seed: number): Float32Array<ArrayBuffer> {
  let state = seed
  return Float32Array.from({ length: GPU_MATRIX_SIDE ** 2 }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32 - 0.5
  })
}

/** Looked for in every 37th element: each costs a whole row and column here. */
function largestError(a: Float32Array, b: Float32Array, product: Float32Array): number {
  let largest = 0
  for (let at = 0; at < product.length; at += 37) {
    const row = Math.floor(at / GPU_MATRIX_SIDE)
    const column = at % GPU_MATRIX_SIDE
    let sum = 0
    for (let k = 0; k < GPU_MATRIX_SIDE; k++) {
      sum += (a[row * GPU_MATRIX_SIDE + k] ?? 0) * (b[k * GPU_MATRIX_SIDE + column] ?? 0)
    }
    const error = Math.abs(sum - (product[at] ?? Number.NaN))
    // Written so that NaN counts as the worst error there is.
    if (!(error <= largest)) largest = Number.isNaN(error) ? 1e6 : error
  }
  return largest
}
