import { secretForms, shortestForm } from './secret-forms.ts'

const mask = '<secret>'

/**
 * Masks secrets in text. What is added later is masked from then on. One pass over the text, whatever the number of secrets: a private
 * key alone has hundreds of forms.
 */
export class Redactor {
  readonly #forms = new Set<string>()
  /** The forms by their first {@link shortestForm} characters, the longest first, so that a form that contains another is masked whole. */
  readonly #byStart = new Map<string, string[]>()
  /** What is shorter than {@link shortestForm} and may become a form. */
  readonly #beginnings = new Set<string>()
  /** Marks the hashes of the keys of `#byStart`: most places in a text are passed over with one look here. */
  readonly #marks = new Uint8Array(0x1_0000)

  /** Masks a value in all its forms. Values of less than 4 characters are left alone. */
  add(value: string): void {
    for (const form of secretForms(value)) {
      if (this.#forms.has(form)) continue
      this.#forms.add(form)
      const start = form.slice(0, shortestForm)
      this.#byStart.set(
        start,
        [...(this.#byStart.get(start) ?? []), form].toSorted((a, b) => b.length - a.length),
      )
      this.#marks[hashAt(form, 0)] = 1
      for (let length = 1; length < shortestForm; length++) this.#beginnings.add(form.slice(0, length))
    }
  }

  /** The text with every secret masked. */
  text(text: string): string {
    const { shown, held } = this.#scan(text, () => false)
    return shown + held
  }

  /** A plain JSON value with every secret in its strings masked; the names of members stay. */
  value<T>(value: T): T {
    return this.#forms.size === 0 ? value : (this.#walk(value) as T) // the walk keeps the shape and changes strings only
  }

  #walk(value: unknown): unknown {
    if (typeof value === 'string') return this.text(value)
    if (Array.isArray(value)) return value.map((item) => this.#walk(item))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, this.#walk(member)]))
  }

  /** Splits text into what can be shown, masked, and an end that may be the beginning of a secret. */
  settle(text: string): { readonly shown: string; readonly held: string } {
    return this.#scan(text, (at) => this.#isUnfinished(text, at))
  }

  /** Masks from left to right, up to the first place that must wait. */
  #scan(text: string, mustWait: (at: number) => boolean): { readonly shown: string; readonly held: string } {
    if (this.#forms.size === 0) return { shown: text, held: '' }
    let shown = ''
    let from = 0
    for (let at = 0; at < text.length;) {
      const marked = at > text.length - shortestForm || this.#marks[hashAt(text, at)] === 1
      if (marked && mustWait(at)) return { shown: shown + text.slice(from, at), held: text.slice(at) }
      const form = marked ? this.#formsAt(text, at).find((candidate) => text.startsWith(candidate, at)) : undefined
      if (form === undefined) {
        at++
        continue
      }
      shown += text.slice(from, at) + mask
      at += form.length
      from = at
    }
    return { shown: shown + text.slice(from), held: '' }
  }

  /** Whether the rest of the text may be the beginning of a secret. */
  #isUnfinished(text: string, at: number): boolean {
    const length = text.length - at
    if (length < shortestForm) return this.#beginnings.has(text.slice(at))
    return this.#formsAt(text, at).some((form) => form.length > length && form.startsWith(text.slice(at)))
  }

  #formsAt(text: string, at: number): readonly string[] {
    return this.#byStart.get(text.slice(at, at + shortestForm)) ?? []
  }
}

/** 16 bits of the {@link shortestForm} characters at a place. */
function hashAt(text: string, at: number): number {
  const pair = text.charCodeAt(at) ^ (text.charCodeAt(at + 1) << 5)
  return (pair ^ (text.charCodeAt(at + 2) << 10) ^ (text.charCodeAt(at + 3) * 40_503)) & 0xffff
}
