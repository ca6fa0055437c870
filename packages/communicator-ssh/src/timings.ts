import { milliseconds } from '@imago/core'

import type { HandshakeOptions } from './connection.ts'
import type { SshPatience } from './ssh-options.ts'

/** The durations of the options that a connection heeds, in milliseconds. */
export function timings({ keepAlive = {}, readWriteTimeout }: SshPatience): Pick<HandshakeOptions, 'keepAlive' | 'readWriteTimeoutMs'> {
  return {
    keepAlive: keepAlive === false ? undefined : { intervalMs: milliseconds(keepAlive.interval ?? '5s'), count: keepAlive.count ?? 6 },
    readWriteTimeoutMs: readWriteTimeout === undefined ? undefined : milliseconds(readWriteTimeout),
  }
}
