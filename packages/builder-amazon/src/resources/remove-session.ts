import type { Aws } from '../aws/aws.ts'
import type { Removal } from './removal.ts'
import { unlessGone } from './removal.ts'

/** Ends a session of the Session Manager. One whose id is not known ends by itself, when nobody carries its bytes. */
export async function endSession(aws: Aws, { id }: Removal, signal: AbortSignal): Promise<void> {
  if (id !== undefined) await unlessGone(() => aws.call('TerminateSession', { SessionId: id }, { signal }))
}
