/**
 * What was said in a chat, as the messages that a model is sent.
 *
 * @module
 */

/** An alias, because the API's messages may have any other field as well. */
export type ChatMessage = {
  readonly role: 'system' | 'user' | 'assistant'
  readonly content: string
}

export class Conversation {
  #system: string
  readonly #said: ChatMessage[] = []

  /** @param system - What the model is told first; empty for nothing. */
  constructor(system: string) {
    this.#system = system
  }

  /** Tells the model something else first, from the next question on. */
  instruct(system: string): void {
    this.#system = system
  }

  /** All messages that a question is asked with. It is not kept before there is an answer. */
  asking(question: string): readonly ChatMessage[] {
    const first: ChatMessage[] =
      this.#system === '' ? [] : [{ role: 'system', content: this.#system }]
    return [...first, ...this.#said, { role: 'user', content: question }]
  }

  keep(question: string, answer: string): void {
    this.#said.push({ role: 'user', content: question }, { role: 'assistant', content: answer })
  }

  /** Forgets what was said. What the model is told first stays. */
  reset(): void {
    this.#said.length = 0
  }
}
