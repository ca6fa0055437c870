import { createHash } from 'node:crypto'
import { mkdir, readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'

import type { Artifact, BuildReport, Material, ProvenArtifact, Provenance, Report } from '@imago/core'
import { errorToJson, ImagoError, messageOf, systemCode } from '@imago/core'

import { usageError } from './arguments.ts'
import type { Definitions } from './commands/definition-flags.ts'
import type { Host } from './host.ts'
import { writeReportFile } from './report-file.ts'
import { errorLines } from './report/error-lines.ts'
import { lookOf } from './report/look.ts'
import { stateDirectory } from './state-directory.ts'

/** How statements of provenance are written. */
export interface ProvenanceFileOptions {
  readonly provenance: boolean
  /** Where those are of artifacts that are no files, as the user wrote it. @default `.imago/provenance` of the current folder */
  readonly 'provenance-dir': string | undefined
  readonly noColor: boolean
}

/** Writes the statements of a run. */
export interface ProvenanceFiles {
  /**
   * Writes a statement for each artifact, each past the failure of the others, which stderr tells.
   * @returns whether all were written
   */
  write(report: Report): Promise<boolean>
}

/**
 * Prepares the statements of a run; `undefined` when none are wanted.
 * @throws ImagoError `USAGE` when the folder for them cannot be made
 */
export async function prepareProvenance(options: ProvenanceFileOptions, host: Host): Promise<ProvenanceFiles | undefined> {
  const { provenance, 'provenance-dir': given } = options
  if (!provenance && given !== undefined) throw usageError('--provenance-dir needs --provenance beside it')
  if (!provenance) return undefined
  const folder = resolve(host.cwd, given ?? join(stateDirectory(host.cwd), 'provenance'))
  await mkdir(folder, { recursive: true }).catch((error: unknown) => {
    throw usageError(
      `the folder for provenance, '${folder}', cannot be made: ${messageOf(error)}`,
      'check --provenance-dir and permissions',
    )
  })
  const { style } = lookOf(host, 'stderr', options)
  return {
    async write(report) {
      const written = report.builds
        .filter(({ status }) => status === 'succeeded')
        .map(async (build) => {
          try {
            await writeBuild(build, report.runId, folder)
            return true
          } catch (error) {
            host.stderr.write(`${errorLines(errorToJson(error), 'imago', style).join('\n')}\n`)
            return false
          }
        })
      return (await Promise.all(written)).every(Boolean)
    },
  }
}

async function writeBuild(build: BuildReport, runId: string, folder: string): Promise<void> {
  const { provenance } = build
  if (provenance === undefined) return await checkWritten(build, folder)
  const { provenanceStatement } = await import('@imago/report')
  for (const [path, artifacts] of placesOf(build, provenance, folder)) {
    const statement = provenanceStatement({ image: build.image, build: build.build, runId, provenance, artifacts })
    await writeReportFile(path, `${JSON.stringify(statement, undefined, 2)}\n`)
  }
}

/** The files of definitions, which the build is told by. */
export async function definitionMaterials(definitions: Definitions, cwd: string): Promise<readonly Material[]> {
  return await Promise.all(
    definitions.map(async ({ file }) => ({
      name: file,
      digest: {
        sha256: createHash('sha256')
          .update(await readFile(resolve(cwd, file)))
          .digest('hex'),
      },
    })),
  )
}

/** Beside the first file of each artifact; one for all those of a build that are no files. */
function placesOf(build: BuildReport, { artifacts }: Provenance, folder: string): ReadonlyMap<string, readonly ProvenArtifact[]> {
  const places = new Map<string, ProvenArtifact[]>()
  for (const proven of artifacts) {
    const path = placeOf(build, proven.artifact, folder)
    places.set(path, [...(places.get(path) ?? []), proven])
  }
  return places
}

function placeOf({ image, build }: BuildReport, { files = [] }: Artifact, folder: string): string {
  const [first] = files
  return first === undefined ? join(folder, `${image}.${build}.provenance.json`) : `${first.path}.provenance.json`
}

/** A build that is up to date has made nothing that could be told of now. What told of it then must be there. */
async function checkWritten(build: BuildReport, folder: string): Promise<void> {
  for (const artifact of build.artifacts) {
    const path = placeOf(build, artifact, folder)
    const text = await readFile(path, 'utf8').catch((error: unknown) => {
      if (systemCode(error) === 'ENOENT') return ''
      throw error
    })
    const digest = artifact.files?.[0]?.sha256 ?? artifact.id.replace(/^sha256:/, '')
    if (text.includes(digest)) continue
    throw new ImagoError(
      'UNSUPPORTED',
      `${build.image}.${build.build} is up to date, and nothing tells how it was built: '${path}' is missing, or of another build`,
      {
        hint: 'build it again with --no-cache',
      },
    )
  }
}
