/** Text in which nothing is to be escaped any more. */
export interface Markup {
  readonly markup: string
}

/** What a template of {@link markup} takes: text, which is escaped; markup; lists of it; nothing. */
export type MarkupValue = string | number | Markup | undefined | readonly MarkupValue[]

/** What XML 1.0 does not allow (its production `Char`), and what HTML does not: most control characters, halves of surrogate pairs, and two more. */
// oxlint-disable-next-line no-control-regex -- these are what is looked for
const impossible = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\uFFFE\uFFFF]|\p{Surrogate}/gu
const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;', '\r': '&#13;' }

/** A text as it stands in an element or in an attribute, of HTML and of XML. What cannot stand there becomes U+FFFD. */
export function escapeText(text: string): string {
  return text.replaceAll(/[&<>"'\r]/g, (character) => entities[character] ?? character).replaceAll(impossible, '\uFFFD')
}

/**
 * Puts HTML or XML together. Whatever stands in it and is not markup is escaped.
 * @example markup`<td title="${hint}">${text}</td>`
 */
export function markup(strings: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  return { markup: strings.reduce((all, string, index) => all + textOf(values[index - 1]) + string) }
}

function textOf(value: MarkupValue): string {
  if (value === undefined) return ''
  if (typeof value === 'string') return escapeText(value)
  if (typeof value === 'number') return String(value)
  return 'markup' in value ? value.markup : value.map(textOf).join('')
}
