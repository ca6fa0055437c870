import { once } from 'node:events'
import { createServer } from 'node:net'

import { ImagoError, milliseconds, runLocal, toImagoError, wait } from '@imago/core'

import type { Aws } from '../aws/aws.ts'
import type { Operations } from '../aws/aws-sdk.ts'
import { hasAwsCode } from '../aws/aws-error.ts'
import { untilKnown } from '../aws/poll.ts'
import type { Job } from '../job.ts'
import type { SessionManagerOptions } from '../options/connect.ts'
import { acquire } from '../resources/acquire.ts'

/** AWS's program that carries a session's bytes. */
export const sessionManagerPlugin = 'session-manager-plugin'

/** A way into an instance without an address: a port of this machine that leads to one of its ports. */
export interface SessionTunnel {
  readonly host: string
  readonly port: number
  /** Aborted when the tunnel breaks down, with the reason. */
  readonly broken: AbortSignal
  close(): void
}

/** Opens a tunnel through the Session Manager, as soon as the agent in the instance has reported. */
export async function openSessionTunnel(
  job: Job,
  instanceId: string,
  options: SessionManagerOptions & { readonly remotePort: number },
  signal: AbortSignal,
): Promise<SessionTunnel> {
  const { aws, ctx, own } = job
  const port = options.port ?? (await freePort())
  if (options.pauseBefore !== undefined) await wait(milliseconds(options.pauseBefore), signal)
  const request = {
    Target: instanceId,
    DocumentName: 'AWS-StartPortForwardingSession',
    Parameters: { portNumber: [String(options.remotePort)], localPortNumber: [String(port)] },
    Reason: own.name('session', 256),
  }
  const { value: session } = await ctx.step('session', `open a session to ${instanceId}`, () =>
    acquire(aws, ctx, {
      kind: 'amazon-session',
      name: own.name('session'),
      create: (creating) => startSession(job, request, AbortSignal.any([signal, creating])),
      id: ({ SessionId = '' }) => SessionId,
    }),
  )
  const { $metadata: _, ...answer } = session
  if (answer.TokenValue !== undefined) ctx.maskSecret(answer.TokenValue)
  return carry(job, JSON.stringify(answer), JSON.stringify(request), port)
}

async function startSession(
  { aws, polling }: Job,
  request: Operations['StartSession']['input'],
  signal: AbortSignal,
): Promise<Operations['StartSession']['output']> {
  return await untilKnown(() => aws.call('StartSession', request, { signal }), {
    isEarly: (error) => hasAwsCode(error, ['TargetNotConnected']),
    signal,
    pace: polling.pace,
    graceMs: polling.timeoutMs,
  })
}

function carry({ aws, ctx }: Job, session: string, request: string, port: number): SessionTunnel {
  const closing = new AbortController()
  const broken = new AbortController()
  let said = ''
  const run = async (): Promise<void> => {
    const { exitCode } = await runLocal({
      command: [sessionManagerPlugin, session, aws.region, 'StartSession', aws.reference.profile ?? '', request, endpointOf(aws)],
      signal: AbortSignal.any([ctx.signal, closing.signal]),
      onOutput: (_, chunk) => (said = `${said}${Buffer.from(chunk).toString('utf8')}`.slice(-2000)),
    })
    if (!closing.signal.aborted)
      broken.abort(new ImagoError('COMMAND_FAILED', `${sessionManagerPlugin} ended with code ${exitCode}: ${said.trim()}`, { exitCode }))
  }
  run().catch((error: unknown) => {
    if (!closing.signal.aborted) broken.abort(toImagoError(error))
  })
  return { host: '127.0.0.1', port, broken: broken.signal, close: () => closing.abort() }
}

function endpointOf({ region }: Aws): string {
  return process.env['AWS_ENDPOINT_URL_SSM'] ?? process.env['AWS_ENDPOINT_URL'] ?? `https://ssm.${region}.amazonaws.com`
}

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}
