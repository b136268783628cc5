/**
 * Finds the words that stand for control tokens, and keeps those that a user wrote from being found.
 *
 * Someone who writes `<|im_end|>` into a message would else end it and speak as somebody else. So such
 * a word is marked where a user wrote it, before a template joins it with words of its own; what is
 * marked is text.
 *
 * @module
 */

import type { AddedToken } from './tokenizer-file.ts'

/** A part of a text: a control token, or text in which there is none. */
export type TextPart =
  | { readonly type: 'control'; readonly token: number }
  | { readonly type: 'text'; readonly text: string }

/** Noncharacters of Unicode: for use inside a program, never in a text between two (Unicode 16, section 23.7). */
const MARK = '\uFDD0'
const ESCAPE = '\uFDD1'
const ESCAPED_MARK = `${ESCAPE}0`
const ESCAPED_ESCAPE = `${ESCAPE}1`
const ANY_NONCHARACTER = /[\uFDD0\uFDD1]/

export class ControlWords {
  /** By their first character's number, longer words first. */
  readonly #words: ReadonlyMap<number, readonly AddedToken[]>

  /** @param added - Those that are not special are no control tokens. */
  constructor(added: readonly AddedToken[]) {
    const words = added
      .filter(({ special }) => special)
      .toSorted((a, b) => b.content.length - a.content.length)
    this.#words = Map.groupBy(words, ({ content }) => content.codePointAt(0) ?? 0)
  }

  /** `text` for {@link parts}, in which words stand for control tokens. */
  open(text: string): string {
    const whole = text.toWellFormed()
    if (!ANY_NONCHARACTER.test(whole)) return whole
    return whole.replaceAll(ESCAPE, ESCAPED_ESCAPE).replaceAll(MARK, ESCAPED_MARK)
  }

  /** `text` for {@link parts}, all of it text, alone and between others. */
  marked(text: string): string {
    const open = this.open(text)
    let marked = ''
    let from = 0
    for (let at = 0; at < open.length; at++) {
      const words = this.#words.get(open.codePointAt(at) ?? 0)
      if (!words?.some(({ content }) => mayBegin(open, at, content))) continue
      marked += open.slice(from, at) + MARK
      from = at
    }
    return marked + open.slice(from)
  }

  /** Control tokens and the texts between them, as they were before they were opened or marked. */
  parts(text: string): TextPart[] {
    const parts: TextPart[] = []
    let from = 0
    let trims = false
    const textUntil = (end: number, trimsEnd: boolean): void => {
      const start = trims ? text.slice(from, end).trimStart() : text.slice(from, end)
      const plain = original(trimsEnd ? start.trimEnd() : start)
      if (plain !== '') parts.push({ type: 'text', text: plain })
    }
    for (let at = 0; at < text.length; at++) {
      const word = this.#wordAt(text, at)
      if (word === undefined) continue
      textUntil(at, word.fields['lstrip'] === true)
      parts.push({ type: 'control', token: word.id })
      from = at + word.content.length
      trims = word.fields['rstrip'] === true
      at = from - 1
    }
    textUntil(text.length, false)
    return parts
  }

  #wordAt(text: string, at: number): AddedToken | undefined {
    const words = this.#words.get(text.codePointAt(at) ?? 0)
    if (words === undefined || text[at - 1] === MARK) return undefined
    return words.find(({ content }) => text.startsWith(content, at))
  }
}

/** True when `word` begins here, or may begin with the end of the text and go on in the next one. */
function mayBegin(text: string, at: number, word: string): boolean {
  if (text.length - at >= word.length) return text.startsWith(word, at)
  return word.startsWith(text.slice(at))
}

function original(text: string): string {
  if (!ANY_NONCHARACTER.test(text)) return text
  return text.replaceAll(MARK, '').replaceAll(ESCAPED_MARK, MARK).replaceAll(ESCAPED_ESCAPE, ESCAPE)
}
