export type { Delays, Ec2EmulatorOptions, GuestOptions } from './emulator-options.ts'
export { noDelays, realisticDelays } from './emulator-options.ts'
export type { EndReason } from './end-instance.ts'
export type {
  CallScope,
  ClockSkewFault,
  ErrorFault,
  ExpiredCredentialsFault,
  Fault,
  FaultScope,
  ImageFailedFault,
  InvisibleFault,
  LostFault,
  NoCapacityFault,
  SlowAnswerFault,
  SlowImageFault,
  SlowReleaseFault,
  SpotInterruptionFault,
  TerminatedFault,
  ThrottleFault,
} from './fault.ts'
export type { Faults, InjectedFault } from './faults.ts'
export type { Journal, JournalEntry, JournalOutcome } from './journal.ts'
export type { Leftover } from './leftovers.ts'
export type { SeedImage } from './seed/seed-image.ts'
export type { SeedKey } from './seed/seed-keys.ts'
export { startEc2Emulator } from './start-ec2-emulator.ts'
export type { Ec2Emulator } from './start-ec2-emulator.ts'
