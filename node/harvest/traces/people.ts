/**
 * What people do with a device, painted on a day: type, watch, play, talk, walk away.
 *
 * @module
 */

import type { DayCanvas, Stretch } from './day-canvas.ts'

/** Longest pause of somebody who works, in seconds. */
const PAUSE_S_MAX = 1_200

/** Bursts of input with pauses between, most of some 20 s, a few of many minutes; now and then a compiler runs. */
export function work(canvas: DayCanvas, stretch: Stretch): void {
  canvas.mark(canvas.present, stretch)
  for (let second = stretch.from; second < stretch.to;) {
    const burst = Math.max(1, Math.floor(canvas.gap(40)))
    canvas.mark(canvas.input, { from: second, to: Math.min(stretch.to, second + burst) })
    second += burst + Math.floor(Math.min(PAUSE_S_MAX, canvas.pause(3, 1.2)))
  }
  heavyPrograms(canvas, stretch)
}

/** Films and series: a little input, then 10 to 30 minutes of none. */
export function watch(canvas: DayCanvas, stretch: Stretch): void {
  canvas.mark(canvas.present, stretch)
  for (let second = stretch.from; second < stretch.to;) {
    const until = Math.min(stretch.to, second + Math.floor(canvas.between(600, 1_800)))
    canvas.mark(canvas.input, { from: second, to: Math.min(until, second + 5) })
    canvas.mark(canvas.media, { from: second, to: until })
    second = until
  }
}

/** Rounds of 20 to 60 minutes with input all the time, and a few minutes between them. */
export function play(canvas: DayCanvas, stretch: Stretch): void {
  canvas.mark(canvas.present, stretch)
  for (let second = stretch.from; second < stretch.to;) {
    const until = Math.min(stretch.to, second + Math.floor(canvas.between(1_200, 3_600)))
    const round = { from: second, to: until }
    canvas.use(canvas.between(0.4, 0.8), round)
    canvas.mark(canvas.fullscreen, round)
    for (let at = second; at < until; at += 1 + Math.floor(canvas.gap(3))) {
      canvas.mark(canvas.input, { from: at, to: at + 1 })
    }
    second = until + Math.floor(canvas.between(60, 400))
  }
}

/** A call: microphone in use, hardly any input. */
export function talk(canvas: DayCanvas, stretch: Stretch): void {
  canvas.mark(canvas.present, stretch)
  canvas.mark(canvas.call, stretch)
  canvas.use(0.25, stretch)
  for (let second = stretch.from; second < stretch.to; second += 30 + Math.floor(canvas.gap(200))) {
    canvas.mark(canvas.input, { from: second, to: second + 2 })
  }
}

/** Two heavy jobs an hour, of one to five minutes each. */
function heavyPrograms(canvas: DayCanvas, { from, to }: Stretch): void {
  for (let second = from; second < to;) {
    second += Math.floor(canvas.gap(1_800))
    const until = Math.min(to, second + Math.floor(canvas.between(60, 300)))
    canvas.use(0.9, { from: second, to: until })
    second = until
  }
}
