import { code, printOperand } from '../typescript/expression.ts'
import { modelLayout } from '../typescript/model-layout.ts'
import { inText } from './current-value.ts'
import type { Known, Model } from './known.ts'
import { isAbsent, isKnown, keyOf, known, valueOf } from './known.ts'

/** Members of an object, of which some may not be there. Where some exclude others, a template may still have them all: validation tells. */
export type Members<T extends object> = { readonly [K in AnyKey<T>]?: Model<T[K]> | undefined }

/** The members of all kinds of an object: over `keyof T` itself, a mapped type would make a kind of its own of each. */
type AnyKey<T extends object> = Extract<keyof T, PropertyKey>

/** Options that make up an object; `undefined` when there are none. It is not there when the only one is not. */
export function group<T extends object>(members: Members<T>): Model<T> | undefined {
  const model = given(members)
  const [only, ...others] = Object.values<unknown>(model)
  if (only === undefined) return undefined
  if (others.length > 0 || !isKnown(only) || only.unless === undefined) return model as Model<T> // nothing in it is required
  const sure = Object.fromEntries(Object.entries<unknown>(model).map(([name, member]) => [name, surely(member)]))
  return absentGroup(sure as Model<T>, only.unless) // the same, where it is there
}

/** Options that make up an object that needs all of `required`, and is there if the first of them is. */
export function togetherWith<T extends object>(
  required: readonly [keyof T & string, ...(keyof T & string)[]],
  members: Members<T>,
): Model<T> | undefined {
  const [first] = required
  const leading: unknown = members[first]
  if (leading === undefined) return undefined
  const sure = Object.entries<unknown>(given(members)).map(([name, member]) => [
    name,
    required.some((each) => each === name) ? surely(member) : member,
  ])
  const model = Object.fromEntries(sure) as Model<T> // what is required in it, is
  return isKnown(leading) && leading.unless !== undefined ? absentGroup(model, leading.unless) : model
}

/** An option that is there whatever its value is. */
export function surely<M>(model: M): M {
  if (!isKnown(model) || model.unless === undefined) return model
  const { value, key, code } = model
  return known({ value, key, code }) as M // the same apart from that
}

/** The members that are given. */
export function given<T extends object>(members: Members<T>): { readonly [K in keyof T]?: Model<Exclude<T[K], undefined>> } {
  const entries = Object.entries(members).filter(([, member]) => member !== undefined)
  return Object.fromEntries(entries) as { readonly [K in keyof T]?: Model<Exclude<T[K], undefined>> } // what is left of them
}

/** A text that variables make, where there is one, else something else. */
export function otherwise<T>(first: Known<string>, second: Model<T>): Known<string | T> {
  const now = isThere(first) ? first : second
  return known<string | T>({
    value: valueOf(now) as string | T,
    key: keyOf(now),
    code: (writer) => ({
      kind: 'either',
      condition: code(`${printOperand(inText(first.code(writer)), 'equality')} !== ''`, 'equality'),
      yes: first.code(writer),
      no: modelLayout(second, writer),
    }),
  })
}

function absentGroup<T>(model: Model<T>, unless: NonNullable<Known<T>['unless']>): Known<T> {
  return known<T>({ value: valueOf(model) as T, key: keyOf(model), unless, code: (writer) => modelLayout(model, writer) })
}

/** A list of one option, which is there if that is. */
export function listOf<T>(item: Model<T>): Model<readonly T[]> {
  if (!isKnown(item) || item.unless === undefined) return [item]
  return absentGroup<readonly T[]>([surely(item)], item.unless)
}

/** Of two options the one that is there. */
export function eitherOf<A, B>(first: A | undefined, second: B | undefined): A | B | undefined {
  return isThere(first) ? first : (second ?? first)
}

/** Whether an option is there now. */
export function isThere(model: unknown): boolean {
  return model !== undefined && !isAbsent(model)
}
