import type { Host } from '../host.ts'
import { JsonReporter } from './json-reporter.ts'
import { LiveReporter } from './live-reporter.ts'
import { lookOf } from './look.ts'
import { PlainReporter } from './plain-reporter.ts'
import type { Reporter } from './reporter.ts'

/** What the user says about the display. */
export interface DisplayOptions {
  readonly json: boolean
  readonly plain: boolean
  readonly timestamps: boolean
  readonly noColor: boolean
  readonly verbose: boolean
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
