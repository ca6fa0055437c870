import { secretForms } from './secret-forms.ts'

const mask = '<secret>'

/** Masks secrets in text. What is added later is masked from then on. */
export class Redactor {
  #forms: readonly string[] = []
  #expression: RegExp | undefined

  /** Masks a value in all its forms. Values of less than 4 characters are left alone. */
  add(value: string): void {
    const known = new Set(this.#forms)
    const fresh = secretForms(value).filter((form) => !known.has(form))
    if (fresh.length === 0) return
    // the longest first, so that a form that contains another is masked whole
    this.#forms = [...this.#forms, ...fresh].toSorted((a, b) => b.length - a.length)
    this.#expression = new RegExp(this.#forms.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|'), 'g')
  }

  /** The text with every secret masked. */
  text(text: string): string {
    return this.#expression === undefined ? text : text.replace(this.#expression, mask)
  }

  /** A plain JSON value with every secret in its strings masked; the names of members stay. */
  value<T>(value: T): T {
    return this.#expression === undefined ? value : (this.#walk(value) as T) // the walk keeps the shape and changes strings only
  }

  #walk(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.#walk(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.#walk(member)]))
  }

  /** Splits text into what can be shown, masked, and an end that may be the beginning of a secret. */
  settle(text: string): { readonly shown: string; readonly held: string } {
    if (this.#expression === undefined) return { shown: text, held: '' }
    let cut = text.length - this.#unfinished(text)
    for (const match of text.matchAll(this.#expression)) {
      const end = match.index + match[0].length
      if (match.index < cut && end > cut) cut = end
    }
    return { shown: this.text(text.slice(0, cut)), held: text.slice(cut) }
  }

  /** How many characters at the end of the text are the beginning of a secret. */
  #unfinished(text: string): number {
    const last = text.at(-1)
    let longest = 0
    for (const form of this.#forms) {
      for (let length = Math.min(form.length - 1, text.length); length > longest; length--) {
        if (form[length - 1] === last && text.endsWith(form.slice(0, length))) longest = length
      }
    }
    return longest
  }
}
