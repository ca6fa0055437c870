import type { InstalledPackage } from './installed-package.ts'
import { packageUrl } from './package-url.ts'
import type { SbomRequest } from './sbom-document.ts'

const systemId = 'SPDXRef-system'

/** A document of SPDX 2.3 (https://spdx.github.io/spdx-spec/v2.3/). Licenses are what packages say, which is often no expression: a comment. */
export function spdxDocument({ image, build, inventory, uuid, created }: SbomRequest): object {
  const { system, packages } = inventory
  const name = `${image}-${build}`
  const common = { downloadLocation: 'NOASSERTION', filesAnalyzed: false, licenseConcluded: 'NOASSERTION', copyrightText: 'NOASSERTION' }
  const entry = (installed: InstalledPackage, index: number): object => ({
    SPDXID: packageId(index),
    name: installed.name,
    versionInfo: installed.version,
    ...common,
    licenseDeclared: 'NOASSERTION',
    ...(installed.license !== undefined && { licenseComments: `the package says: ${installed.license}` }),
    ...(installed.supplier !== undefined && { supplier: `Organization: ${installed.supplier}` }),
    ...(installed.homepage !== undefined && { homepage: installed.homepage }),
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: packageUrl(installed, system) }],
  })
  return {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name,
    documentNamespace: `https://spdx.org/spdxdocs/${name}-${uuid}`,
    creationInfo: { created: created.toISOString().replace(/\.\d+Z$/, 'Z'), creators: ['Tool: imago'] },
    packages: [
      {
        SPDXID: systemId,
        name: system.id,
        ...(system.version !== undefined && { versionInfo: system.version }),
        summary: system.name,
        primaryPackagePurpose: 'OPERATING-SYSTEM',
        ...common,
        licenseDeclared: 'NOASSERTION',
      },
      ...packages.map(entry),
    ],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relationshipType: 'DESCRIBES', relatedSpdxElement: systemId },
      ...packages.map((_, index) => ({ spdxElementId: systemId, relationshipType: 'CONTAINS', relatedSpdxElement: packageId(index) })),
    ],
  }
}

function packageId(index: number): string {
  return `SPDXRef-package-${index + 1}`
}
