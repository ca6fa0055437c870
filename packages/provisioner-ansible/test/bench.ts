import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

import type { Builder, ErrorJson, RunOptions, StepOptions } from '@imago/core'
import { defineImage, run } from '@imago/core'
import { recorder } from '@imago/testing'
import type { Recorder } from '@imago/testing'

import { ansible } from '../src/index.ts'
import type { AnsibleOptions } from '../src/index.ts'

/** A folder with the files of a definition. */
export interface Definition extends AsyncDisposable {
  readonly directory: string
  /** Writes a file, and the folders that it is in. */
  write(path: string, content: string): Promise<void>
}

/** Makes a folder with files in it. */
export async function makeDefinition(files: Readonly<Record<string, string>> = {}): Promise<Definition> {
  const directory = await mkdtemp(join(tmpdir(), 'ansible-test-'))
  const write = async (path: string, content: string): Promise<void> => {
    await mkdir(dirname(join(directory, path)), { recursive: true })
    await writeFile(join(directory, path), content)
  }
  for (const [path, content] of Object.entries(files)) await write(path, content)
  return { directory, write, [Symbol.asyncDispose]: async () => await rm(directory, { recursive: true, force: true }) }
}

/** What came of a build with one `ansible` step. */
export interface Outcome {
  readonly status: string
  readonly error: ErrorJson | undefined
  readonly said: Recorder
  /** Messages, without those of debugging. */
  readonly messages: readonly string[]
  /** What the step left on this machine: its folder, and processes that know of it. */
  readonly left: readonly string[]
}

/** Builds with one `ansible` step. */
export async function runOn(
  builder: Builder,
  options: AnsibleOptions & StepOptions,
  more: RunOptions & { readonly directory: string },
): Promise<Outcome> {
  const said = recorder()
  const image = defineImage({ name: 'test', builders: { machine: builder }, provisioners: [ansible(options)] })
  const { onEvent } = more
  const report = await run(image, {
    stateDirectory: join(more.directory, '.imago'),
    ...more,
    onEvent: (event) => {
      said.onEvent(event)
      onEvent?.(event)
    },
  })
  const [build] = report.builds
  return {
    status: report.status,
    error: build?.error,
    said,
    messages: said.of('message').flatMap(({ level, text }) => (level === 'debug' ? [] : [text])),
    left: [...said.unbalanced(), ...leftovers(said)],
  }
}

function leftovers(said: Recorder): readonly string[] {
  const sessions = said.of('resource-acquired').filter(({ resource }) => resource.kind === 'ansible-session')
  return sessions.flatMap(({ resource }) => {
    const folder = join(tmpdir(), resource.name.slice(resource.name.lastIndexOf('imago-')))
    return [...(existsSync(folder) ? [folder] : []), ...processesAbout(folder)]
  })
}

/** Processes whose command line has a text. */
export function processesAbout(text: string): readonly string[] {
  const lines = execFileSync('ps', ['-ww', '-eo', 'pid=,stat=,args='], { encoding: 'utf8' }).split('\n')
  return lines.filter((line) => line.includes(text) && !/^\s*\d+\s+Z/.test(line))
}
