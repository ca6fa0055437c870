/** A value of a setting: text, a list of texts, or Ruby as it stands. */
export type Setting = string | readonly string[] | { readonly ruby: string } | undefined

/** Settings of Chef as Ruby reads them, a line each; those without a value are left out. */
export function rubySettings(settings: Readonly<Record<string, Setting>>): string {
  return Object.entries(settings)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name} ${rubyValue(value)}\n`]))
    .join('')
}

function rubyValue(value: NonNullable<Setting>): string {
  if (typeof value === 'string') return rubyString(value)
  return 'ruby' in value ? value.ruby : `[${value.map(rubyString).join(', ')}]`
}

/** Between single quotes Ruby takes everything as it is but the quote and the backslash. */
export function rubyString(text: string): string {
  return `'${text.replaceAll(/[\\']/g, (character) => `\\${character}`)}'`
}
