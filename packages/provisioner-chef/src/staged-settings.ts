import type { StagedFile } from '@imago/configuration-management'
import { plainData } from '@imago/configuration-management'
import type { ProvisionContext, Secret } from '@imago/core'
import { resolveFacts } from '@imago/core'

import type { ChefOptions } from './chef-options.ts'
import type { Setting } from './ruby-settings.ts'
import { rubySettings, rubyString } from './ruby-settings.ts'

/** Where the attributes are, below the staging directory. */
export const attributesFile = 'attributes.json'
/** Where the settings are, below the staging directory. */
export const settingsFile = 'settings.rb'

/** What {@link stagedSettings} takes. */
export interface SettingsRequest {
  readonly options: ChefOptions
  readonly runList: readonly string[] | undefined
  /** Settings, by name, given the staging directory. */
  readonly settings: (directory: string) => Readonly<Record<string, Setting>>
  /** Lines of Ruby that stand before them. @default none */
  readonly first?: (directory: string) => string
}

/** Settings, attributes and secrets. What Chef keeps for itself stays in the staging directory. */
export function stagedSettings(request: SettingsRequest, ctx: ProvisionContext): readonly StagedFile[] {
  const { options, runList, settings, first } = request
  const { attributes = {}, encryptedDataBagSecret, config } = options
  const json = { ...(runList !== undefined && { run_list: runList }), ...asObject(plainData(attributes, ctx)) }
  const text = (directory: string): string =>
    [
      first?.(directory) ?? '',
      rubySettings({
        ...settings(directory),
        encrypted_data_bag_secret: encryptedDataBagSecret === undefined ? undefined : `${directory}/data-bag-secret`,
        file_cache_path: `${directory}/cache`,
        file_backup_path: `${directory}/backup`,
        log_location: { ruby: 'STDOUT' },
      }),
      config === undefined ? '' : `from_file ${rubyString(`${directory}/extra.rb`)}\n`,
    ].join('')
  return [
    { to: settingsFile, content: text },
    { to: attributesFile, content: `${JSON.stringify(json, undefined, 2)}\n`, isPrivate: true },
    ...secretFile('data-bag-secret', encryptedDataBagSecret),
    ...extraSettings(config, ctx),
  ]
}

function extraSettings(config: ChefOptions['config'], { facts }: ProvisionContext): readonly StagedFile[] {
  if (config === undefined) return []
  if (typeof config === 'string') return [{ to: 'extra.rb', path: config }]
  const content = resolveFacts(config.content, facts)
  return [{ to: 'extra.rb', content: typeof content === 'string' ? content : content.map((line) => `${line}\n`).join('') }]
}

/** A file that holds a secret, from a file of this machine or from the secret itself. */
export function secretFile(to: string, value: string | Secret | undefined): readonly StagedFile[] {
  if (value === undefined) return []
  return [{ to, isPrivate: true, ...(typeof value === 'string' ? { path: value } : { content: value }) }]
}

function asObject(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {}
}
