export type { ByteSize, RootfsOptions, WinrmGuestOptions } from '@imago/hypervisor'

export type { Accelerator } from './accelerator.ts'
export type { Arch, CpuTopology, DiskInterface, Vga } from './machine-spec.ts'
export { plugin } from './plugin.ts'
export { qemu } from './qemu.ts'
export type {
  BridgeNic,
  Firmware,
  ImgArguments,
  MachineOptions,
  PortForward,
  QemuOptions,
  QemuSshOptions,
  QemuStart,
} from './qemu-options.ts'
export type {
  DiskResult,
  NoResult,
  PlainResult,
  Qcow2Result,
  QemuArtifact,
  QemuDiskArtifact,
  QemuNoArtifact,
  QemuResult,
  QemuRootfsArtifact,
  RawResult,
  ResultFormat,
  RootfsResult,
  VmdkResult,
} from './qemu-result.ts'
