import type { ImagoError, Report } from '@imago/core'

/** The signals that cancel a run. */
export type SignalName = 'SIGINT' | 'SIGTERM' | 'SIGHUP'

/** What the command ends with: all went well, something failed, usage or definition wrong. A signal makes it 128 and its number. */
export const exitCodes = { ok: 0, failed: 1, usage: 2 } as const

const signalCodes: Readonly<Record<SignalName, number>> = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 }

/** The exit code of a command that a signal ended. */
export function exitCodeOfSignal(signal: SignalName): number {
  return signalCodes[signal]
}

/** The exit code of a run that is over. A signal that came too late to cancel anything changes nothing. */
export function exitCodeOfReport(report: Report, signal: SignalName | undefined): number {
  if (report.status === 'succeeded') return exitCodes.ok
  return signal === undefined ? exitCodes.failed : exitCodeOfSignal(signal)
}

/** The exit code of a command that threw. */
export function exitCodeOfError(error: ImagoError): number {
  switch (error.code) {
    case 'USAGE':
    case 'DEFINITION_INVALID':
    case 'PARAMETER_INVALID':
      return exitCodes.usage
    case 'CANCELLED':
      return exitCodeOfSignal('SIGINT')
    default:
      return exitCodes.failed
  }
}
