import { ImagoError } from '@imago/core'

import type { XmlElement } from './xml.ts'
import { findElement } from './xml.ts'

/** What a machine says instead of an answer (SOAP 1.2, part 1, 5.4; MS-WSMV, 2.2.4.44). */
export interface Fault {
  /** The number of Windows or of WinRM; 0 when it has none. */
  readonly code: number
  /** The innermost name: `TimedOut`, `InvalidSelectors`. */
  readonly subcode: string
  readonly text: string
}

/** The machine had nothing to say for as long as it may take: ask again. */
const timedOut = 2_150_858_793
/** There is no such shell, or not any more. */
const shellNotFound = 2_150_858_843
/** Too many shells, or operations, of this user. */
const tooMany = [2_150_859_173, 2_150_859_174]
const accessDenied = 5
/** Windows: it stops what it does, goes down, or its services do not answer any more. */
const goingDown = [995, 1115, 1722, 1726, 1727]

/** Reads the fault in an answer; `undefined` when it has none. */
export function faultIn(answer: XmlElement): Fault | undefined {
  const fault = findElement(answer, 'Fault')
  if (fault === undefined) return undefined
  const values = allNamed(fault, 'Value').map((value) => value.text.trim().replace(/^.*:/, ''))
  const detail = findElement(fault, 'WSManFault')
  const message = detail === undefined ? '' : textOf(findElement(detail, 'Message'))
  const reason = textOf(findElement(fault, 'Reason'))
  return {
    code: Number(detail?.attributes['Code'] ?? 0),
    subcode: values.at(-1) ?? '',
    text: message === '' ? reason : message,
  }
}

/** Whether there was just nothing to say. */
export function isTimedOut({ code, subcode }: Fault): boolean {
  return code === timedOut || subcode === 'TimedOut'
}

/** Whether the shell is gone, as after a restart. */
export function isGone({ code, subcode }: Fault): boolean {
  return code === shellNotFound || subcode === 'InvalidSelectors'
}

/** Whether a limit of the machine is reached. */
export function isTooMany({ code, subcode }: Fault): boolean {
  return tooMany.includes(code) || subcode === 'QuotaLimit'
}

/** A fault as an error, in the machine's own words. */
export class WinrmFault extends ImagoError {
  readonly fault: Fault

  constructor(what: string, fault: Fault) {
    super(...faultError(what, fault))
    this.fault = fault
  }
}

function faultError(what: string, fault: Fault): ConstructorParameters<typeof ImagoError> {
  const words = fault.text === '' ? fault.subcode : fault.text.replaceAll(/\s+/g, ' ').trim()
  const message = `${what}: ${words}${fault.code === 0 ? '' : ` (${fault.code})`}`
  if (fault.code === accessDenied || fault.subcode === 'AccessDenied') {
    return [
      'AUTHENTICATION_FAILED',
      message,
      {
        hint: "give a user of the group Administrators; one of the machine's own needs LocalAccountTokenFilterPolicy = 1, apart from Administrator",
      },
    ]
  }
  if (isGone(fault) || goingDown.includes(fault.code)) return ['DISCONNECTED', message]
  if (isTooMany(fault)) {
    return ['PROVIDER_FAILED', message, { hint: 'raise the limits in the machine: winrm set winrm/config/winrs @{MaxShellsPerUser="30"}' }]
  }
  return ['PROVIDER_FAILED', message]
}

function textOf(element: XmlElement | undefined): string {
  if (element === undefined) return ''
  return [element.text, ...element.children.map(textOf)].join(' ').replaceAll(/\s+/g, ' ').trim()
}

function allNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.flatMap((child) => [...(child.name === name ? [child] : []), ...allNamed(child, name)])
}
