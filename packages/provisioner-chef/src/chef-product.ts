import type { Agent } from '@imago/configuration-management'

/** Whose build of Chef: Progress's, whose licence must be accepted, or the community's. */
export type ChefProduct = 'chef' | 'cinc'

/** What a product calls its parts. */
export interface ProductNames {
  readonly title: string
  /** Runs recipes without a server. */
  readonly solo: string
  /** Runs recipes of a server, or in local mode. */
  readonly client: string
  /** The program of its Workstation that resolves and exports policies, on this machine. */
  readonly workstation: string
  readonly folders: readonly string[]
  readonly package: string
}

/** The names of each product. */
export const products: Readonly<Record<ChefProduct, ProductNames>> = {
  chef: {
    title: 'Chef',
    solo: 'chef-solo',
    client: 'chef-client',
    workstation: 'chef',
    folders: ['/opt/chef/bin', '/usr/local/bin', '/usr/bin', '/opt/chef-workstation/bin'],
    package: 'chef',
  },
  cinc: {
    title: 'Cinc',
    solo: 'cinc-solo',
    client: 'cinc-client',
    workstation: 'cinc',
    folders: ['/opt/cinc/bin', '/usr/local/bin', '/usr/bin', '/opt/cinc-workstation/bin'],
    package: 'cinc',
  },
}

/** The agent that runs a program of a product. No system has its packages; the makers' repositories do. */
export function chefAgent(product: ChefProduct, program: 'solo' | 'client'): Agent {
  const { title, folders, package: name, ...programs } = products[product]
  return {
    title,
    program: programs[program],
    folders,
    packages: { 'apt-get': [name], dnf: [name], yum: [name], zypper: [name] },
    hint: `Its package is in the repository of ${title}'s makers, which an earlier step must add`,
  }
}
