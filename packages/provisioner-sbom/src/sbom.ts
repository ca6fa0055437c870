import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'

import type { FromFacts, Provisioner, ProvisionContext, Scope, StepOptions } from '@imago/core'
import { optionSchema, resolveFacts, splitStepOptions, writeOutputFile } from '@imago/core'
import * as v from 'valibot'

import { cyclonedxDocument } from './cyclonedx.ts'
import { spdxDocument } from './spdx.ts'
import { takeInventory } from './take-inventory.ts'

/** What {@link sbom} takes beside the common options. */
export interface SbomOptions {
  /** SPDX 2.3 or CycloneDX 1.6, in JSON. */
  readonly format: 'spdx' | 'cyclonedx'
  /** The file to write, relative to the definition. What is there is replaced. @default `<image>-<build>.spdx.json`, `<image>-<build>.cdx.json` */
  readonly output?: FromFacts<string>
}

const schema = v.strictObject({
  format: v.picklist(['spdx', 'cyclonedx']),
  output: v.optional(optionSchema.fromFacts(optionSchema.text)),
})

const formats = {
  spdx: { document: spdxDocument, ending: 'spdx.json' },
  cyclonedx: { document: cyclonedxDocument, ending: 'cdx.json' },
} as const

/**
 * Writes a bill of materials: which packages the machine's dpkg, rpm or apk have installed at this point. Put it after the steps that
 * install; it changes nothing in the machine.
 *
 * Fails with `UNSUPPORTED` when the machine has no packages, `TOOL_MISSING` when its packages are rpm's and rpm is not there,
 * `OUTPUT_UNWRITABLE`, `DISK_FULL`.
 * @example sbom({ format: 'spdx', output: 'out/cow.spdx.json' })
 */
export function sbom<const N extends string = never>(options: SbomOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own } = splitStepOptions(options)
  const { output } = own
  return {
    kind: 'provisioner',
    type: 'sbom',
    ...common,
    options: own,
    title: typeof output === 'string' ? `write ${output}` : `list the packages (${own.format})`,
    validate: () => optionSchema.schemaIssues(schema, own),
    platform: 'posix',
    cacheable: { never: 'it writes to this machine, of which there is no snapshot' },
    outputs: () => (typeof output === 'string' ? [{ path: output, at: ['output'] }] : []),
    provision: (ctx) => writeSbom(own, ctx),
  }
}

async function writeSbom({ format, output }: SbomOptions, ctx: ProvisionContext): Promise<void> {
  const { image, build, directory, emit, facts } = ctx
  const inventory = await takeInventory(ctx)
  const { document, ending } = formats[format]
  const path = resolve(directory, output === undefined ? `${image}-${build}.${ending}` : resolveFacts(output, facts))
  const content = document({ image, build, inventory, uuid: randomUUID(), created: new Date() })
  await writeOutputFile(path, [Buffer.from(`${JSON.stringify(content, undefined, 2)}\n`)], ctx)
  emit({ type: 'message', level: 'info', text: `${inventory.packages.length} packages of ${inventory.system.name} are listed in ${path}` })
}
