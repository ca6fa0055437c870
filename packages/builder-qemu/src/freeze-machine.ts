import { ImagoError, shellQuote, wait } from '@imago/core'

import { diskNode } from './block-arguments.ts'
import type { WorkingDisk } from './machine-disks.ts'
import { textMember } from './qmp-message.ts'
import type { Monitor } from './running-machine.ts'

/** The pause between two looks at how far QEMU is, in milliseconds. */
const lookMs = 20

/** As fast as it goes, in bytes a second. */
const noLimit = 2 ** 40

/** Has the machine write to other layers, all disks at the same moment; those below are complete then, and do not change any more. */
export async function switchLayers(
  monitor: Monitor,
  { tops, layers }: { readonly tops: readonly WorkingDisk[]; readonly layers: readonly WorkingDisk[] },
  signal: AbortSignal,
): Promise<void> {
  for (const layer of layers) {
    await monitor.execute('blockdev-add', { ...diskNode(layer.node, layer), backing: null }, signal)
  }
  const actions = layers.map(({ node }, index) => ({
    type: 'blockdev-snapshot',
    data: { node: tops[index]?.node ?? '', overlay: node },
  }))
  await monitor.execute('transaction', { actions }, signal)
}

/** Holds the machine still while `work` is done. */
export async function whileStill<T>(monitor: Monitor, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  await monitor.execute('stop', {}, signal)
  try {
    return await work()
  } finally {
    await monitor.execute('cont')
  }
}

/** Writes the memory of a machine that stands still to a file, as QEMU moves machines from one host to another. */
export async function saveMemory(monitor: Monitor, path: string, signal: AbortSignal): Promise<void> {
  await monitor.execute('migrate-set-parameters', { 'max-bandwidth': noLimit }, signal)
  await monitor.execute('migrate', { uri: `exec:cat >${shellQuote(path)}` }, signal)
  await untilMoved(monitor, 'the memory of the machine cannot be kept', signal)
}

/** Gives a machine that waits for it (`-incoming defer`) the memory of another. */
export async function loadMemory(monitor: Monitor, path: string, signal: AbortSignal): Promise<void> {
  await monitor.execute('migrate-incoming', { uri: `exec:cat ${shellQuote(path)}` }, signal)
  await untilMoved(monitor, 'the machine cannot go on from the memory that was kept', signal)
}

async function untilMoved(monitor: Monitor, failure: string, signal: AbortSignal): Promise<void> {
  for (;;) {
    const state = await monitor.execute('query-migrate', {}, signal)
    const status = textMember(state, 'status')
    if (status === 'completed') return
    if (status === 'failed' || status === 'cancelled') {
      throw new ImagoError('PROVIDER_FAILED', `${failure}: ${textMember(state, 'error-desc') || status}`)
    }
    await wait(lookMs, signal)
  }
}
