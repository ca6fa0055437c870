import type { DoctorCheck, Plugin } from '@imago/core'
import { errorToJson } from '@imago/core'

import { acceleratorOf } from './accelerator-of.ts'
import { findFirmware } from './firmware.ts'
import { findMachines, qemuMachine } from './machine-resource.ts'
import { runTool, swtpmHint } from './run-tool.ts'
import { qemuSnapshots } from './snapshots.ts'

const program = 'qemu-system-x86_64'

/** What `imago sweep` and `imago doctor` need to know of this package. */
export const plugin: Plugin = {
  name: '@imago/builder-qemu',
  resourceKinds: [qemuMachine],
  snapshots: { qemu: qemuSnapshots },
  find: findMachines,
  doctor,
}

async function doctor(signal: AbortSignal): Promise<readonly DoctorCheck[]> {
  const system = await check('QEMU', async () => ({ detail: await version(program, signal) }))
  if (system.status === 'missing') return [system]
  return [
    system,
    await check('qemu-img', async () => ({ detail: await version('qemu-img', signal) })),
    await check('accelerator', () => accelerator(signal)),
    await check('UEFI firmware', async () => ({ detail: (await findFirmware({ arch: 'x86_64', secureBoot: false })).code })),
    await check('swtpm', async () => ({ detail: await version('swtpm', signal, swtpmHint) })),
  ]
}

type Finding = Pick<DoctorCheck, 'detail'> & Partial<Pick<DoctorCheck, 'status' | 'hint'>>

async function check(name: string, look: () => Promise<Finding>): Promise<DoctorCheck> {
  try {
    return { name, status: 'ok', ...(await look()) }
  } catch (error) {
    const { message, hint } = errorToJson(error)
    return { name, status: 'missing', detail: message, ...(hint !== undefined && { hint }) }
  }
}

async function version(name: string, signal: AbortSignal, hint?: string): Promise<string> {
  const { stdout } = await runTool([name, '--version'], { signal, ...(hint !== undefined && { hint }) })
  return stdout.split('\n', 1)[0] ?? ''
}

async function accelerator(signal: AbortSignal): Promise<Finding> {
  const { accelerator: chosen, because } = await acceleratorOf({}, signal)
  return because === undefined
    ? { detail: chosen }
    : { detail: `${chosen}: ${because}`, status: 'limited', hint: 'machines run slowly without' }
}
