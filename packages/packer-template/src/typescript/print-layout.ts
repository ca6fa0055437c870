import { printExpression, quote } from './expression.ts'
import type { ChainLayout, CommentLine, EitherLayout, Layout, ListItem, ObjectEntry } from './layout.ts'

/** No line is longer, unless a text in it is. */
export const lineWidth = 100

/** Where a layout stands: the indent of its first line, and how much of that line is taken before and after it. */
interface Place {
  readonly indent: number
  readonly before: number
  readonly after: number
}

/** A layout as it stands in a file, formatted as Prettier and its like do: on one line where it fits. */
export function printLayout(layout: Layout, place: Place = { indent: 0, before: 0, after: 0 }): string {
  const flat = flatLayout(layout)
  if (flat !== undefined && place.before + flat.length + place.after <= lineWidth) return flat
  switch (layout.kind) {
    case 'text':
    case 'join':
    case 'code':
      return printExpression(layout)
    case 'choice':
      return printChoice(layout, place)
    case 'list':
      return block(
        '[',
        layout.items.map((item) => printItem(item, place.indent + 2)),
        ']',
        place.indent,
      )
    case 'object':
      return block(
        '{',
        layout.entries.map((entry) => printEntry(entry, place.indent + 2)),
        '}',
        place.indent,
      )
    case 'arrow':
      return printArrow(layout.parameters, layout.body, place)
    case 'chain':
      return printChain(layout, place.indent)
    case 'either':
      return printEither(layout, place.indent)
    default:
      return printCall(layout.callee, layout.args, place)
  }
}

/** A layout on one line; `undefined` when it cannot stand on one. */
function flatLayout(layout: Layout): string | undefined {
  switch (layout.kind) {
    case 'text':
    case 'join':
    case 'choice':
    case 'code':
      return printExpression(layout)
    case 'list':
      return breaksAlways(layout.items) ? undefined : joinFlat('[', layout.items.map(flatItem), ']')
    case 'object':
      return layout.entries.length === 0 ? '{}' : joinFlat('{ ', layout.entries.map(flatEntry), ' }')
    case 'arrow': {
      const body = flatLayout(layout.body)
      return body && `${layout.parameters} => ${layout.body.kind === 'object' ? `(${body})` : body}`
    }
    case 'chain': {
      const calls = layout.calls.map(flatLayout)
      return calls.includes(undefined) ? undefined : [layout.head, ...calls].join('.')
    }
    case 'either': {
      const [yes, no] = [flatLayout(layout.yes), flatLayout(layout.no)]
      return yes === undefined || no === undefined ? undefined : `${printExpression(layout.condition)} ? ${yes} : ${no}`
    }
    default:
      return joinFlat(`${layout.callee}(`, layout.args.map(flatLayout), ')')
  }
}

function joinFlat(open: string, parts: readonly (string | undefined)[], close: string): string | undefined {
  const known = parts.filter((part) => part !== undefined)
  return known.length === parts.length ? `${open}${known.join(', ')}${close}` : undefined
}

function flatItem(item: ListItem): string | undefined {
  return item.kind === 'comment' ? undefined : flatLayout(item)
}

function flatEntry(entry: ObjectEntry): string | undefined {
  if (entry.kind === 'comment') return undefined
  const value = flatLayout(entry.value)
  if (value === undefined) return undefined
  const member = memberText(entry.name, value)
  return entry.kind === 'member' ? member : `...(${printExpression(entry.condition)} && { ${member} })`
}

/** Lists of several objects, or of several lists, stand on lines of their own. */
function breaksAlways(items: readonly ListItem[]): boolean {
  if (items.length < 2) return false
  const sizes = items.map((item) => (item.kind === 'object' ? item.entries.length : item.kind === 'list' ? item.items.length : 0))
  return sizes.every((size) => size > 1) && items.every(({ kind }) => kind === items[0]?.kind)
}

function block(open: string, lines: readonly string[], close: string, indent: number): string {
  return [open, ...lines, `${' '.repeat(indent)}${close}`].join('\n')
}

