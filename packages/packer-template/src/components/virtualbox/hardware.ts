import type { CdInterface, DiskInterface, HardwareOptions, VirtualBoxIsoOptions } from '@imago/builder-virtualbox'
import type { ByteSize } from '@imago/hypervisor'

import { chosen } from '../../mapping/chosen.ts'
import { flag, integer, text } from '../../mapping/coercions.ts'
import { currentText } from '../../mapping/current-value.ts'
import { group } from '../../mapping/group.ts'
import type { AsRow, Composed, Taken, TakenRow } from '../../mapping/table.ts'
import { as, inCompose, taken } from '../../mapping/table.ts'
import { diskSizes, megabytes } from '../megabytes.ts'
import type { Named } from '../named.ts'
import type { ManageArguments } from './manage-commands.ts'

type Audio = NonNullable<HardwareOptions['audio']>
type Graphics = NonNullable<HardwareOptions['graphics']>
type Clock = NonNullable<HardwareOptions['clock']>

const ownType = <const T extends string>(name: T): { readonly name: T; readonly package: string } => ({
  name,
  package: '@imago/builder-virtualbox',
})

/** Packer's options of what the machine is made of. */
export type HardwareRows = Named<'guest_os_type' | 'sound', TakenRow<string>> &
  Named<'cpus' | 'gfx_vram_size', TakenRow<number>> &
  Named<'memory', TakenRow<ByteSize>> &
  Named<'rtc_time_base', TakenRow<Clock>> &
  Named<'hard_drive_interface', TakenRow<DiskInterface>> &
  Named<'audio_controller', TakenRow<NonNullable<Audio['controller']>>> &
  Named<'gfx_controller', TakenRow<NonNullable<Graphics['controller']>>> &
  Named<'gfx_efi_resolution', TakenRow<NonNullable<Graphics['efiResolution']>>> &
  Named<'gfx_accelerate_3d', TakenRow<boolean>> &
  Named<'usb_controller' | 'mouse' | 'keyboard', TakenRow<never>> &
  Named<
    | 'chipset'
    | 'firmware'
    | 'nested_virt'
    | 'sata_port_count'
    | 'nvme_port_count'
    | 'hard_drive_nonrotational'
    | 'hard_drive_discard'
    | 'disk_additional_size'
    | 'iso_interface'
    | 'nic_type'
    | 'usb',
    AsRow<VirtualBoxIsoOptions>
  >

/** What becomes of each of them. */
export const hardwareRows: HardwareRows = {
  guest_os_type: taken(text),
  cpus: taken(integer),
  memory: taken(megabytes),
  chipset: as('chipset', chosen<NonNullable<HardwareOptions['chipset']>>({ names: ['piix3', 'ich9'] })),
  firmware: as('firmware', chosen<NonNullable<HardwareOptions['firmware']>>({ names: ['bios', 'efi'] })),
  nested_virt: as('nestedVirtualization', flag),
  rtc_time_base: taken(chosen<Clock>({ renamed: { UTC: 'utc' }, names: ['local', 'utc'] })),
  hard_drive_interface: taken(chosen<DiskInterface>({ renamed: { pcie: 'nvme' }, type: ownType('DiskInterface') })),
  sata_port_count: as('sataPorts', integer),
  nvme_port_count: as('nvmePorts', integer),
  hard_drive_nonrotational: as('solidState', flag),
  hard_drive_discard: as('discard', flag),
  disk_additional_size: as('extraDisks', diskSizes),
  iso_interface: as('cdInterface', chosen<CdInterface>({ type: ownType('CdInterface') })),
  nic_type: as('nic', chosen<NonNullable<HardwareOptions['nic']>>({ names: ['82540EM', 'virtio'] })),
  sound: taken(text),
  audio_controller: taken(chosen<NonNullable<Audio['controller']>>({ names: ['ac97', 'hda', 'sb16'] })),
  usb: as('usb', flag),
  // commands of VBoxManage
  usb_controller: inCompose,
  mouse: inCompose,
  keyboard: inCompose,
  gfx_controller: taken(chosen<NonNullable<Graphics['controller']>>({ names: ['vboxvga', 'vboxsvga', 'vmsvga', 'none'] })),
  gfx_vram_size: taken(integer),
  gfx_accelerate_3d: taken(flag),
  gfx_efi_resolution: taken(chosen<NonNullable<Graphics['efiResolution']>>()),
}

/** Commands of VBoxManage come after options. Where neither says anything, Packer's machines have this. */
export function hardwareOf(given: Taken<HardwareRows>, args: ManageArguments): Composed<HardwareOptions> {
  const graphics = group<Graphics>({
    controller: given.gfx_controller,
    vram: given.gfx_vram_size,
    accelerate3d: given.gfx_accelerate_3d,
    efiResolution: given.gfx_efi_resolution,
  })
  return {
    guestOsType: given.guest_os_type ?? 'Other',
    cpus: args.cpus ?? given.cpus ?? 1,
    memory: args.memory ?? given.memory ?? '512m',
    clock: given.rtc_time_base ?? 'local',
    diskInterface: given.hard_drive_interface ?? 'ide',
    ...audioOf(given),
    ...(graphics !== undefined && { graphics }),
  }
}

function audioOf({ sound, audio_controller: controller }: Taken<HardwareRows>): Composed<Pick<HardwareOptions, 'audio'>> {
  if (sound === undefined || currentText(sound) === 'none') return {}
  return { audio: { driver: sound, controller: controller ?? 'ac97' } }
}
