import { basename } from 'node:path'

import type { StagedFile } from '@imago/configuration-management'
import { agentInputs, agentIssues, pathInputs, withAgent } from '@imago/configuration-management'
import type { LocalInput, ProvisionContext, Provisioner, Scope, StepOptions } from '@imago/core'
import { optionSchema, resolveFacts, splitStepOptions } from '@imago/core'
import * as v from 'valibot'

import { puppetProgram } from './puppet-program.ts'
import type { PuppetOptions } from './puppet-run.ts'
import { factEnvironment, puppetEntries, runPuppet } from './puppet-run.ts'

/** What `puppetApply` takes beside the common options of steps. */
export interface PuppetApplyOptions extends PuppetOptions {
  /** A manifest, or a folder of manifests. Packer: `manifest_file`. */
  readonly manifest: string
  /** Folders that hold modules. Those that the machine has already are found too. Packer: `module_paths`. @default none */
  readonly modules?: readonly string[]
  /** A `hiera.yaml`, and the data that it refers to. Packer: `hiera_config_path`. @default what the machine has */
  readonly hiera?: HieraOptions
  /** Folder of the machine to run in. Packer: `working_directory`. @default the staging directory */
  readonly workdir?: string
}

/** Where Hiera finds what it looks up. */
export interface HieraOptions {
  /** The `hiera.yaml`. */
  readonly config: string
  /** Folders and files that stand beside it in the machine, under their own names: `datadir: data` finds `'puppet/data'`. @default none */
  readonly data?: readonly string[]
}

const schema = v.strictObject({
  ...puppetEntries,
  manifest: optionSchema.text,
  modules: v.optional(v.array(optionSchema.text)),
  hiera: v.optional(v.strictObject({ config: optionSchema.text, data: v.optional(v.array(optionSchema.text)) })),
  workdir: v.optional(optionSchema.text),
})

/**
 * Applies a Puppet manifest in the machine, without a server. What it needs goes over in one stream, into a directory that is gone when
 * it is over; facts are in no process list.
 *
 * Fails with `COMMAND_FAILED` and Puppet's own exit code when the catalog does not compile or a resource fails (it is named), with
 * `TOOL_MISSING` when there is no Puppet and `install` brings none, and with `INPUT_MISSING` when a file is gone.
 * @example puppetApply({ manifest: 'site.pp', modules: ['modules'], install: 'package' })
 * @example puppetApply({ manifest: 'manifests/', hiera: { config: 'hiera.yaml', data: ['data'] }, facts: { role: 'web' } })
 */
export function puppetApply<const N extends string = never>(options: PuppetApplyOptions & StepOptions & Scope<N>): Provisioner<NoInfer<N>> {
  const { common, own } = splitStepOptions(options)
  return {
    kind: 'provisioner',
    type: 'puppet-apply',
    ...common,
    options: own,
    title: typeof own.manifest === 'string' ? `puppet apply ${basename(own.manifest)}` : 'puppet apply',
    validate: () => [...optionSchema.schemaIssues(schema, own), ...agentIssues(own)],
    inputs: () => inputs(own),
    platform: 'posix',
    cacheable: { revision: 1 },
    provision: async (ctx) => await apply(own, ctx),
  }
}

function inputs(options: Partial<Record<keyof PuppetApplyOptions, unknown>>): readonly LocalInput[] {
  const { manifest, modules, hiera } = options
  const { config, data }: Partial<Record<keyof HieraOptions, unknown>> = typeof hiera === 'object' && hiera !== null ? hiera : {}
  return [
    ...pathInputs('manifest', manifest),
    ...pathInputs('modules', modules, 'directory'),
    ...[...pathInputs('config', config, 'file'), ...pathInputs('data', data)].map((input) => ({ ...input, at: ['hiera', ...input.at] })),
    ...agentInputs(options),
  ]
}

async function apply(options: PuppetApplyOptions, ctx: ProvisionContext): Promise<void> {
  const { manifest, modules = [], hiera, workdir, extraArguments = [] } = options
  const manifestPath = `manifests/${basename(manifest)}`
  const files: readonly StagedFile[] = [
    { to: manifestPath, path: manifest },
    ...modules.map((path, index) => ({ to: `modules/${index}`, path })),
    ...(hiera === undefined ? [] : [{ to: 'hiera/hiera.yaml', path: hiera.config }]),
    ...(hiera?.data ?? []).map((path) => ({ to: `hiera/${basename(path)}`, path })),
  ]
  const env = factEnvironment(options, ctx)
  await withAgent({ agent: puppetProgram, options, files, env }, ctx, async (ready) => {
    const folders = modules.map((_, index) => `${ready.directory}/modules/${index}`)
    const args = [
      ...(folders.length === 0 ? [] : [`--modulepath=${[...folders, '$basemodulepath'].join(':')}`]), // Puppet's own variable
      ...(hiera === undefined ? [] : [`--hiera_config=${ready.directory}/hiera/hiera.yaml`]),
      ...resolveFacts(extraArguments, ctx.facts),
      `${ready.directory}/${manifestPath}`,
    ]
    await runPuppet(ready, { command: 'apply', args, cwd: workdir }, options)
  })
}
