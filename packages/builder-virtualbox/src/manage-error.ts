import { ImagoError, isImagoError } from '@imago/core'

/** How a command of VBoxManage failed. */
interface Failure {
  readonly exitCode: number
  readonly stderr: string
}

/**
 * Whether a command failed because something else has the machine just now: 'is already locked for a session (or being unlocked)', 'already
 * has a lock request pending', 'Cannot unregister the machine while it is locked'.
 */
export function isLocked(stderr: string): boolean {
  return /(?<!not )\blocked\b|lock request pending/.test(stderr)
}

/** Whether a command changes nothing, so that it can be given again. */
export function isQuestion([verb = '']: readonly string[]): boolean {
  return ['showvminfo', 'list', 'getextradata', '--version'].includes(verb)
}

/**
 * Whether a question was not answered: VBoxManage was ended or broke down (128 and a signal's number), what runs the machine, or another
 * command, lets go of it at this very moment, or VirtualBox itself got no answer.
 */
export function isUnanswered(command: readonly string[], { exitCode, stderr }: Failure): boolean {
  if (!isQuestion(command)) return false
  return exitCode > 128 || /console object from the direct session|The object is not ready|NS_ERROR_(?:CALL_FAILED|FAILURE)\b/.test(stderr)
}

/** Whether an error says that there is no such machine. */
export function isUnknownMachine(error: unknown): boolean {
  return isImagoError(error, 'PROVIDER_FAILED') && /Could not find a registered machine/.test(error.message)
}

/** The error of a command that failed, in VBoxManage's own words. */
export function manageError([verb = '', ...rest]: readonly string[], { exitCode, stderr }: Failure): ImagoError {
  const words = wordsOf(stderr) || `exit code ${exitCode}`
  if (/VERR_DISK_FULL|No space left on device|disk is full/i.test(stderr)) {
    return new ImagoError('DISK_FULL', `no space is left on this machine for VirtualBox: ${words}`, {
      hint: 'free some space, or choose another place',
    })
  }
  const subject = rest[0] === undefined || rest[0].startsWith('-') ? '' : ` ${rest[0]}`
  const hint = hintOf(stderr)
  return new ImagoError('PROVIDER_FAILED', `VBoxManage ${verb}${subject}: ${words}`, { ...(hint !== undefined && { hint }) })
}

function hintOf(stderr: string): string | undefined {
  if (stderr.startsWith('no answer within'))
    return "VirtualBox hangs: end the processes 'VBoxSVC' and 'VBoxHeadless' of this user, and try again"
  if (/VERR_VM_DRIVER_NOT_INSTALLED|kernel driver not installed|rc=-1908/i.test(stderr)) {
    return "load VirtualBox's kernel module: 'modprobe vboxdrv', or install what builds it (virtualbox-dkms)"
  }
  if (/VERR_VMX_|VERR_SVM_|VT-x|AMD-V/.test(stderr)) return 'turn on hardware virtualisation, and end other hypervisors that use it'
  if (/Invalid guest OS type|guest OS type/i.test(stderr)) return "see 'VBoxManage list ostypes' for the names of guestOsType"
  if (/Unknown option|Invalid (?:argument|parameter)|Syntax error/i.test(stderr)) return 'check the option that these words are about'
  return undefined
}

/** What it says, without its name before each line, and without the details for programs. */
function wordsOf(stderr: string): string {
  return stderr
    .split('\n')
    .map((line) => line.replace(/^VBoxManage(?:\.exe)?: error: /, '').trimEnd())
    .filter((line) => line !== '' && !/^(?:Details|Context|Progress state): |^\d+%|^Usage:$/.test(line))
    .join('; ')
    .slice(0, 1000)
}
