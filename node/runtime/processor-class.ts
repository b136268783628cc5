/**
 * What of a processor decides which kernels onnxruntime takes, and so the bits that come out.
 *
 * @module
 */

import { readFile } from 'node:fs/promises'
import { arch, cpus } from 'node:os'

/** Features that kernels of onnxruntime's CPU provider (MLAS, platform.cpp) are chosen by, as Linux names them. */
const FEATURES: ReadonlySet<string> = new Set(
  (
    'avx avx2 f16c fma avx_vnni avx_vnni_int8 avx_ne_convert avx512f avx512bw avx512dq avx512vl ' +
    'avx512_vnni avx512_bf16 amx_tile amx_int8 amx_bf16 ' +
    'asimddp asimdhp fphp i8mm bf16 sve sve2 sme sme2'
  ).split(' '),
)

/** Equal on processors that take the same kernels. Where the system does not list features it is the name. */
export async function processorClass(
  read: () => Promise<string> = () => readFile('/proc/cpuinfo', 'utf8'),
): Promise<string> {
  const found = featuresIn(await read().catch(() => ''))
  const words = found.length > 0 ? found : [cpus()[0]?.model ?? 'unknown']
  return [arch(), ...words].join(' ')
}

/** Those that every core has: programs may run on any. */
function featuresIn(cpuinfo: string): readonly string[] {
  const cores = [...cpuinfo.matchAll(/^(?:flags|Features)\s*:(.*)$/gm)].map(
    ([, words = '']) => new Set(words.trim().split(/\s+/)),
  )
  const [first] = cores
  return [...(first ?? [])]
    .filter((word) => FEATURES.has(word) && cores.every((core) => core.has(word)))
    .toSorted()
}
