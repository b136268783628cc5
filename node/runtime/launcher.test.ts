import { describe, expect, it } from 'vitest'
import { childEnvironment, launchCommand, NO_WRAPPERS, siblingEntry } from './launcher.ts'

const entry = new URL('file:///app/executor-main.ts')
const all = { ...NO_WRAPPERS, setpriv: true, prlimit: true, chrt: true, ionice: true, nice: true }

describe('launcher', () => {
  it('puts the wrappers before Node, the limits first', () => {
    const { file, arguments: words } = launchCommand(
      { entry, priority: 'idle', dataBytesMax: 1000.5 },
      all,
    )

    expect([file, ...words].slice(0, 15)).toEqual(
      'setpriv --pdeathsig KILL prlimit --data=1001 chrt --idle 0 ionice -c 3 nice -n 19'
        .split(' ')
        .concat(process.execPath),
    )
    expect(words.at(-1)).toBe('/app/executor-main.ts')
  })

  it('has the child look for the daemon where the kernel does not', () => {
    const { file, arguments: words } = launchCommand(
      { entry, priority: 'idle', dataBytesMax: 1000, words: ['adapter'] },
      NO_WRAPPERS,
    )

    expect(file).toBe(process.execPath)
    expect(words.slice(-3)).toEqual(['/app/executor-main.ts', 'adapter', '--watch-parent'])
  })

  it('takes what macOS has instead', () => {
    const mac = { ...NO_WRAPPERS, nice: true, taskpolicy: true }
    const { file, arguments: words } = launchCommand({ entry, priority: 'idle' }, mac)

    expect([file, ...words].slice(0, 5)).toEqual(['taskpolicy', '-b', 'nice', '-n', '19'])
  })

  it('leaves the scheduling class alone when asked to', () => {
    const { file, arguments: words } = launchCommand({ entry, priority: 'normal' }, all)

    expect([file, ...words].slice(0, 4)).toEqual([
      'setpriv',
      '--pdeathsig',
      'KILL',
      process.execPath,
    ])
  })

  it('keeps the environment from children but for what drivers need', () => {
    const environment = {
      PATH: '/bin',
      HOME: '/home/me',
      API_KEY: 'secret',
      VK_ICD_FILENAMES: '/icd.json',
    }

    expect(childEnvironment(environment, '/cache')).toEqual({
      PATH: '/bin',
      VK_ICD_FILENAMES: '/icd.json',
      UV_THREADPOOL_SIZE: '1',
      NODE_COMPILE_CACHE: '/cache',
    })
  })

  it('lets children share what their parent keeps compiled, where they have no folder of their own', () => {
    const environment = { PATH: '/bin', NODE_COMPILE_CACHE: '/shared' }
    expect(childEnvironment(environment, undefined)['NODE_COMPILE_CACHE']).toBe('/shared')
    expect(childEnvironment(environment, '/own')['NODE_COMPILE_CACHE']).toBe('/own')
  })

  it('finds a module beside another one, in source and in build', () => {
    expect(siblingEntry('gpu-main', 'file:///app/runtime.ts').href).toBe('file:///app/gpu-main.ts')
    expect(siblingEntry('gpu-main', 'file:///dist/runtime.js').href).toBe(
      'file:///dist/gpu-main.js',
    )
  })
})
