import { expect, it } from 'vitest'
import { Conversation } from './conversation.ts'

const user = (content: string) => ({ role: 'user', content })
const assistant = (content: string) => ({ role: 'assistant', content })
const system = (content: string) => ({ role: 'system', content })

it('sends all that was said with each question, and the instruction first', () => {
  const talk = new Conversation('Be brief.')
  expect(talk.asking('Who?')).toEqual([system('Be brief.'), user('Who?')])

  talk.keep('Who?', 'I.')
  expect(talk.asking('Why?')).toEqual([
    system('Be brief.'),
    user('Who?'),
    assistant('I.'),
    user('Why?'),
  ])
})

it('keeps nothing of a question without an answer', () => {
  const talk = new Conversation('')
  talk.asking('Lost?')
  expect(talk.asking('Who?')).toEqual([user('Who?')])
})

it('forgets what was said, not what it is told first', () => {
  const talk = new Conversation('')
  talk.keep('Who?', 'I.')
  talk.instruct('Be kind.')
  talk.reset()
  expect(talk.asking('Why?')).toEqual([system('Be kind.'), user('Why?')])
})
