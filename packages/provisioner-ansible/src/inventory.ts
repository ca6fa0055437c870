import type { Facts, JsonObject } from '@imago/core'
import { resolveFacts } from '@imago/core'

import type { PlaybookSettings } from './playbook-options.ts'
import { plainVariables } from './variables.ts'

/** What the inventory calls the machine when the options do not. */
export const defaultHostAlias = 'default'

/** What {@link inventory} needs of a step's context. */
export interface InventoryContext {
  readonly facts: Facts
  maskSecret(value: string): void
}

/**
 * The inventory of the machine, for a file that only its owner reads: JSON, which Ansible's YAML inventory plugin takes.
 * @param connection the variables by which Ansible gets into the machine
 */
export function inventory(settings: PlaybookSettings, connection: JsonObject, ctx: InventoryContext): JsonObject {
  const { hostAlias = defaultHostAlias, groups = [], emptyGroups = [], hostVariables = {}, become } = settings
  const password = typeof become === 'object' && become.password !== undefined ? { ansible_become_password: become.password } : {}
  const own = plainVariables({ ...resolveFacts(hostVariables, ctx.facts), ...password }, (value) => ctx.maskSecret(value))
  const members = groups.map((name) => [name, { hosts: { [hostAlias]: {} } }] as const)
  const empty = emptyGroups.filter((name) => !groups.includes(name)).map((name) => [name, { hosts: {} }] as const)
  return {
    all: {
      hosts: { [hostAlias]: { ...connection, ...own } },
      children: Object.fromEntries([...members, ...empty]),
    },
  }
}

/** The variables that go before all others: the build's, under our names and Packer's, and those of the options. */
export function extraVariables({ extraVariables = {} }: PlaybookSettings, ctx: InventoryContext): JsonObject {
  const { buildName, builderType, httpUrl } = ctx.facts
  return {
    imago_build_name: buildName,
    imago_builder_type: builderType,
    packer_build_name: buildName,
    packer_builder_type: builderType,
    ...(httpUrl !== undefined && {
      imago_http_url: httpUrl,
      packer_http_addr: httpUrl.replace(/^https?:\/\//, '').replace(/\/.*$/, ''),
    }),
    ...plainVariables(resolveFacts(extraVariables, ctx.facts), (value) => ctx.maskSecret(value)),
  }
}
