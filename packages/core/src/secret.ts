import { ImagoError } from './error.ts'

const brand: unique symbol = Symbol.for('imago.secret')
const shown = '<secret>'

/** A string that must not show up anywhere. It prints as `<secret>`; {@link reveal} gives the value. */
export interface Secret {
  readonly [brand]: () => string
  toString(): string
  toJSON(): string
}

/**
 * Wraps a string that must not show up anywhere: it cannot be stringified by accident, and it and its base64, URL, JSON and shell
 * forms are masked in every event, log and error of a run that uses it.
 * @throws ImagoError `DEFINITION_INVALID` for 1 to 3 characters: masking those would make all output unreadable.
 * @example shell({ inline: ['login'], env: { TOKEN: secret(token) } })
 */
export function secret(value: string): Secret {
  if (value.length > 0 && value.length < 4) {
    throw new ImagoError('DEFINITION_INVALID', `a secret of ${value.length} characters cannot be masked`, {
      hint: 'use one of 4 characters or more',
    })
  }
  return Object.freeze(
    Object.defineProperties(Object.create(null), {
      [brand]: { value: () => value },
      [Symbol.toPrimitive]: { value: () => shown },
      [Symbol.for('nodejs.util.inspect.custom')]: { value: () => shown },
      toString: { value: () => shown },
      toJSON: { value: () => shown },
    }) as Secret, // built property by property, so that the value is in no enumerable place
  )
}

/** Whether a value is a {@link Secret}. */
export function isSecret(value: unknown): value is Secret {
  return typeof value === 'object' && value !== null && brand in value
}

/** The string inside a secret; a plain string comes back as it is. */
export function reveal(value: string | Secret): string {
  return typeof value === 'string' ? value : value[brand]()
}
