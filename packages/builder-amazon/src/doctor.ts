import type { DoctorCheck } from '@imago/core'
import { errorToJson, isImagoError, runLocal } from '@imago/core'

import type { Aws } from './aws/aws.ts'
import { connectAws } from './aws/connect.ts'
import type { Connect } from './job.ts'

/** Whether there are credentials that AWS knows, and what leads into instances without an address. Changes nothing. */
export async function doctor(signal: AbortSignal, connect: Connect = connectAws): Promise<readonly DoctorCheck[]> {
  return [await credentialsCheck(signal, connect), await pluginCheck(signal)]
}

async function credentialsCheck(signal: AbortSignal, connect: Connect): Promise<DoctorCheck> {
  const name = 'AWS credentials'
  try {
    const { aws, where } = await connectAnywhere(connect)
    const { Account = '', Arn = '' } = await aws.call('GetCallerIdentity', {}, { signal })
    return { name, status: 'ok', detail: `account ${Account} as ${Arn}, ${where}` }
  } catch (error) {
    const { message, hint } = errorToJson(error)
    return { name, status: 'missing', detail: message, ...(hint !== undefined && { hint }) }
  }
}

/** A definition may name its region itself: without one in the environment any does to ask who we are. */
async function connectAnywhere(connect: Connect): Promise<{ readonly aws: Aws; readonly where: string }> {
  try {
    const aws = await connect({})
    return { aws, where: `region ${aws.region}` }
  } catch (error) {
    if (!isImagoError(error, 'USAGE')) throw error
    return { aws: await connect({ region: 'us-east-1' }), where: 'no region in the environment' }
  }
}

async function pluginCheck(signal: AbortSignal): Promise<DoctorCheck> {
  const name = 'session-manager-plugin'
  let said = ''
  try {
    await runLocal({ command: [name, '--version'], signal, onOutput: (_, chunk) => (said += Buffer.from(chunk).toString('utf8')) })
    return { name, status: 'ok', detail: `version ${said.trim()}` }
  } catch (error) {
    if (!isImagoError(error, 'TOOL_MISSING')) throw error
    return { name, status: 'limited', detail: 'not found', hint: "install it for connect: { address: 'session-manager' }" }
  }
}
