import type { DoctorCheck, Plugin } from '@imago/core'
import { errorToJson } from '@imago/core'

import { borrowedMachine } from './borrow-machine.ts'
import { findMachines, virtualBoxMachine } from './machine-resource.ts'
import { vboxManage } from './vbox-manage.ts'
import { virtualBoxVersion } from './version.ts'

/** What `imago sweep` and `imago doctor` need to know of this package. */
export const plugin: Plugin = {
  name: '@imago/builder-virtualbox',
  resourceKinds: [virtualBoxMachine, borrowedMachine],
  find: findMachines,
  doctor,
}

async function doctor(signal: AbortSignal): Promise<readonly DoctorCheck[]> {
  const name = 'VirtualBox'
  try {
    return [{ name, status: 'ok', detail: (await virtualBoxVersion(vboxManage(), signal)).full }]
  } catch (error) {
    const { message, hint } = errorToJson(error)
    return [{ name, status: 'missing', detail: message, ...(hint !== undefined && { hint }) }]
  }
}
