import { packageUrl } from './package-url.ts'
import type { SbomRequest } from './sbom-document.ts'

/** A document of CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/). */
export function cyclonedxDocument({ image, build, inventory, uuid, created }: SbomRequest): object {
  const { system, packages } = inventory
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuid}`,
    version: 1,
    metadata: {
      timestamp: created.toISOString(),
      tools: { components: [{ type: 'application', name: 'imago' }] },
      component: { type: 'operating-system', 'bom-ref': 'system', name: `${image}-${build}`, description: system.name },
    },
    components: [
      { type: 'operating-system', name: system.id, ...(system.version !== undefined && { version: system.version }) },
      ...packages.map((installed) => {
        const purl = packageUrl(installed, system)
        const { name, version, license, supplier, homepage } = installed
        return {
          type: 'library',
          'bom-ref': purl,
          name,
          version,
          purl,
          ...(license !== undefined && { licenses: [{ license: { name: license } }] }),
          ...(supplier !== undefined && { supplier: { name: supplier } }),
          ...(homepage !== undefined && { externalReferences: [{ type: 'website', url: homepage }] }),
        }
      }),
    ],
  }
}
