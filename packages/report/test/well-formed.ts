const name = '[A-Za-z][A-Za-z0-9-]*'
const characters = '(?:[^<&"]|&(?:amp|lt|gt|quot|#\\d+);)*'
const token = new RegExp(
  `<(?<close>/)?(?<tag>${name})(?<attributes>(?:\\s+${name}="${characters}")*)\\s*(?<empty>/)?>|(?<text>(?:[^<&]|&(?:amp|lt|gt|quot|#\\d+);)+)`,
  'uy',
)
const attribute = new RegExp(`(?<key>${name})="(?<value>${characters})"`, 'gu')
/** What XML 1.0 allows, without the control characters that HTML does not. */
const allowed = /^[\t\n\r\u0020-\u007E\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u

/** An element of a document that was taken apart. */
interface Tag {
  readonly tag: string
  readonly attributes: ReadonlyMap<string, string>
}

/**
 * Takes a document apart as an XML parser does that knows neither entities of its own, nor comments, nor CDATA.
 * @throws when it is not well-formed
 */
export function parseDocument(source: string): { readonly tags: readonly Tag[]; readonly text: string } {
  if (!allowed.test(source)) throw new Error(`a character that may not be: ${JSON.stringify(source.match(/[^\t\n\r -~]/u)?.[0])}`)
  const start = /^(?:<\?xml [^?]*\?>\n|<!DOCTYPE html>\n)/.exec(source)?.[0].length ?? 0
  const tags: Tag[] = []
  const open: string[] = []
  let text = ''
  for (let at = start; at < source.length; at = token.lastIndex) {
    token.lastIndex = at
    const groups = token.exec(source)?.groups
    if (groups === undefined) throw new Error(`not well-formed at ${JSON.stringify(source.slice(at, at + 80))}`)
    const { tag, close, empty, attributes = '' } = groups
    if (tag === undefined) {
      text += groups['text'] ?? ''
      continue
    }
    if (close !== undefined) {
      const last = open.pop()
      if (last !== tag) throw new Error(`</${tag}> closes <${last}>`)
      continue
    }
    if (empty === undefined) open.push(tag)
    tags.push({ tag, attributes: attributesOf(attributes) })
  }
  if (open.length > 0) throw new Error(`not closed: ${open.join(', ')}`)
  return { tags, text: unescapeText(text) }
}

function attributesOf(source: string): Map<string, string> {
  const found = [...source.matchAll(attribute)].map(({ groups }) => [groups?.['key'] ?? '', unescapeText(groups?.['value'] ?? '')] as const)
  const attributes = new Map(found)
  if (attributes.size < found.length) throw new Error(`an attribute twice: ${source}`)
  return attributes
}

/** The text that escaped text stands for. */
export function unescapeText(text: string): string {
  const known: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' }
  return text.replaceAll(/&(?:(\w+)|#(\d+));/g, (_all, entity: string | undefined, code: string | undefined) =>
    entity === undefined ? String.fromCodePoint(Number(code)) : (known[entity] ?? ''),
  )
}
