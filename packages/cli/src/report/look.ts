import type { Host } from '../host.ts'
import type { Style } from './style.ts'
import { colored, plain } from './style.ts'
import type { Symbols } from './symbols.ts'
import { asciiSymbols, unicodeSymbols } from './symbols.ts'

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