function printItem(item: ListItem, indent: number): string {
  if (item.kind === 'comment') return printComment(item, indent)
  return `${' '.repeat(indent)}${printLayout(item, { indent, before: indent, after: 1 })},`
}

function printEntry(entry: ObjectEntry, indent: number): string {
  const space = ' '.repeat(indent)
  if (entry.kind === 'comment') return printComment(entry, indent)
  const key = `${keyText(entry.name)}: `
  if (entry.kind === 'spread') {
    const flat = flatEntry(entry)
    if (flat !== undefined && indent + flat.length + 1 <= lineWidth) return `${space}${flat},`
    const value = printLayout(entry.value, { indent: indent + 2, before: indent + 2 + key.length, after: 1 })
    return `${space}...(${printExpression(entry.condition)} && {\n${space}  ${memberText(entry.name, value)},\n${space}}),`
  }
  const value = printLayout(entry.value, { indent, before: indent + key.length, after: 1 })
  if (entry.value.kind === 'either' && value.includes('\n')) {
    return `${space}${key.trimEnd()}\n${space}  ${printEither(entry.value, indent + 2)},`
  }
  const member = memberText(entry.name, value)
  const isLong = !value.includes('\n') && indent + member.length + 1 > lineWidth
  if (isLong && entry.value.kind === 'text' && keyText(entry.name).length >= 5) return `${space}${key.trimEnd()}\n${space}  ${value},`
  return `${space}${member},`
}

function printComment({ lines }: CommentLine, indent: number): string {
  return lines.map((line) => `${' '.repeat(indent)}//${line === '' ? '' : ` ${line}`}`).join('\n')
}

function printArrow(parameters: string, body: Layout, { indent, before, after }: Place): string {
  const head = `${parameters} => `
  if (body.kind === 'object') return `${head}(${printLayout(body, { indent, before: before + head.length + 1, after: after + 1 })})`
  if (body.kind === 'code' || body.kind === 'text' || body.kind === 'join') {
    return `${parameters} =>\n${' '.repeat(indent + 2)}${printExpression(body)}`
  }
  return head + printLayout(body, { indent, before: before + head.length, after })
}

function printChoice({ condition, yes, no }: Extract<Layout, { kind: 'choice' }>, { indent }: Place): string {
  const space = ' '.repeat(indent + 2)
  return [condition, `${space}? ${printExpression(yes)}`, `${space}: ${printExpression(no)}`].join('\n')
}

function printEither({ condition, yes, no }: EitherLayout, indent: number): string {
  const space = ' '.repeat(indent + 2)
  const part = (layout: Layout): string => printLayout(layout, { indent: indent + 4, before: indent + 4, after: 0 })
  return [printExpression(condition), `${space}? ${part(yes)}`, `${space}: ${part(no)}`].join('\n')
}

/** The last argument of a call opens on the call's line, when it is one that opens. */
function printCall(callee: string, args: readonly Layout[], { indent, before, after }: Place): string {
  const last = args.at(-1)
  const inside = indent + 2
  if (last?.kind === 'text' || last?.kind === 'code' || last?.kind === 'join') {
    const lines = args.map((arg) => `${' '.repeat(inside)}${printLayout(arg, { indent: inside, before: inside, after: 1 })},`)
    return block(`${callee}(`, lines, ')', indent)
  }
  const others = args.slice(0, -1).map((arg) => `${flatLayout(arg) ?? ''}, `)
  const head = `${callee}(${others.join('')}`
  return `${head}${last === undefined ? '' : printLayout(last, { indent, before: before + head.length, after: after + 1 })})`
}

function printChain({ head, calls }: ChainLayout, indent: number): string {
  const inside = indent + 2
  const lines = calls.map((call) => `${' '.repeat(inside)}.${printLayout(call, { indent: inside, before: inside + 1, after: 1 })}`)
  return [head, ...lines].join('\n')
}

function memberText(name: string, value: string): string {
  return value === name ? name : `${keyText(name)}: ${value}`
}

/** A name of an object's member, in quotes where it needs them. */
function keyText(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? name : quote(name)
}
