import type { Identifiers } from './identifiers.ts'
import type { CallLayout, Layout, ListItem, ObjectEntry } from './layout.ts'
import { printLayout } from './print-layout.ts'
import { code } from './expression.ts'

/** A constant that holds a group of options which several steps have. */
export interface SharedConstant {
  readonly name: string
  readonly value: Layout
  /** Away from their place, the compiler would take `'10m'` for any text. */
  readonly isConst: boolean
  /** It is made from parameters, and must stand where they are known. */
  readonly usesParameters: boolean
}

/** Gives groups of options that stand in several places a name, and puts that in their places. */
export function shareRepeated(
  image: CallLayout,
  names: Identifiers,
): { readonly image: CallLayout; readonly constants: readonly SharedConstant[] } {
  const counts = new Map<string, number>()
  forEachGroup(image, (text) => counts.set(text, (counts.get(text) ?? 0) + 1))
  const constants = new Map<string, SharedConstant>()
  const replace = (entry: ObjectEntry): ObjectEntry => {
    const text = groupText(entry)
    if (text === undefined || entry.kind !== 'member' || (counts.get(text) ?? 0) < 2) return entry
    const shared = constants.get(text) ?? {
      name: names.take(entry.name),
      value: entry.value,
      isConst: entry.name !== 'env',
      usesParameters: /(?<![\w$])p[.[]/.test(text),
    }
    constants.set(text, shared)
    return { ...entry, value: code(shared.name) }
  }
  return { image: mapOptions(image, replace), constants: [...constants.values()] }
}

/** The text of a group of options, when it is one that may have a name: plain options, and not so few that a name would be longer. */
function groupText(entry: ObjectEntry): string | undefined {
  if (entry.kind !== 'member' || entry.value.kind !== 'object') return undefined
  const { entries } = entry.value
  if (entries.some((member) => member.kind === 'comment')) return undefined
  const text = `${entry.name}: ${printLayout(entry.value)}`
  return text.includes('=>') || text.length < 30 ? undefined : text
}

function forEachGroup(image: CallLayout, visit: (text: string) => void): void {
  mapOptions(image, (entry) => {
    const text = groupText(entry)
    if (text !== undefined) visit(text)
    return entry
  })
}

/** Changes the options of the components of an image. */
function mapOptions(image: CallLayout, change: (entry: ObjectEntry) => ObjectEntry): CallLayout {
  const component = (layout: Layout): Layout => {
    if (layout.kind === 'call') return { ...layout, args: layout.args.map((arg) => options(arg)) }
    if (layout.kind === 'list') return { ...layout, items: layout.items.map(item) }
    return layout.kind === 'object' ? { ...layout, entries: layout.entries.map(build) } : layout
  }
  const item = (each: ListItem): ListItem => (each.kind === 'comment' ? each : component(each))
  const build = (entry: ObjectEntry): ObjectEntry => (entry.kind === 'member' ? { ...entry, value: component(entry.value) } : entry)
  const options = (layout: Layout): Layout => (layout.kind === 'object' ? { ...layout, entries: layout.entries.map(change) } : layout)
  return {
    ...image,
    args: image.args.map((arg) => (arg.kind === 'object' ? { ...arg, entries: arg.entries.map(build) } : arg)),
  }
}
