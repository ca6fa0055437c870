import { apiError } from '../api-error.ts'

/** What was refused. */
export interface RefusedAction {
  /** `ec2:RunInstances` */
  readonly action: string
  readonly principal: string
}

/** The text that comes with a refusal, and that `sts:DecodeAuthorizationMessage` makes readable. */
export function encodeAuthorizationMessage({ action, principal }: RefusedAction): string {
  const message = { allowed: false, explicitDeny: false, context: { principal: { arn: principal }, action, resource: '*' } }
  return Buffer.from(JSON.stringify(message)).toString('base64url')
}

/** @throws ApiError `InvalidAuthorizationMessageException` */
export function decodeAuthorizationMessage(encoded: string): string {
  const text = Buffer.from(encoded, 'base64url').toString()
  try {
    JSON.parse(text)
    return text
  } catch {
    throw apiError('InvalidAuthorizationMessageException', 'Message is not valid')
  }
}
