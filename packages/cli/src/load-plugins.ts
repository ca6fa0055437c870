import type { Plugin } from '@imago/core'
import { ImagoError, messageOf } from '@imago/core'

import { amazonPackage } from './amazon-package.ts'
import { firstPartyPackages } from './first-party.ts'
import type { Host } from './host.ts'
import type { ModuleLoader } from './import-module.ts'

/** What became of a package that was asked for. */
export type LoadedPlugin =
  | { readonly name: string; readonly status: 'loaded'; readonly plugin: Plugin }
  | { readonly name: string; readonly status: 'not-installed' }
  | { readonly name: string; readonly status: 'broken'; readonly why: string }

/** Imago's own plugins, as a file in `folder` would import them. */
export function loadFirstPartyPlugins(folder: string, modules: ModuleLoader): Promise<LoadedPlugin[]> {
  return Promise.all(
    firstPartyPackages.map(async (name): Promise<LoadedPlugin> => {
      try {
        const module = await modules.importPackage(name, folder)
        return module === undefined ? { name, status: 'not-installed' } : { name, status: 'loaded', plugin: pluginOf(name, module) }
      } catch (error) {
        return { name, status: 'broken', why: messageOf(error) }
      }
    }),
  )
}

/** Imago's own plugins that ask nobody in the cloud; those that are broken are told of. */
export async function installedPlugins(host: Host): Promise<Plugin[]> {
  const loaded = await loadFirstPartyPlugins(host.cwd, host.modules)
  return loaded.flatMap((result) => {
    if (result.status === 'broken') host.stderr.write(`warning: ${result.name} cannot be loaded: ${result.why}\n`)
    return result.status === 'loaded' && result.name !== amazonPackage ? [result.plugin] : []
  })
}

/**
 * The plugin of a package that a journal names.
 * @throws ImagoError `TOOL_MISSING` when it is not installed
 */
export async function loadPlugin(name: string, folder: string, modules: ModuleLoader): Promise<Plugin> {
  const module = await modules.importPackage(name, folder)
  if (module === undefined) {
    throw new ImagoError('TOOL_MISSING', `the package '${name}' is not installed`, { hint: `npm install ${name}` })
  }
  return pluginOf(name, module)
}

function pluginOf(name: string, module: object): Plugin {
  if ('plugin' in module && isPlugin(module.plugin)) return module.plugin
  throw new ImagoError('INTERNAL', `the package '${name}' exports no plugin`)
}

function isPlugin(value: unknown): value is Plugin {
  return typeof value === 'object' && value !== null && 'name' in value && 'resourceKinds' in value && Array.isArray(value.resourceKinds)
}
