import type { BuildContext } from '@imago/core'
import { ImagoError } from '@imago/core'

import { machineInfo } from './machine-info.ts'
import type { MadeMachine } from './make-machine.ts'
import { removeMachine } from './machine-resource.ts'
import type { AnyOptions } from './virtualbox-options.ts'
import type { KeptMachine } from './virtualbox-result.ts'
import type { VirtualBox } from './virtualbox.ts'

/** What the machine is called in the end. */
export function finalName({ name }: Pick<AnyOptions, 'name'>, { image, build }: Pick<BuildContext, 'image' | 'build'>): string {
  return name ?? `${image}-${build}`
}

/** Whether the machine stays in VirtualBox. */
export function staysRegistered({ keepRegistered = false, result }: Pick<AnyOptions, 'keepRegistered' | 'result'>): boolean {
  return keepRegistered || result.format === 'registered'
}

/**
 * Makes sure that no other machine has the name that a machine is to keep.
 * @throws ImagoError `DEFINITION_INVALID` when one has it, and it is not to be replaced
 */
export async function checkName(options: AnyOptions, ctx: BuildContext, box: VirtualBox): Promise<void> {
  const name = finalName(options, ctx)
  if (!staysRegistered(options) || options.force === true) return
  if ((await machineInfo(box, name, ctx.signal)) !== undefined) throw nameTaken(name)
}

/** The error of a name that another machine has. */
export function nameTaken(name: string): ImagoError {
  return new ImagoError('DEFINITION_INVALID', `VirtualBox has a machine '${name}' already`, {
    hint: "choose another 'name', or replace that machine with 'force: true'",
  })
}

/** Gives the machine its own name, in the place of one that is to be replaced, and lets it stay. */
export async function keepMachine(
  options: AnyOptions,
  made: MadeMachine,
  { box, ctx }: { readonly box: VirtualBox; readonly ctx: BuildContext },
): Promise<KeptMachine> {
  const { signal } = ctx
  const name = finalName(options, ctx)
  if (options.force === true) await removeMachine(box, name, signal)
  const uuid = (await machineInfo(box, made.name, signal))?.get('UUID') ?? ''
  await box.manage(['modifyvm', made.name, '--name', name], { signal })
  await made.resource.disown()
  return { name, uuid }
}
