import type { BuildReport, Json, Material, ProvenArtifact, Provenance } from '@imago/core'

/** A resource, as in-toto describes one (https://github.com/in-toto/attestation/blob/main/spec/v1/resource_descriptor.md). */
export type ResourceDescriptor = Material

/** An in-toto statement of SLSA provenance (https://slsa.dev/spec/v1.0/provenance). Plain JSON. */
export interface ProvenanceStatement {
  readonly _type: 'https://in-toto.io/Statement/v1'
  readonly subject: readonly ResourceDescriptor[]
  readonly predicateType: 'https://slsa.dev/provenance/v1'
  readonly predicate: {
    readonly buildDefinition: {
      readonly buildType: string
      readonly externalParameters: Readonly<Record<string, Json>>
      readonly internalParameters?: Readonly<Record<string, Json>>
      readonly resolvedDependencies: readonly ResourceDescriptor[]
    }
    readonly runDetails: {
      readonly builder: { readonly id: string; readonly version: Readonly<Record<string, string>> }
      readonly metadata: { readonly invocationId: string; readonly startedOn: string; readonly finishedOn: string }
      readonly byproducts?: readonly ResourceDescriptor[]
    }
  }
}

/** What {@link provenanceStatement} takes. */
export interface ProvenBuild extends Pick<BuildReport, 'image' | 'build'> {
  readonly runId: string
  readonly provenance: Provenance
  /** Those that the statement is about: all of the build, or some. */
  readonly artifacts: readonly ProvenArtifact[]
}

/** A statement of how a build came to its artifacts: unsigned, to be signed by whoever vouches for the machine that built them. */
export function provenanceStatement({ image, build, runId, provenance, artifacts }: ProvenBuild): ProvenanceStatement {
  const { definition, materials, byproducts, cachedSteps, versions, startedAt, finishedAt } = provenance
  return {
    _type: 'https://in-toto.io/Statement/v1',
    subject: uniquelyNamed(artifacts.flatMap(({ subjects }) => subjects)),
    predicateType: 'https://slsa.dev/provenance/v1',
    predicate: {
      buildDefinition: {
        buildType: 'pkg:npm/%40imago/core#build/v1',
        // plain JSON, as plans are
        externalParameters: { image, build, definition: definition as unknown as Json },
        ...(cachedSteps.length > 0 && { internalParameters: { cachedSteps } }),
        resolvedDependencies: materials.filter(isDescriptor),
      },
      runDetails: {
        builder: { id: 'pkg:npm/%40imago/core', version: versions },
        metadata: { invocationId: runId, startedOn: startedAt, finishedOn: finishedAt },
        ...(byproducts.length > 0 && { byproducts }),
      },
    },
  }
}

/** A descriptor needs one of these. */
function isDescriptor({ uri, digest }: Material): boolean {
  return uri !== undefined || digest !== undefined
}

/** Names of subjects tell them apart: of two that are called the same, the second is `name (2)`. Subjects that are equal are one. */
function uniquelyNamed(subjects: readonly Material[]): readonly Material[] {
  const known = new Map<string, Material>()
  for (const subject of subjects) {
    const same = [...known.values()].some(
      (other) => JSON.stringify(other.digest) === JSON.stringify(subject.digest) && subject.name === other.name,
    )
    if (same) continue
    const { name = '_' } = subject
    let free = name
    for (let count = 2; known.has(free); count++) free = `${name} (${count})`
    known.set(free, { ...subject, name: free })
  }
  return [...known.values()]
}
