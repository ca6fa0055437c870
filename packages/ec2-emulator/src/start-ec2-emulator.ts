import { ImagoError, messageOf } from '@imago/core'

import type { Delays, Ec2EmulatorOptions, GuestOptions } from './emulator-options.ts'
import { noDelays, realisticDelays } from './emulator-options.ts'
import type { EndReason } from './end-instance.ts'
import { endInstance } from './end-instance.ts'
import { Faults } from './faults.ts'
import type { DockerGuestsOptions } from './guests/docker-guests.ts'
import { dockerGuests } from './guests/docker-guests.ts'
import { noGuests } from './guests/no-guests.ts'
import { Journal } from './journal.ts'
import type { Leftover } from './leftovers.ts'
import { leftovers } from './leftovers.ts'
import { defaultImages } from './seed/seed-image.ts'
import { seedAccount } from './seed/seed-account.ts'
import { defaultRegions, seedRegion } from './seed/seed-region.ts'
import { serveHttp } from './server/http-server.ts'
import { services } from './server/service.ts'
import { World } from './state/world.ts'

/** An emulator that runs. Disposing of it ends it and removes its guests. */
export interface Ec2Emulator extends AsyncDisposable {
  /** `http://127.0.0.1:4566`: what `AWS_ENDPOINT_URL` takes. */
  readonly endpoint: string
  /** All that clients need, as environment variables: endpoint and credentials. */
  readonly env: Readonly<Record<string, string>>
  /** The account that all credentials belong to. */
  readonly account: string
  /** The port of an instance's public address that leads to its SSH server: 22, or 20022 where this process may not listen at 22. */
  readonly sshPort: number
  /** The calls so far. */
  readonly journal: Journal
  /** What is to go wrong. */
  readonly faults: Faults
  /** What clients created and did not remove. */
  leftovers(): readonly Leftover[]
  /**
   * Ends a running instance now, as Amazon does: when a test has seen that a build is where it is to be hit.
   * @throws ImagoError `USAGE` when it is not running
   */
  endInstance(id: string, reason?: EndReason): void
}

/**
 * Starts an endpoint that answers as Amazon's EC2 does.
 * @throws ImagoError `USAGE` when it cannot listen there; with guests, `PROVIDER_UNAVAILABLE` when there is no Docker engine, `UNSUPPORTED`
 *   when it is on another machine or this is not Linux, `IMAGE_NOT_FOUND` when there is no base image
 * @example
 * await using emulator = await startEc2Emulator()
 * Object.assign(process.env, emulator.env)
 */
export async function startEc2Emulator(options: Ec2EmulatorOptions = {}): Promise<Ec2Emulator> {
  const { host = '127.0.0.1', port = 0, account = '123456789012', delays, images = defaultImages, regions = defaultRegions } = options
  const { parameters = {}, secrets = {}, keys = [], buckets = [], windowsPassword } = options
  const faults = new Faults()
  const journal = new Journal()
  const docker = options.guests === undefined || options.guests === 'none' ? undefined : await dockerGuests(guestOptions(options.guests))
  const guests = docker?.guests ?? noGuests()
  const world = new World({ account, delays: delaysOf(delays), faults, guests, windowsPassword })
  for (const name of regions) world.regions.set(name, seedRegion(world, name, { images, guests: docker }))
  seedAccount(world, { images, parameters, secrets, keys, buckets })
  const server = await serveHttp({ world, journal, services: services() }, { host, port }).catch(async (error: unknown) => {
    await guests.close()
    const hint = 'choose another port, or none for a free one'
    throw new ImagoError('USAGE', `the emulator cannot listen at ${host}:${port}: ${messageOf(error)}`, { cause: error, hint })
  })
  const endpoint = `http://${host}:${server.port}`
  return {
    endpoint,
    env: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: 'AKIAEMULATOR00000000',
      AWS_SECRET_ACCESS_KEY: 'emulator',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    account,
    sshPort: docker?.sshPort ?? 22,
    journal,
    faults,
    leftovers: () => leftovers(world),
    endInstance: (id, reason = {}) => endInstance(world, id, reason),
    async [Symbol.asyncDispose]() {
      world.end()
      await server.close()
      await guests.close()
      await world.objects.close()
    },
  }
}

function guestOptions(guests: Exclude<Ec2EmulatorOptions['guests'], 'none' | undefined>): DockerGuestsOptions {
  const { base = 'debian:12', engine }: GuestOptions = guests === 'docker' ? {} : guests
  return { base, host: engine, others: noGuests() }
}

function delaysOf(delays: Ec2EmulatorOptions['delays']): Delays {
  if (delays === 'realistic') return realisticDelays
  return delays === 'none' ? noDelays : { ...noDelays, ...delays }
}
