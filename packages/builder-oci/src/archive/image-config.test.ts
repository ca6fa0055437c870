import type { ContainerConfig } from '@imago/container-registry'
import { describe, expect, it } from 'vitest'

import { environmentOf, imageConfig } from './image-config.ts'

const platform = { os: 'linux', architecture: 'arm64', variant: 'v8' }
const base = {
  os: 'linux',
  architecture: 'arm64',
  author: 'Daisy',
  config: { Env: ['A=1', 'B=2'], Cmd: ['sh'], Entrypoint: null, Labels: { a: '1' }, StopSignal: 'SIGINT', User: '' },
  rootfs: { type: 'layers', diff_ids: ['sha256:one'] },
  history: [{ created_by: 'base' }],
} as const

const configured = (options: ContainerConfig, withBase = true) =>
  imageConfig({
    base: withBase ? base : undefined,
    platform,
    options,
    layers: [{ diffId: 'sha256:one' }, { diffId: 'sha256:two' }],
    newLayers: ['steps'],
    epoch: 86_400,
  })

describe('imageConfig', () => {
  it('says when and of what the image is made', () => {
    expect(configured({})).toEqual({
      created: '1970-01-02T00:00:00Z',
      author: 'Daisy',
      ...platform,
      config: { Env: ['A=1', 'B=2'], Cmd: ['sh'], Labels: { a: '1' }, StopSignal: 'SIGINT' },
      rootfs: { type: 'layers', diff_ids: ['sha256:one', 'sha256:two'] },
      history: [{ created_by: 'base' }, { created: '1970-01-02T00:00:00Z', created_by: 'imago: steps' }],
    })
  })

  it("forgets the base's arguments when there is another program", () => {
    expect(configured({ entrypoint: ['cow'] }).config).toMatchObject({ Entrypoint: ['cow'] })
    expect(configured({ entrypoint: ['cow'] }).config).not.toHaveProperty('Cmd')
    expect(configured({ entrypoint: ['cow'], cmd: ['moo'] }).config).toMatchObject({ Cmd: ['moo'] })
  })

  it('has nothing that nobody asked for', () => {
    expect(configured({}, false).config).toEqual({})
  })

  it('gives the same bytes, in whatever order the options come', () => {
    const one = configured({ labels: { b: '1', c: '2' }, exposedPorts: [443, 80], volumes: ['/b', '/a'] })
    const other = configured({ volumes: ['/a', '/b'], exposedPorts: [80, 443], labels: { c: '2', b: '1' } })
    expect(JSON.stringify(one)).toBe(JSON.stringify(other))
  })
})

describe('environmentOf', () => {
  it('replaces variables where they are, and adds others', () => {
    expect(environmentOf(['A=1', 'B=x=y', 'C'], { B: '2', D: '' })).toEqual(['A=1', 'B=2', 'C', 'D='])
    expect(environmentOf(null, {})).toEqual([])
  })
})
