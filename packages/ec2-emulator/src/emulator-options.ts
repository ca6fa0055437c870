import type { SeedImage } from './seed/seed-image.ts'
import type { SeedKey } from './seed/seed-keys.ts'

/** How long things take, each in milliseconds. */
export interface Delays {
  /** From `pending` to `running`. */
  readonly running: number
  /** From `stopping` to `stopped`. */
  readonly stopped: number
  /** From `shutting-down` to `terminated`. */
  readonly terminated: number
  /** From `pending` to `available`, of an image and its snapshots. */
  readonly image: number
  /** The same of a copy from another region. */
  readonly copy: number
  /** From `pending` to `completed`, of a snapshot of its own. */
  readonly snapshot: number
  /** From `creating` to `available`, and between the states of an attachment. */
  readonly volume: number
  /** From the end of an instance until its security groups can be deleted. */
  readonly release: number
}

/** Everything at once: for tests. Things still pass through their states, one after the other. */
export const noDelays: Delays = { running: 0, stopped: 0, terminated: 0, image: 0, copy: 0, snapshot: 0, volume: 0, release: 0 }

/** About what a small Linux instance takes at Amazon. */
export const realisticDelays: Delays = {
  running: 15_000,
  stopped: 20_000,
  terminated: 30_000,
  image: 60_000,
  copy: 90_000,
  snapshot: 45_000,
  volume: 5_000,
  release: 2_000,
}

/** Which machines instances are. */
export interface GuestOptions {
  /** The image that seeded images are made of, once; it must be like Debian. @default 'debian:12' */
  readonly base?: string
  /** A Docker engine on this machine: `unix:///run/docker.sock`. @default as Docker's own client finds it */
  readonly engine?: string
}

/** How to start an emulator. */
export interface Ec2EmulatorOptions {
  /** Address to listen at. @default '127.0.0.1' */
  readonly host?: string
  /** @default a free one */
  readonly port?: number
  /** How long things take, in milliseconds: `none`, `realistic`, or each by its name. @default 'none' */
  readonly delays?: 'none' | 'realistic' | Partial<Delays>
  /**
   * Whether instances have machines behind them that can be logged in to: `docker` runs each as a container. Guests may mount file
   * systems: run only definitions that you trust.
   * @default 'none'
   */
  readonly guests?: 'none' | 'docker' | GuestOptions
  /** The account that all credentials belong to. @default '123456789012' */
  readonly account?: string
  /** Names of the regions that there are. @default the 15 of most accounts */
  readonly regions?: readonly string[]
  /** Images of others that are there from the start. @default Debian 12 and a Windows */
  readonly images?: readonly SeedImage[]
  /** What the Parameter Store holds from the start, in every region. @default only the images' ids */
  readonly parameters?: Readonly<Record<string, string>>
  /** What Secrets Manager holds from the start, in every region. @default nothing */
  readonly secrets?: Readonly<Record<string, string>>
  /** Keys of KMS that are there from the start, beside those that Amazon makes (`alias/aws/ebs`, `alias/aws/s3`). @default none */
  readonly keys?: readonly SeedKey[]
  /** Names of S3's buckets that are there from the start, in the first region. @default none */
  readonly buckets?: readonly string[]
  /** What the administrator of new Windows instances has for a password. @default another one for each instance */
  readonly windowsPassword?: string
}
