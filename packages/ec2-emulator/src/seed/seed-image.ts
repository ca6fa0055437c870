/** An image of somebody else that is there from the start, in every region under another id. */
export interface SeedImage {
  /** `debian-12-amd64-20261110-2295` */
  readonly name: string
  /** Account that owns it. */
  readonly owner: string
  /** `amazon`, where it has one. */
  readonly ownerAlias?: string
  readonly description?: string
  /** @default 'x86_64' */
  readonly architecture?: 'x86_64' | 'arm64'
  /** ISO 8601. */
  readonly createdAt: string
  /** @default '/dev/xvda' */
  readonly rootDevice?: string
  /** Of the root volume, in GiB. @default 8 */
  readonly size?: number
  /** @default Linux */
  readonly platform?: 'windows'
  /** @default none: instances may use IMDSv1 */
  readonly imdsSupport?: 'v2.0'
  /** Whether its instances have guests, where the emulator has any and they are of this architecture. @default false */
  readonly boots?: boolean
  /** Paths of the Parameter Store at which its id stands. */
  readonly parameters?: readonly string[]
}

/** Debian's account. */
const debian = '136693071363'

/** Debian 12 as Debian publishes it, an older one, one for arm64, and a Windows. */
export const defaultImages: readonly SeedImage[] = [
  {
    name: 'debian-12-amd64-20260914-2234',
    owner: debian,
    description: 'Debian 12 (20260914-2234)',
    createdAt: '2026-09-14T06:12:41.000Z',
    boots: true,
  },
  {
    name: 'debian-12-amd64-20261110-2291',
    owner: debian,
    description: 'Debian 12 (20261110-2291)',
    createdAt: '2026-11-10T06:14:03.000Z',
    boots: true,
    parameters: ['/aws/service/debian/release/12/latest/amd64'],
  },
  {
    name: 'debian-12-arm64-20261110-2291',
    owner: debian,
    description: 'Debian 12 (20261110-2291)',
    architecture: 'arm64',
    boots: true,
    createdAt: '2026-11-10T06:14:05.000Z',
    parameters: ['/aws/service/debian/release/12/latest/arm64'],
  },
  {
    name: 'Windows_Server-2022-English-Full-Base-2026.11.11',
    owner: '801119661308',
    ownerAlias: 'amazon',
    description: 'Microsoft Windows Server 2022 Full Locale English AMI provided by Amazon',
    createdAt: '2026-11-11T10:02:17.000Z',
    rootDevice: '/dev/sda1',
    size: 30,
    platform: 'windows',
    parameters: ['/aws/service/ami-windows-latest/Windows_Server-2022-English-Full-Base'],
  },
]
