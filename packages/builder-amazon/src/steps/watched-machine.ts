import type { Communicator } from '@imago/core'
import { isImagoError } from '@imago/core'

import type { InstanceWatch } from './watch-instance.ts'

/** A machine whose instance is watched: what runs in it ends when the instance does, and says why. */
export function watchedMachine(machine: Communicator, watch: InstanceWatch, onClose: () => void): Communicator {
  const guarded = async <T>(signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> => {
    try {
      return await work(signal === undefined ? watch.signal : AbortSignal.any([signal, watch.signal]))
    } catch (error) {
      throw isLost(error) ? await watch.explain(error) : error
    }
  }
  const restart = machine.restart?.bind(machine)
  return {
    get connection() {
      return machine.connection
    },
    exec: (command, options = {}) => guarded(options.signal, (signal) => machine.exec(command, { ...options, signal })),
    upload: (source, destination, options = {}) =>
      guarded(options.signal, (signal) => machine.upload(source, destination, { ...options, signal })),
    download: (source, destination, options = {}) =>
      guarded(options.signal, (signal) => machine.download(source, destination, { ...options, signal })),
    stat: (path, options = {}) => guarded(options.signal, (signal) => machine.stat(path, { signal })),
    ...(restart !== undefined && {
      restart: (options = {}) => guarded(options.signal, (signal) => restart({ ...options, signal })),
    }),
    ...(machine.platform !== undefined && { platform: machine.platform }),
    ...(machine.expectDisconnect !== undefined && { expectDisconnect: () => machine.expectDisconnect?.() }),
    [Symbol.asyncDispose]: async () => {
      watch.stop()
      await machine[Symbol.asyncDispose]()
      onClose()
    },
  }
}

/** Whether the machine may be gone. */
function isLost(error: unknown): boolean {
  return isImagoError(error, 'DISCONNECTED') || isImagoError(error, 'MACHINE_LOST') || isImagoError(error, 'NETWORK')
}
