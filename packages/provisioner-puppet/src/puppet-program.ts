import type { Agent } from '@imago/configuration-management'

/** The program that both `puppetApply` and `puppetAgent` run. */
export const puppetProgram: Agent = {
  title: 'Puppet',
  program: 'puppet',
  folders: ['/opt/puppetlabs/bin', '/usr/local/bin', '/usr/bin'],
  packages: { 'apt-get': ['puppet-agent'], dnf: ['puppet'], yum: ['puppet'] },
}
