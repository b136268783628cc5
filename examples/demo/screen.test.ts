import { describe, expect, it } from 'vitest'
import { screenOn } from './screen.ts'

function written(isTTY: boolean, plain: boolean): string {
  let text = ''
  const screen = screenOn({ isTTY, columns: 12, write: (more) => (text += more) }, plain)
  screen.step('Begin')
  screen.progress('half of it is done')
  screen.say('all', '', 'done')
  return text.replaceAll(/\d\.\d s/g, '0.0 s')
}

describe('a screen', () => {
  it('writes plain lines, and no passing ones, to a file', () => {
    expect(written(false, false)).toBe('\n1  Begin  (0.0 s)\n   all\n\n   done\n')
  })

  it('replaces passing lines on a terminal and cuts them to its width', () => {
    expect(written(true, true)).toBe(
      '\n1  Begin  (0.0 s)\n   half of \r\u001B[2K   all\n\n   done\n',
    )
  })

  it('writes words as they come, and begins a line after them', () => {
    let text = ''
    const screen = screenOn({ columns: 15, write: (more) => (text += more) }, true)
    for (const piece of ['Emma', ' was', ' ob', 'lig', 'ed to']) screen.words(piece)
    screen.say('done')

    expect(text).toBe('   Emma was\n   obliged to\n   done\n')
  })

  it('makes headings bold where colour is wanted', () => {
    expect(written(true, false)).toContain('\u001B[1m1  Begin\u001B[0m')
  })
})
