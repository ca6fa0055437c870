export { plugin } from './plugin.ts'
export { virtualboxIso } from './virtualbox-iso.ts'
export type {
  AdditionsFacts,
  CdInterface,
  CommonOptions,
  DiskInterface,
  GuestAdditions,
  HardwareOptions,
  ManageCommand,
  ManageCommands,
  VirtualBoxIsoOptions,
  VirtualBoxOvfOptions,
  VirtualBoxSshOptions,
  VirtualBoxWinrmOptions,
  VirtualBoxVmOptions,
  VmFacts,
  Vrdp,
} from './virtualbox-options.ts'
export { virtualboxOvf } from './virtualbox-ovf.ts'
export type {
  ApplianceResult,
  KeptMachine,
  NoResult,
  RegisteredResult,
  ResultFormat,
  RootfsResult,
  VirtualBoxApplianceArtifact,
  VirtualBoxArtifact,
  VirtualBoxMachineArtifact,
  VirtualBoxNoArtifact,
  VirtualBoxResult,
  VirtualBoxRootfsArtifact,
} from './virtualbox-result.ts'
export { virtualboxVm } from './virtualbox-vm.ts'
