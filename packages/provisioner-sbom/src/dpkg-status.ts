import type { InstalledPackage } from './installed-package.ts'

/** Reads dpkg's status file, or a piece of one: paragraphs of fields (deb-control(5)). What is not installed is left out. */
export function parseDpkgStatus(text: string): InstalledPackage[] {
  return text.split(/\n{2,}/).flatMap((paragraph) => {
    const fields = fieldsOf(paragraph)
    const [name, version] = [fields.get('Package'), fields.get('Version')]
    const status = fields.get('Status') ?? 'install ok installed' // images without dpkg keep paragraphs without one
    if (name === undefined || version === undefined || !status.endsWith(' installed')) return []
    const source = fields.get('Source')?.split(' ')[0]
    const [supplier, homepage] = [fields.get('Maintainer'), fields.get('Homepage')]
    return [
      {
        type: 'deb',
        name,
        version,
        architecture: fields.get('Architecture') ?? 'all',
        ...(source !== undefined && source !== name && { source }),
        ...(supplier !== undefined && { supplier }),
        ...(homepage !== undefined && { homepage }),
      },
    ]
  })
}

function fieldsOf(paragraph: string): Map<string, string> {
  const lines = paragraph.split('\n').flatMap((line) => {
    const [, name, value] = /^([A-Za-z][\w-]*):\s*(.*)$/.exec(line) ?? [] // a line that goes on begins with a space
    return name === undefined || value === undefined ? [] : [[name, value.trim()] as const]
  })
  return new Map(lines)
}
