import { expect, it } from 'vitest'
import { stateDirDefault } from './paths.ts'

it.each([
  ['linux', {}, '/home/a/.local/state/brume'],
  ['linux', { XDG_STATE_HOME: '/var/state' }, '/var/state/brume'],
  ['linux', { XDG_STATE_HOME: 'relative' }, '/home/a/.local/state/brume'],
  ['darwin', {}, '/home/a/Library/Application Support/Brume'],
  ['win32', { LOCALAPPDATA: 'C:\\Local' }, 'C:\\Local\\Brume'],
  ['win32', {}, '/home/a\\AppData\\Local\\Brume'],
])('puts the state of %s with %j at its usual place', (platform, env, path) => {
  expect(stateDirDefault({ platform, homeDir: '/home/a', env })).toBe(path)
})
