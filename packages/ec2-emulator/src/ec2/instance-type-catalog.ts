/** What an instance type is. */
export interface InstanceTypeFacts {
  readonly name: string
  readonly family: string
  readonly architecture: 'x86_64' | 'arm64' | 'i386'
  readonly vcpus: number
  readonly memoryMiB: number
  /** Whether an `unlimited` or `standard` credit mode applies to it. */
  readonly burstable: boolean
}

const sizes: Readonly<Record<string, { readonly vcpus: number; readonly memory: number }>> = {
  nano: { vcpus: 2, memory: 0.125 },
  micro: { vcpus: 2, memory: 0.25 },
  small: { vcpus: 2, memory: 0.5 },
  medium: { vcpus: 2, memory: 1 },
  large: { vcpus: 2, memory: 1 },
  xlarge: { vcpus: 4, memory: 2 },
  '2xlarge': { vcpus: 8, memory: 4 },
  '4xlarge': { vcpus: 16, memory: 8 },
  '8xlarge': { vcpus: 32, memory: 16 },
  '12xlarge': { vcpus: 48, memory: 24 },
  '16xlarge': { vcpus: 64, memory: 32 },
}

/** GiB of memory of the size `large`, and of which sizes there are any, by family. */
const families: Readonly<Record<string, { readonly arm?: true; readonly burstable?: true; readonly largeGiB: number }>> = {
  t2: { burstable: true, largeGiB: 8 },
  t3: { burstable: true, largeGiB: 8 },
  t3a: { burstable: true, largeGiB: 8 },
  t4g: { arm: true, burstable: true, largeGiB: 8 },
  m5: { largeGiB: 8 },
  m5a: { largeGiB: 8 },
  m6i: { largeGiB: 8 },
  m6a: { largeGiB: 8 },
  m6g: { arm: true, largeGiB: 8 },
  m7i: { largeGiB: 8 },
  m7g: { arm: true, largeGiB: 8 },
  m8g: { arm: true, largeGiB: 8 },
  c5: { largeGiB: 4 },
  c6i: { largeGiB: 4 },
  c6a: { largeGiB: 4 },
  c6g: { arm: true, largeGiB: 4 },
  c7i: { largeGiB: 4 },
  c7g: { arm: true, largeGiB: 4 },
  r5: { largeGiB: 16 },
  r6i: { largeGiB: 16 },
  r7g: { arm: true, largeGiB: 16 },
}

const burstableSizes: ReadonlySet<string> = new Set(['nano', 'micro', 'small', 'medium', 'large', 'xlarge', '2xlarge'])

/** The instance types that the emulator has: the common ones of Amazon's general, compute and memory families. */
export const instanceTypeCatalog: ReadonlyMap<string, InstanceTypeFacts> = new Map(
  Object.entries(families).flatMap(([family, { arm = false, burstable = false, largeGiB }]) =>
    Object.entries(sizes)
      .filter(([size]) => burstable === burstableSizes.has(size) || ['large', 'xlarge', '2xlarge'].includes(size))
      .map(([size, { vcpus, memory }]): [string, InstanceTypeFacts] => {
        const name = `${family}.${size}`
        const memoryMiB = burstable && memory < 1 ? memory * 4096 : size === 'medium' ? 4096 : memory * largeGiB * 1024
        return [name, { name, family, architecture: arm ? 'arm64' : 'x86_64', vcpus, memoryMiB, burstable }]
      }),
  ),
)

/** Whether a zone offers a type: the last zone of a region has no burstable ones, as some zones at Amazon. */
export function isOffered({ burstable }: InstanceTypeFacts, zone: string, zones: readonly string[]): boolean {
  return !burstable || zone !== zones.at(-1) || zones.length < 3
}
