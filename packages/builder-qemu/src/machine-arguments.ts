import type { Argument } from './block-arguments.ts'
import { blockArguments, blockdev } from './block-arguments.ts'
import type { FlashSpec, ForwardSpec, MachineSpec, NicSpec, Vga } from './machine-spec.ts'

/**
 * QEMU's command line for a machine, without the program. It starts paused, so that nothing of its first moments is missed, and says all
 * by itself: nothing depends on QEMU's defaults or on configuration files of this machine.
 */
export function machineArguments(spec: MachineSpec): string[] {
  const { name, accelerator, cpu, memory, bios, flash, nics, sockets, serialLog, isIncoming, extra } = spec
  const own: readonly Argument[] = [
    ['-name', `guest=${name}`],
    ['-nodefaults'],
    ['-no-user-config'],
    ['-S'],
    ...(isIncoming ? [['-incoming', 'defer']] : []),
    ['-machine', machineOption(spec)],
    ['-accel', accelerator],
    ['-cpu', cpu],
    ['-smp', processorOption(spec)],
    ['-m', `${Math.ceil(memory / 1024 ** 2)}M`],
    ...(bios === undefined ? [] : [['-bios', bios]]),
    ...(flash === undefined ? [] : flashArguments(flash)),
    ...kernelArguments(spec),
    ...blockArguments(spec),
    ...nics.flatMap(nicArguments),
    ['-device', 'virtio-rng-pci'],
    ['-qmp', `unix:${escaped(sockets.qmp)},server=on,wait=off`],
    ['-chardev', `socket,id=serial0,path=${escaped(sockets.serial)},server=on,wait=off,logfile=${escaped(serialLog)}`],
    ['-serial', 'chardev:serial0'],
    ...tpmArguments(spec),
    ...displayArguments(spec),
  ]
  return [...own.flat(), ...extra]
}

function processorOption({ cpus, topology = {} }: MachineSpec): string {
  const parts = (['sockets', 'cores', 'threads'] as const).flatMap((part) =>
    topology[part] === undefined ? [] : [`${part}=${topology[part]}`],
  )
  return [String(cpus), ...parts].join(',')
}

function machineOption({ type, flash }: MachineSpec): string {
  if (flash === undefined) return type
  return `${type},pflash0=flash0,pflash1=flash1${flash.secure ? ',smm=on' : ''}`
}

function flashArguments({ code, codeFormat, vars, varsFormat, secure }: FlashSpec): Argument[] {
  return [
    blockdev({ driver: codeFormat, 'node-name': 'flash0', 'read-only': true, file: { driver: 'file', filename: code, 'read-only': true } }),
    blockdev({ driver: varsFormat, 'node-name': 'flash1', file: { driver: 'file', filename: vars } }),
    ...(secure
      ? [
          ['-global', 'driver=cfi.pflash01,property=secure,value=on'],
          // sleeping would leave system management mode open
          ['-global', 'ICH9-LPC.disable_s3=1'],
        ]
      : []),
  ]
}

function kernelArguments({ kernel }: MachineSpec): Argument[] {
  if (kernel === undefined) return []
  const { image, initrd, commandLine } = kernel
  return [
    ['-kernel', image],
    ...(initrd === undefined ? [] : [['-initrd', escaped(initrd)]]), // several may be given, with commas between
    ...(commandLine === undefined ? [] : [['-append', commandLine]]),
  ]
}

function nicArguments({ model, mac, network }: NicSpec, index: number): Argument[] {
  const id = `net${index}`
  const device = ['-device', `${model},netdev=${id}${mac === undefined ? '' : `,mac=${mac}`}`]
  if (network.type === 'bridge') return [['-netdev', `bridge,id=${id},br=${escaped(network.name)}`], device]
  const restrict = network.isolated ? ',restrict=on' : ''
  return [['-netdev', `user,id=${id}${restrict}${network.forwards.map(forwardOption).join('')}`], device]
}

function forwardOption({ protocol, bind, host, guest }: ForwardSpec): string {
  return `,hostfwd=${protocol}:${bind}:${host}-:${guest}`
}

function tpmArguments({ sockets: { tpm }, arch, hasOldTpm = false }: MachineSpec): Argument[] {
  if (tpm === undefined) return []
  const device = arch === 'aarch64' ? 'tpm-tis-device' : hasOldTpm ? 'tpm-tis' : 'tpm-crb'
  return [
    ['-chardev', `socket,id=tpm0,path=${escaped(tpm)}`],
    ['-tpmdev', 'emulator,id=tpm0,chardev=tpm0'],
    ['-device', `${device},tpmdev=tpm0`],
  ]
}

/** QEMU's names of the devices that are also VGA cards. */
const vgaDevices: Readonly<Record<Vga, string>> = {
  std: 'VGA',
  virtio: 'virtio-vga',
  qxl: 'qxl-vga',
  cirrus: 'cirrus-vga',
  vmware: 'vmware-svga',
}

/** Boards without a PC's hardware get a screen and a keyboard that firmware and installers know. */
function displayArguments({ arch, vga = 'std', headless, vnc }: MachineSpec): Argument[] {
  const devices = arch === 'x86_64' ? [vgaDevices[vga]] : ['virtio-gpu-pci', 'qemu-xhci', 'usb-kbd']
  return [
    ...devices.map((device) => ['-device', device]),
    ...(headless ? [['-display', 'none']] : []),
    ...(vnc === undefined ? [] : [['-vnc', vnc]]),
  ]
}

/** A value in an option of QEMU: commas are doubled. */
function escaped(value: string): string {
  return value.replaceAll(',', ',,')
}
