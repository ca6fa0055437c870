import type { InstalledPackage } from './installed-package.ts'

/** Asks rpm for what {@link parseRpmQuery} reads: its database can be read by itself only. */
export const rpmQuery: readonly string[] = [
  'rpm',
  '-qa',
  '--queryformat',
  '%{NAME}\\t%|EPOCH?{%{EPOCH}:}|%{VERSION}-%{RELEASE}\\t%{ARCH}\\t%{SOURCERPM}\\t%{LICENSE}\\t%{VENDOR}\\t%{URL}\\n',
]

/** Reads the answer to {@link rpmQuery}. Keys of repositories, which rpm lists as packages, are left out. */
export function parseRpmQuery(text: string): InstalledPackage[] {
  return text.split('\n').flatMap((line) => {
    const [name = '', version = '', architecture = '', ...rest] = line.split('\t')
    const [source, license, supplier, homepage] = rest.map((value) => (value === '(none)' || value === '' ? undefined : value))
    if (name === '' || name === 'gpg-pubkey') return []
    return [
      {
        type: 'rpm',
        name,
        version,
        architecture: architecture === '(none)' ? 'noarch' : architecture,
        ...(source !== undefined && { source }),
        ...(license !== undefined && { license }),
        ...(supplier !== undefined && { supplier }),
        ...(homepage !== undefined && { homepage }),
      },
    ]
  })
}
