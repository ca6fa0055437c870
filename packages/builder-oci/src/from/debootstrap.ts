import { ImagoError } from '@imago/core'

import { requireProgram } from '../host/programs.ts'
import type { Base, BaseContext } from './base.ts'
import { layerMaterial, ownLayer } from './install-layers.ts'

/** What {@link debootstrap} takes; see debootstrap(8). */
export interface DebootstrapOptions {
  /** The release: `'bookworm'`, `'noble'`. */
  readonly suite: string
  /** Packages beside those of the variant. @default [] */
  readonly include?: readonly string[]
  /** Where packages come from. @default what the program has for the release */
  readonly mirror?: string
  /** Which packages make the system. @default 'minbase' */
  readonly variant?: 'minbase' | 'buildd' | 'standard'
}

/** A fresh Debian or Ubuntu as a base. */
export interface DebootstrapSource extends DebootstrapOptions {
  readonly kind: 'debootstrap'
}

/**
 * Starts from a fresh Debian or Ubuntu, which the program `debootstrap` makes from packages. Needs that program, the network, and root or
 * subordinate ids.
 *
 * Fails with `TOOL_MISSING`, `UNSUPPORTED` where there is only one user, `PROVIDER_FAILED` when the program fails.
 * @example oci({ from: debootstrap({ suite: 'bookworm', include: ['ca-certificates'] }) })
 */
export function debootstrap(options: DebootstrapOptions): DebootstrapSource {
  return { kind: 'debootstrap', ...options }
}

/** Runs the program, and removes downloads, logs and caches: what differs each time, and is of no use in an image. */
const script = `
root=$1
shift
"$@" || exit
cd "$root/var" && rm -rf cache/apt/archives/*.deb cache/ldconfig/aux-cache cache/debconf/*-old lib/apt/lists/* lib/dpkg/*-old log/*.log log/apt/*`

/** Runs the program and makes a layer of the result. */
export async function debootstrapBase(source: DebootstrapSource, context: BaseContext): Promise<Base> {
  const { root, step, platform } = context
  const program = await requireProgram('debootstrap', "install 'debootstrap'")
  const { suite, mirror, include = [], variant = 'minbase' } = source
  const options = [
    ...(variant === 'standard' ? [] : [`--variant=${variant}`]),
    ...(include.length > 0 ? [`--include=${include.join(',')}`] : []),
    ...(platform === undefined ? [] : [`--arch=${platform.architecture}`]),
  ]
  const from = mirror === undefined ? [] : [mirror]
  const command = ['/bin/sh', '-c', script, 'imago', root.basePath, program, ...options, suite, root.basePath, ...from]
  // It looks for this variable, and does not insist on device nodes then, which a user namespace cannot make.
  const { exitCode } = await root.runHelper({ command, env: { container: 'lxc' }, output: step.output }, { signal: step.signal })
  if (exitCode !== 0) {
    throw new ImagoError('PROVIDER_FAILED', `debootstrap of '${suite}' failed (exit code ${exitCode})`, {
      hint: 'its output says why; check the suite, the mirror and the network',
    })
  }
  const name = `debootstrap ${suite}`
  const layers = await ownLayer(context)
  return { name, layers, origin: ['debootstrap', ...options, suite, ...from].join(' '), material: layerMaterial(name, layers) }
}
