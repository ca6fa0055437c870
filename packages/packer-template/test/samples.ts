import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { SkipReason } from '../../../test/requirement.ts'
import { skipWithout } from '../../../test/requirement.ts'
import type { TemplateFile, TemplateOptions } from '../src/index.ts'

/** Real templates, which stand beside the repository where there are any. */
const folder = fileURLToPath(new URL('../../../../shared/templates/json', import.meta.url))
const fixtures = fileURLToPath(new URL('fixtures', import.meta.url))

/** A part of the names of tests that need the templates. */
export const withoutSamples: SkipReason = skipWithout('templates', existsSync(folder) ? undefined : `there are no templates in ${folder}`)

/** A real template. */
export interface Sample {
  readonly name: string
  readonly path: string
  readonly file: TemplateFile
  readonly options: TemplateOptions
}

/** All of them. Those that declare variables without defaults get values from a file of fixtures. */
export function samples(): readonly Sample[] {
  if (withoutSamples !== '') return []
  return readdirSync(folder)
    .filter((name) => name.endsWith('.json'))
    .map((name) => {
      const path = join(folder, name)
      const values = join(fixtures, name.replace('@hist', ''))
      const files = existsSync(values) ? [{ path: values, text: readFileSync(values, 'utf8') }] : []
      return { name, path, file: { path: name, text: readFileSync(path, 'utf8') }, options: { directory: folder, variables: { files } } }
    })
}
