import type { TransferProgress } from '@imago/core'

import type { EngineMessage } from './message-stream.ts'

const moving = new Set(['Downloading', 'Pushing'])
const moved = new Set(['Download complete', 'Pull complete', 'Pushed', 'Verifying Checksum', 'Extracting'])

/** Adds up the progress of the layers of a pull or a push. */
export function layerProgress(report: (progress: TransferProgress) => void): (message: EngineMessage) => void {
  const layers = new Map<string, { readonly bytes: number; readonly total: number }>()
  return ({ id, status = '', progressDetail }) => {
    if (id === undefined) return
    const layer = layers.get(id)
    if (moving.has(status) && progressDetail?.current !== undefined) {
      const bytes = progressDetail.current
      layers.set(id, { bytes, total: Math.max(progressDetail.total ?? 0, bytes, layer?.total ?? 0) })
    } else if (moved.has(status) && layer !== undefined && layer.bytes < layer.total) {
      layers.set(id, { bytes: layer.total, total: layer.total })
    } else {
      return
    }
    const all = [...layers.values()]
    report({ bytes: all.reduce((sum, { bytes }) => sum + bytes, 0), total: all.reduce((sum, { total }) => sum + total, 0) })
  }
}
