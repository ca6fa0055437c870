import { randomUUID } from 'node:crypto'

import { formatGoLayout } from '../time/go-layout.ts'
import { strftime } from '../time/strftime.ts'
import { cleanName } from './clean-name.ts'
import type { GoFunction, GoFunctions } from './go-function.ts'
import { stringFunction } from './go-function.ts'
import type { GoValue } from './go-value.ts'
import { goString } from './go-value.ts'
import { LanguageError } from './language-error.ts'
import { textFunctions } from './text-functions.ts'

/** The functions of templates that need nothing but their arguments and the time. */
export function pureFunctions(now: Date): GoFunctions {
  return {
    ...textFunctions,
    upper: stringFunction(1, upper),
    lower: stringFunction(1, lower),
    replace: {
      parameters: ['string', 'string', 'int', 'string'],
      call: ([from, to, count, text]) => replace(goString(from), goString(to), Number(count), goString(text)),
    },
    replace_all: stringFunction(3, (from, to, text) => replace(from, to, -1, text)),
    split: {
      parameters: ['string', 'string', 'int'],
      call: ([text, separator, index]) => pieceOf(goString(text), goString(separator), Number(index)),
    },
    sed: stringFunction(2, () => {
      throw new LanguageError("'sed' is gone from Packer's templates; use replace or replace_all")
    }),
    clean_resource_name: stringFunction(1, cleanName),
    clean_ami_name: stringFunction(1, cleanName),
    clean_image_name: stringFunction(1, cleanName),
    timestamp: stringFunction(0, () => unixTime(now)),
    isotime: isotime(now),
    strftime: stringFunction(1, (format) => strftime(format, now)),
    uuid: stringFunction(0, () => randomUUID()),
  }
}

/** The time in whole seconds since 1970. */
export function unixTime(now: Date): string {
  return String(Math.floor(now.getTime() / 1000))
}

function isotime(now: Date): GoFunction {
  return {
    parameters: [],
    rest: 'string',
    call(args: readonly GoValue[]) {
      if (args.length > 1) throw new LanguageError(`'isotime' takes one layout, not ${args.length}`)
      return formatGoLayout(args[0] === undefined ? '2006-01-02T15:04:05Z07:00' : goString(args[0]), now)
    },
  }
}

/** In capitals, one character for each: `ß` has no such capital. */
export function upper(text: string): string {
  return Array.from(text, (character) => {
    const capital = character.toUpperCase()
    return Array.from(capital).length === 1 ? capital : character
  }).join('')
}

/** In lower case, one character for each. */
export function lower(text: string): string {
  return Array.from(text, (character) => Array.from(character.toLowerCase())[0] ?? '').join('')
}

/** Replaces the first `count` occurrences; all when `count` is negative. */
export function replace(from: string, to: string, count: number, text: string): string {
  if (count < 0) return from === '' ? ['', ...Array.from(text)].map((piece) => piece + to).join('') : text.replaceAll(from, () => to)
  const pieces = from === '' ? Array.from(text) : text.split(from)
  if (from === '') return pieces.map((piece, index) => (index < count ? to + piece : piece)).join('') + (pieces.length < count ? to : '')
  return pieces.map((piece, index) => (index === 0 ? piece : (index <= count ? to : from) + piece)).join('')
}

/** One of the pieces between separators. @throws LanguageError when there are not so many */
export function pieceOf(text: string, separator: string, index: number): string {
  const pieces = separator === '' ? Array.from(text) : text.split(separator)
  const piece = index < 0 ? undefined : pieces[index]
  if (piece === undefined) throw new LanguageError(`'${text}' has ${pieces.length} pieces between '${separator}', and no ${index}`)
  return piece
}
