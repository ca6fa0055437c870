/** An element of an XML document. */
export interface XmlElement {
  /** Its name without a prefix. */
  readonly name: string
  /** The URI that its prefix stands for; empty when it has none. */
  readonly namespace: string
  /** By their names as they stand there, with a prefix. */
  readonly attributes: Readonly<Record<string, string>>
  readonly children: readonly XmlElement[]
  /** What stands between its tags, apart from its children. */
  readonly text: string
}

/** Deeper documents are no answers of a machine. */
const maxDepth = 100

const named: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** Text as it stands in XML, in an element or an attribute. What XML 1.0 cannot hold becomes U+FFFD. */
export function escapeXml(text: string): string {
  return text
    .replaceAll(/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/gu, '\u{FFFD}')
    .replaceAll(/[<>&"'\t\n\r]/g, (character) => `&#${character.codePointAt(0)};`)
}

/**
 * Reads an XML document as WS-Management has them: no DTD (SOAP 1.2, part 1, 5), no entities but XML's own.
 * @throws Error when it is no such document
 */
export function parseXml(text: string): XmlElement {
  const reader = new XmlReader(text)
  reader.skipMisc()
  const root = reader.element({}, 0)
  reader.skipMisc()
  reader.expectEnd()
  return root
}

/** The first element below this one, at any depth, of this name. */
export function findElement(element: XmlElement, name: string): XmlElement | undefined {
  for (const child of element.children) {
    const found = child.name === name ? child : findElement(child, name)
    if (found !== undefined) return found
  }
  return undefined
}

class XmlReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text.startsWith('\u{FEFF}') ? text.slice(1) : text
  }

  /** White space, comments, and instructions such as `<?xml …?>`. */
  skipMisc(): void {
    for (;;) {
      this.#match(/\s*/y)
      if (this.#match(/<\?[^]*?\?>/y) === undefined && this.#match(/<!--[^]*?-->/y) === undefined) return
    }
  }

  expectEnd(): void {
    if (this.#at < this.#text.length) throw this.#wrong('the end')
  }

  element(outer: Readonly<Record<string, string>>, depth: number): XmlElement {
    if (depth > maxDepth) throw this.#wrong('fewer elements in each other')
    const tag = this.#match(/<([^\s<>/=!?]+)/y)?.[1]
    if (tag === undefined) throw this.#wrong('an element')
    const attributes = this.#attributes()
    const prefixes = withDeclared(outer, attributes)
    const start = { ...this.#resolved(tag, prefixes), attributes }
    if (this.#match(/\/>/y) !== undefined) return { ...start, children: [], text: '' }
    if (this.#match(/>/y) === undefined) throw this.#wrong('>')
    const content = this.#content(prefixes, depth)
    if (this.#match(/<\/([^\s>]+)\s*>/y)?.[1] !== tag) throw this.#wrong(`</${tag}>`)
    return { ...start, ...content }
  }

  #content(prefixes: Readonly<Record<string, string>>, depth: number): Pick<XmlElement, 'children' | 'text'> {
    const children: XmlElement[] = []
    const texts: string[] = []
    for (;;) {
      const plain = this.#match(/[^<]+/y)
      if (plain !== undefined) texts.push(this.#unescaped(plain[0]))
      else if (this.#text.startsWith('</', this.#at)) return { children, text: texts.join('') }
      else {
        const data = this.#match(/<!\[CDATA\[([^]*?)\]\]>/y)
        if (data !== undefined) texts.push(data[1] ?? '')
        else if (this.#match(/<\?[^]*?\?>/y) === undefined && this.#match(/<!--[^]*?-->/y) === undefined) {
          children.push(this.element(prefixes, depth + 1))
        }
      }
    }
  }

  #attributes(): Record<string, string> {
    const found: Record<string, string> = {}
    for (;;) {
      const attribute = this.#match(/\s+([^\s<>/=]+)\s*=\s*(?:"([^"<]*)"|'([^'<]*)')/y)
      if (attribute === undefined) {
        this.#match(/\s*/y)
        return found
      }
      found[attribute[1] ?? ''] = this.#unescaped(attribute[2] ?? attribute[3] ?? '')
    }
  }

  #resolved(tag: string, prefixes: Readonly<Record<string, string>>): Pick<XmlElement, 'name' | 'namespace'> {
    const colon = tag.indexOf(':')
    const prefix = colon === -1 ? '' : tag.slice(0, colon)
    const namespace = prefixes[prefix]
    if (namespace === undefined && prefix !== '') throw this.#wrong(`a declaration of the prefix ${prefix}`)
    return { name: tag.slice(colon + 1), namespace: namespace ?? '' }
  }

  #unescaped(text: string): string {
    if (!text.includes('&')) return text
    return text.replaceAll(/&(?:#(\d+)|#x([0-9a-fA-F]+)|([^;\s&]*));?/g, (whole, decimal?: string, hex?: string, name?: string) => {
      const code = decimal === undefined ? (hex === undefined ? undefined : Number.parseInt(hex, 16)) : Number(decimal)
      if (code !== undefined && code > 0x10_ff_ff) throw this.#wrong('a character')
      const character = code === undefined ? named[name ?? ''] : String.fromCodePoint(code)
      if (character === undefined || !whole.endsWith(';')) throw this.#wrong(`an entity of XML, not ${whole}`)
      return character
    })
  }

  #match(pattern: RegExp): RegExpExecArray | undefined {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.#text)
    if (match === null) return undefined
    this.#at = pattern.lastIndex
    return match
  }

  #wrong(wanted: string): Error {
    return new Error(`no XML: expected ${wanted} at character ${this.#at}`)
  }
}

/** The prefixes in an element: those around it, and what its attributes declare. */
function withDeclared(
  outer: Readonly<Record<string, string>>,
  attributes: Readonly<Record<string, string>>,
): Readonly<Record<string, string>> {
  const declared = Object.entries(attributes).flatMap(([name, value]) => {
    const prefix = /^xmlns(?::(.+))?$/.exec(name)
    return prefix === null ? [] : [[prefix[1] ?? '', value] as const]
  })
  return declared.length === 0 ? outer : { ...outer, ...Object.fromEntries(declared) }
}
