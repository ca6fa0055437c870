import type { OperatingSystem } from './installed-package.ts'

/** Reads the text of an os-release(5) file. */
export function parseOsRelease(text: string): OperatingSystem {
  const fields = new Map<string, string>()
  for (const line of text.split('\n')) {
    const [, name, value] = /^([A-Z_0-9]+)=(.+)$/.exec(line.trim()) ?? []
    if (name !== undefined && value !== undefined) fields.set(name, unquote(value))
  }
  const id = fields.get('ID') || 'linux' // empty quotes are as good as nothing
  const version = fields.get('VERSION_ID')
  return { id, ...(version !== undefined && { version }), name: fields.get('PRETTY_NAME') ?? fields.get('NAME') ?? id }
}

function unquote(value: string): string {
  const [, quote, inside] = /^(["'])(.*)\1$/.exec(value) ?? []
  if (quote === undefined || inside === undefined) return value
  return quote === '"' ? inside.replaceAll(/\\(["$`\\])/g, '$1') : inside
}
