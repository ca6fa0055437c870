import type { Material, PlannedBuild, Provenance } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { specIssues } from '../test/provenance-spec.ts'
import { provenanceStatement } from './provenance-statement.ts'

const definition: PlannedBuild = {
  build: 'docker',
  builderType: 'docker',
  makes: { type: 'docker-image', files: false },
  options: { image: 'debian:12', env: { TOKEN: { $secret: true } } },
  after: [],
  provisioners: [],
  errorCleanup: [],
  postProcessors: [],
}
const material = (name: string, digit: string): Material => ({ name, digest: { sha256: digit.repeat(64) } })
const artifact = (type: string, ...subjects: readonly Material[]): Provenance['artifacts'][number] => ({
  artifact: { type, id: '1' },
  subjects,
})
const provenance: Provenance = {
  startedAt: '2026-11-23T01:00:00.000Z',
  finishedAt: '2026-11-23T01:00:09.000Z',
  artifacts: [
    artifact('docker-image', material('cow', 'a')),
    artifact('files', material('cow.tar', 'b'), material('cow.tar', 'c'), material('cow', 'a')),
  ],
  definition,
  materials: [{ ...material('debian:12', 'd'), uri: 'pkg:docker/debian@12' }, { name: 'nothing is known of it' }],
  byproducts: [material('sbom.json', 'e')],
  cachedSteps: ['provisioners[0]'],
  versions: { '@imago/core': '0.1.0' },
}
const build = { image: 'web', build: 'docker', runId: 'a1b2c3d4', provenance, artifacts: provenance.artifacts }

describe('a statement of provenance', () => {
  test('is what in-toto and SLSA say that it is', () => {
    expect(specIssues(provenanceStatement(build))).toEqual([])
    expect(
      specIssues(provenanceStatement({ ...build, provenance: { ...provenance, byproducts: [], cachedSteps: [], materials: [] } })),
    ).toEqual([])
  })

  test('says what was made, of what, how, by whom and when', () => {
    expect(provenanceStatement(build)).toEqual({
      _type: 'https://in-toto.io/Statement/v1',
      subject: [material('cow', 'a'), material('cow.tar', 'b'), material('cow.tar (2)', 'c')],
      predicateType: 'https://slsa.dev/provenance/v1',
      predicate: {
        buildDefinition: {
          buildType: 'pkg:npm/%40imago/core#build/v1',
          externalParameters: { image: 'web', build: 'docker', definition },
          internalParameters: { cachedSteps: ['provisioners[0]'] },
          resolvedDependencies: [{ ...material('debian:12', 'd'), uri: 'pkg:docker/debian@12' }],
        },
        runDetails: {
          builder: { id: 'pkg:npm/%40imago/core', version: { '@imago/core': '0.1.0' } },
          metadata: { invocationId: 'a1b2c3d4', startedOn: '2026-11-23T01:00:00.000Z', finishedOn: '2026-11-23T01:00:09.000Z' },
          byproducts: [material('sbom.json', 'e')],
        },
      },
    })
  })

  test('may be about some of the artifacts', () => {
    expect(provenanceStatement({ ...build, artifacts: provenance.artifacts.slice(0, 1) }).subject).toEqual([material('cow', 'a')])
  })
})

test.each([
  ['a subject without a digest', { subject: [{ name: 'x' }] }, 'subject.0.digest'],
  ['two subjects of one name', { subject: [material('x', 'a'), material('x', 'b')] }, 'subject: names'],
  ['no subject', { subject: [] }, 'subject'],
  ['another type', { _type: 'https://in-toto.io/Statement/v0.1' }, '_type'],
  ['a member that there is not', { subjects: [] }, 'subjects'],
])('the test of the specification finds %s', (_, wrong, where) => {
  expect(specIssues({ ...provenanceStatement(build), ...wrong }).join()).toContain(where)
})
