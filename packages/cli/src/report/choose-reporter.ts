import type { Host } from '../host.ts'
import { JsonReporter } from './json-reporter.ts'
import { LiveReporter } from './live-reporter.ts'
import { PlainReporter } from './plain-reporter.ts'
import type { Reporter } from './reporter.ts'
import type { Style } from './style.ts'
import { colored, plain } from './style.ts'
import type { Symbols } from './symbols.ts'
import { asciiSymbols, unicodeSymbols } from './symbols.ts'

/** What the user says about the display. */
export interface DisplayOptions {
  readonly json: boolean
  readonly plain: boolean
  readonly timestamps: boolean
  readonly noColor: boolean
  readonly verbose: boolean
}

/** How text is dressed. */
export interface Look {
  readonly style: Style
  readonly symbols: Symbols
  readonly colors: boolean
}

/** The look of what goes to one of the host's streams. The user's word comes first, then `FORCE_COLOR`, `NO_COLOR`, and what the stream is. */
export function lookOf(host: Host, stream: 'stdout' | 'stderr', { noColor }: { readonly noColor: boolean }): Look {
  const { environment } = host
  const able = host[stream].isTerminal && environment.terminal !== 'dumb' && !environment.noColor
  const colors = !noColor && (environment.forceColor ?? able)
  return { colors, style: colors ? colored : plain, symbols: environment.terminal === 'linux' ? asciiSymbols : unicodeSymbols }
}

/** The reporter for the user's options and for what stdout is: a live display on a terminal, plain lines elsewhere. */
export function chooseReporter(host: Host, options: DisplayOptions): Reporter {
  const { stdout, stderr, cwd, environment } = host
  const look = lookOf(host, 'stdout', options)
  const errorStyle = lookOf(host, 'stderr', options).style
  if (options.json) return new JsonReporter({ stdout, stderr, errorStyle })
  const settings = { ...look, stdout, stderr, errorStyle, cwd, timestamps: options.timestamps, verbose: options.verbose }
  const live = stdout.isTerminal && !options.plain && environment.terminal !== 'dumb' && !environment.ci
  return live ? new LiveReporter(settings) : new PlainReporter(settings)
}
