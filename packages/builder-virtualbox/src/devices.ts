import type { MachineInfo } from './machine-info.ts'
import type { Slot } from './storage.ts'
import type { ManageCommand } from './virtualbox-options.ts'

/** Places for CDs of a machine that is there already, and the commands that make room where there is none. */
export interface FreeSlots {
  readonly commands: readonly ManageCommand[]
  readonly slots: readonly Slot[]
}

interface Controller {
  readonly name: string
  readonly chip: string
  readonly ports: number
}

const addedController = 'Imago'

/** Finds places for CDs: at IDE and SATA controllers that have one free, else at a SATA controller that is added. */
export function freeSlots(vm: string, info: MachineInfo, count: number): FreeSlots {
  const found = controllersOf(info)
    .flatMap(placesOf)
    .filter(({ controller, port, device }) => (info.get(`${controller}-${port}-${device}`) ?? 'none') === 'none')
  if (found.length >= count) return { commands: [], slots: found.slice(0, count) }
  const slots = Array.from({ length: count }, (_, port) => ({ controller: addedController, port, device: 0 }))
  const add = ['storagectl', vm, '--name', addedController, '--add', 'sata', '--controller', 'IntelAhci', '--portcount', String(count)]
  return { commands: [add], slots }
}

/** The commands that remove what {@link freeSlots} and a floppy drive have added. */
export function removeAdded(vm: string, info: MachineInfo): readonly ManageCommand[] {
  const added = controllersOf(info).filter(({ name }) => name === addedController || name === floppyController)
  return added.map(({ name }) => ['storagectl', vm, '--name', name, '--remove'])
}

/** The name of the controller that a floppy drive is connected to. */
export const floppyController = 'Floppy'

function controllersOf(info: MachineInfo): readonly Controller[] {
  const controllers: Controller[] = []
  for (let index = 0; ; index++) {
    const name = info.get(`storagecontrollername${index}`)
    if (name === undefined) return controllers
    const chip = info.get(`storagecontrollertype${index}`) ?? ''
    controllers.push({ name, chip, ports: Number(info.get(`storagecontrollerportcount${index}`) ?? 0) })
  }
}

/** Where a controller can have CDs; of IDE, the second half first, which is where they usually are. */
function placesOf({ name, chip, ports }: Controller): readonly Slot[] {
  if (/^(?:PIIX3|PIIX4|ICH6)$/i.test(chip)) {
    return [2, 3, 1, 0].map((index) => ({ controller: name, port: index >> 1, device: index & 1 }))
  }
  return /^IntelAhci$/i.test(chip) ? Array.from({ length: ports }, (_, port) => ({ controller: name, port, device: 0 })) : []
}
