/**
 * How a text was written, in words and columns.
 *
 * @module
 */

import type { TextList, TextView } from '../api/schemas/texts.ts'
import { countText, msText, rateText, shortId, threeDigits } from './quantity-text.ts'
import { tableLines } from './table.ts'
import { wireText } from './wire-text.ts'
import { deviceText, workLines } from './work-report.ts'

/** What follows a text: how quickly it came, beside the prediction, and who computed it. */
export function textSummaryLines(text: TextView): string[] {
  return [paceLine(text), ...whereLines(text), ...recoveryLines(text)]
}

/** All about a text, the words first. */
export function textReportLines(text: TextView, width?: number): string[] {
  return [
    ...(text.text === '' ? [] : [text.text, '']),
    `${headline(text)} · ${paceLine(text)}`,
    ...workLines(text, { steps: 'steps', width }),
    ...text.notes.map((note) => `note: ${note}`),
    ...(text.error === undefined ? [] : [`error ${text.error.code}: ${text.error.detail}`]),
  ]
}

/** Texts that are being written, and the last that were. */
export function textListLines(texts: TextList['texts'], width?: number): readonly string[] {
  if (texts.length === 0) return ['no text yet: brume generate MODEL PROMPT']
  const columns = [
    { title: 'text' },
    { title: 'model' },
    { title: 'state' },
    { title: 'tokens', align: 'right', spare: 1 },
    { title: 'stages', align: 'right', spare: 3 },
    { title: 'a second', align: 'right', spare: 2 },
    { title: 'created', spare: 4 },
  ] as const
  const rows = texts.map((text) => [
    shortId(text.id),
    text.modelName,
    text.error === undefined ? text.state : `${text.state} ${text.error.code}`,
    String(text.answerTokens),
    String(text.stages.length),
    text.times.tokensPerSecond === undefined ? '' : text.times.tokensPerSecond.toFixed(1),
    new Date(text.createdMs).toISOString(),
  ])
  return tableLines(columns, rows, width)
}

/** The text itself, and how it stands. */
function headline({ id, modelName, state }: TextView): string {
  return `text ${shortId(id)} ${modelName} ${state}`
}

function paceLine(text: TextView): string {
  const { finish, promptTokens, cachedTokens, answerTokens, seed, drafts, times } = text
  const most = finish === 'length' ? ', as many as it may have,' : ''
  return [
    `${countText(answerTokens, 'token')}${most} after ${promptTokens}`,
    ...(cachedTokens === 0 ? [] : [`${cachedTokens} of them known`]),
    ...(times.firstTokenMs === undefined ? [] : [`first after ${msText(times.firstTokenMs)}`]),
    ...speedTexts(times),
    ...(drafts.made === 0 ? [] : [`${drafts.right} of ${drafts.made} drafts right`]),
    `seed ${seed}`,
  ].join(' · ')
}

/** The rate as measured and predicted, and how far off that was. */
function speedTexts({ tokensPerSecond, predictedPerSecond }: TextView['times']): string[] {
  if (tokensPerSecond === undefined) return []
  const measured = rateText(tokensPerSecond, 'token')
  if (predictedPerSecond === undefined) return [measured]
  const percent = Math.round(100 * (tokensPerSecond / predictedPerSecond - 1))
  const error = percent < 0 ? `${-percent} % slower` : `${percent} % faster`
  return [`${measured} (predicted ${threeDigits(predictedPerSecond)}, ${error})`]
}

/** What each link took; that from the last stage to the first, which closes a ring, stands apart. */
function hopTexts(hops: TextView['hops']): string[] {
  const isRing = ({ from, to }: TextView['hops'][number]): boolean =>
    from !== 'requester' && to === '0'
  const [ways, rings] = [hops.filter((hop) => !isRing(hop)), hops.filter(isRing)]
  const times = ways.map(({ p50Ms }) => msText(p50Ms))
  return [
    ...(times.length === 0 ? [] : [`hops ${times.join(', ')}`]),
    ...rings.map(({ p50Ms }) => `ring ${msText(p50Ms)}`),
  ]
}

/** Where each stage ran, what each hop cost, and what is proved of it. */
function whereLines(text: TextView): string[] {
  const { id, stages, hops, settlements, plan, exact } = text
  if (stages.length === 0) return []
  const places = stages
    .toSorted((a, b) => a.index - b.index)
    .map(({ name, fromLayer, toLayer }) => `${name} ${fromLayer}–${toLayer - 1}`)
  const facts = [
    ...hopTexts(hops),
    ...(plan === undefined ? [] : [wireText(plan)]),
    ...(exact === true ? ['exact'] : []),
    ...(settlements.length === 0 ? [] : [countText(settlements.length, 'receipt')]),
    `brume text show ${shortId(id)}`,
  ]
  return [
    `${countText(stages.length, 'stage')}: ${places.join(' → ')}`,
    facts.join(' · '),
    ...settlements.map(
      ({ id: receipt, stage, state }) => `receipt ${receipt} of stage ${stage} ${state}`,
    ),
  ]
}

function recoveryLines(text: TextView): string[] {
  return text.recoveries.map(({ stage, fromPeer, toPeer, ms, code, copiedRows }) => {
    const devices = `${deviceText(text, fromPeer)} → ${deviceText(text, toPeer)}`
    const how = copiedRows > 0 ? `, ${copiedRows} rows copied` : ''
    return `recovered stage ${stage} in ${msText(ms)}: ${devices} (${code}${how})`
  })
}
