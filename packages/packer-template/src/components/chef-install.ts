import type { ChefSoloOptions, CommandInstallation, ScriptInstallation } from '@imago/provisioner-chef'

import { preparedText } from '../mapping/coercions.ts'
import { isYes } from '../mapping/current-value.ts'
import { isThere } from '../mapping/group.ts'
import type { Model } from '../mapping/known.ts'
import type { ComponentContext, Composed } from '../mapping/table.ts'
import { inside } from '../reports.ts'
import { foldFields } from '../text/fold-fields.ts'
import { needsOf } from '../text/text-needs.ts'
import { onlyUnix, unseenScript } from './agent.ts'
import { optionField, textField } from './chef-config.ts'

type License = NonNullable<ChefSoloOptions['license']>

/** Where Packer's provisioners have their script from. */
const omnitruck = 'https://omnitruck.chef.io/install.sh'

/** What options say of installing Chef. */
export interface GivenInstallation {
  readonly skip_install?: Model<boolean>
  readonly version?: Model<string>
  readonly chef_license?: Model<License>
}

/** Packer's provisioners install Chef unless they are told not to. */
export function installed(given: GivenInstallation, ctx: ComponentContext): Pick<Composed<ChefSoloOptions>, 'install' | 'license'> {
  onlyUnix('guest_os_type', ctx)
  const license = licenseOf(given, ctx)
  const install = isYes(given.skip_install) ? undefined : (commandOf(ctx) ?? scriptOf(given))
  return { ...(install !== undefined && { install }), ...(license !== undefined && { license }) }
}

/** They accept its licence where they install it in their own way. */
export function licenseOf(given: GivenInstallation, ctx: ComponentContext): Model<License> | undefined {
  const isPackers = !isYes(given.skip_install) && !ctx.options.members.has('install_command')
  return isPackers && !isThere(given.chef_license) ? 'accept-silent' : given.chef_license
}

function scriptOf({ version }: GivenInstallation): Model<ScriptInstallation> {
  return unseenScript(omnitruck, version === undefined ? [] : ['-v', version])
}

/** `install_command`. It runs as root here: the `{{if .Sudo}}` in it is as if it were not there. */
function commandOf(ctx: ComponentContext): Model<CommandInstallation> | undefined {
  const member = ctx.options.members.get('install_command')
  if (member === undefined) return undefined
  const fields = { Sudo: textField(false), Version: optionField('version', ctx) }
  const read = preparedText((text) => {
    const nodes = foldFields(text.nodes, fields)
    return { source: text.source, nodes, needs: needsOf(nodes) }
  })
  const command = read(member.value, { ...ctx, ...inside(ctx, member.at, 'install_command') })
  return command === undefined ? undefined : { command }
}
