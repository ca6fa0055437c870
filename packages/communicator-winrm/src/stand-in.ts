export { Drive } from './stand-in/drive.ts'
export type { Job, JobHandler } from './stand-in/job.ts'
export { startWinrmStandIn } from './stand-in/start-stand-in.ts'
export type { StandInFault, WinrmStandIn, WinrmStandInOptions } from './stand-in/start-stand-in.ts'
