import { constants } from 'node:fs'
import { access, stat } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

import { applicableSteps } from './applicable-steps.ts'
import type { Builder, LocalInput, LocalOutput, Step } from './component.ts'
import { localFiles } from './component-checks.ts'
import { messageOf, systemCode } from './error.ts'
import type { Issue } from './issue.ts'
import { prefixIssues } from './issue.ts'
import type { BuildId } from './selection.ts'
import { qualifiedName } from './selection.ts'

/** A component of a selected build, and where it stands in the definition. */
interface Located {
  readonly build: BuildId
  readonly path: Issue['path']
  readonly inputs: readonly LocalInput[]
  readonly outputs: readonly LocalOutput[]
}

/** Looks for the local files that the selected builds read, and whether those that they write can be written, by one build only. */
export async function checkFiles(builds: readonly BuildId[], directory: string): Promise<Issue[]> {
  const components = builds.flatMap(componentsOf)
  const checks = components.flatMap(({ path, inputs, outputs }) => [
    ...inputs.map(async (input) => prefixIssues(path, await checkInput(input, directory))),
    ...outputs.map(async (output) => prefixIssues(path, await checkOutput(output, directory))),
  ])
  const issues = (await Promise.all(checks)).flat()
  return unique([...issues, ...checkCollisions(components, directory)])
}

function componentsOf(id: BuildId): Located[] {
  const builder = id.image.builders[id.build]
  if (builder === undefined) return []
  const { provisioners, errorCleanup, chains } = applicableSteps(id.image, id.build)
  const locate = (path: Issue['path'], component: Builder | Step): Located => ({ build: id, path, ...localFiles(component) })
  return [
    locate(['builders', id.build], builder),
    ...[...provisioners, ...errorCleanup, ...chains.flat()].map(({ ref, step }) => locate(pathOf(id, ref.id), step)),
  ]
}

/** `postProcessors[0][1]` as a path in the definition, where a chain of one need not be a list. */
function pathOf({ image }: BuildId, place: string): Issue['path'] {
  const path = place.split(/[[\]]+/).flatMap((part) => (part === '' ? [] : [/^\d+$/.test(part) ? Number(part) : part]))
  const [list, index] = path
  const isOnlyOne = list === 'postProcessors' && image.postProcessors[Number(index)]?.length === 1
  return isOnlyOne ? path.slice(0, 2) : path
}

async function checkInput(input: LocalInput, directory: string): Promise<Issue[]> {
  try {
    const found = await stat(resolve(directory, input.path))
    if (input.kind === 'file' && !found.isFile()) return [{ path: input.at, message: `'${input.path}' is not a file` }]
    if (input.kind === 'directory' && !found.isDirectory()) return [{ path: input.at, message: `'${input.path}' is not a directory` }]
    await access(resolve(directory, input.path), constants.R_OK)
    return []
  } catch (error) {
    if (systemCode(error) !== 'ENOENT') return [{ path: input.at, message: `'${input.path}' cannot be read: ${messageOf(error)}` }]
    return [{ path: input.at, message: `'${input.path}' does not exist`, hint: `looked in ${directory}` }]
  }
}

/** Looks upwards for the first folder that exists, and whether one can write there. */
async function checkOutput(output: LocalOutput, directory: string): Promise<Issue[]> {
  let folder = dirname(resolve(directory, output.path))
  for (;;) {
    try {
      const found = await stat(folder)
      if (!found.isDirectory()) return [{ path: output.at, message: `'${output.path}' cannot be written: '${folder}' is not a directory` }]
      await access(folder, constants.W_OK | constants.X_OK)
      return []
    } catch (error) {
      if (systemCode(error) !== 'ENOENT' || folder === dirname(folder))
        return [{ path: output.at, message: `'${output.path}' cannot be written: ${messageOf(error)}` }]
      folder = dirname(folder)
    }
  }
}

/** Two writers of one path would overwrite each other. */
function checkCollisions(components: readonly Located[], directory: string): Issue[] {
  const writers = new Map<string, { readonly build: string; readonly path: Issue['path'] }>()
  return components.flatMap(({ build, path, outputs }) =>
    outputs.flatMap((output): Issue[] => {
      if (output.shared === true) return []
      const target = resolve(directory, output.path)
      const first = writers.get(target)
      writers.set(target, first ?? { build: qualifiedName(build), path })
      if (first === undefined) return []
      const who = first.build === qualifiedName(build) ? 'another step too' : `the builds '${first.build}' and '${qualifiedName(build)}'`
      return [
        {
          path: [...path, ...output.at],
          message: `'${output.path}' is written by ${who}`,
          hint: 'give each a name of its own; a function of the facts can use facts.buildName',
        },
      ]
    }),
  )
}

function unique(issues: readonly Issue[]): Issue[] {
  return [...new Map(issues.map((issue) => [JSON.stringify(issue), issue])).values()]
}
