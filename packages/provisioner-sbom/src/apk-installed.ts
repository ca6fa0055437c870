import type { InstalledPackage } from './installed-package.ts'

/** Reads apk's database of installed packages: paragraphs of lines such as `P:busybox`. */
export function parseApkInstalled(text: string): InstalledPackage[] {
  return text.split(/\n{2,}/).flatMap((paragraph) => {
    const fields = new Map(paragraph.split('\n').map((line) => [line.slice(0, 1), line.slice(2).trim()]))
    const [name, version] = [fields.get('P'), fields.get('V')]
    if (name === undefined || version === undefined) return []
    const [source, license, supplier, homepage] = [fields.get('o'), fields.get('L'), fields.get('m'), fields.get('U')]
    return [
      {
        type: 'apk',
        name,
        version,
        architecture: fields.get('A') ?? 'noarch',
        ...(source !== undefined && source !== name && { source }),
        ...(license !== undefined && { license }),
        ...(supplier !== undefined && { supplier }),
        ...(homepage !== undefined && { homepage }),
      },
    ]
  })
}
