import { byteSize } from '@imago/hypervisor'

import type { HardwareOptions, ManageCommand } from './virtualbox-options.ts'

/** The command that makes a new machine what the options say, without its storage. The disk is tried first: an empty one lets the CD start. */
export function hardwareCommand(vm: string, options: HardwareOptions): ManageCommand {
  const { cpus = 2, memory = '1g', chipset = 'piix3', firmware = 'bios', nestedVirtualization = false, clock = 'utc' } = options
  const { nic = '82540EM', usb = false } = options
  const settings = {
    cpus: String(cpus),
    ioapic: 'on',
    memory: String(Math.ceil(byteSize(memory) / 1024 ** 2)),
    chipset,
    firmware,
    'rtc-use-utc': onOff(clock === 'utc'),
    'nested-hw-virt': onOff(nestedVirtualization),
    boot1: 'disk',
    boot2: 'dvd',
    boot3: 'none',
    boot4: 'none',
    nic1: 'nat',
    nictype1: nic,
    cableconnected1: 'on',
    'usb-ohci': onOff(usb),
    'usb-ehci': 'off',
    'usb-xhci': 'off',
    ...audioSettings(options),
    ...graphicsSettings(options),
  }
  return ['modifyvm', vm, ...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value])]
}

function audioSettings({ audio }: HardwareOptions): Readonly<Record<string, string>> {
  if (audio === undefined) return { 'audio-enabled': 'off' }
  const { driver = 'null', controller = 'hda' } = audio
  return { 'audio-enabled': 'on', 'audio-driver': driver, 'audio-controller': controller }
}

function graphicsSettings({ graphics = {} }: HardwareOptions): Readonly<Record<string, string>> {
  const { controller, vram, accelerate3d } = graphics
  return {
    ...(controller !== undefined && { graphicscontroller: controller }),
    ...(vram !== undefined && { vram: String(vram) }),
    ...(accelerate3d !== undefined && { 'accelerate-3d': onOff(accelerate3d) }),
  }
}

/** The command that sets the size of the screen with EFI. */
export function efiCommands(vm: string, { graphics }: HardwareOptions): readonly ManageCommand[] {
  const resolution = graphics?.efiResolution
  return resolution === undefined ? [] : [['setextradata', vm, 'VBoxInternal2/EfiGraphicsResolution', resolution]]
}

function onOff(value: boolean): string {
  return value ? 'on' : 'off'
}
