import type { Duration } from '@imago/core'

/** Waits until the serial console has said something. Plain JSON; made with {@link waitForText}. */
export interface WaitForText {
  readonly type: 'wait-for-text'
  /** The text; or a regular expression, when there are `flags`. */
  readonly pattern: string
  /** Flags of the regular expression, perhaps none of them. @default `pattern` is plain text */
  readonly flags?: string
  /** @default '2m' */
  readonly timeout?: Duration
}

/** How to wait for text. */
export interface WaitForTextOptions {
  /** @default '2m' */
  readonly timeout?: Duration
}

/**
 * An element of a boot command that waits until the machine's serial console says `pattern`. Looks at what has come since the text that
 * the wait before found, without control sequences of terminals.
 * @example boot: { command: [waitForText('boot:'), 'install<enter>'] }
 */
export function waitForText(pattern: string | RegExp, options: WaitForTextOptions = {}): WaitForText {
  const what = typeof pattern === 'string' ? { pattern } : { pattern: pattern.source, flags: pattern.flags }
  return { type: 'wait-for-text', ...what, ...options }
}

/**
 * What a wait for text looks for.
 * @throws SyntaxError when it is no regular expression
 */
export function awaitedPattern({ pattern, flags }: WaitForText): string | RegExp {
  return flags === undefined ? pattern : new RegExp(pattern, flags)
}

/** A part of the screen, in pixels from the upper left corner. */
export interface ScreenRegion {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

/** How to wait for a screen. */
export interface WaitForScreenOptions {
  /** How many percent of the pixels may differ: a cursor that blinks, a clock. @default 1 */
  readonly tolerance?: number
  /** Look at this part only. @default all of it */
  readonly region?: ScreenRegion
  /** @default '2m' */
  readonly timeout?: Duration
}

/** Waits until the screen looks as in a picture. Plain JSON; made with {@link waitForScreen}. */
export interface WaitForScreen extends WaitForScreenOptions {
  readonly type: 'wait-for-screen'
  /** A PNG file, relative to the definition: a screenshot of the whole screen, from a build before. */
  readonly reference: string
}

/**
 * An element of a boot command that waits until the machine's screen looks as in a picture.
 * @example boot: { command: [waitForScreen('menu.png', { tolerance: 2 }), '<enter>'] }
 */
export function waitForScreen(reference: string, options: WaitForScreenOptions = {}): WaitForScreen {
  return { type: 'wait-for-screen', reference, ...options }
}
