import type { Agent } from '@imago/configuration-management'

const minion = ['salt-minion']

/** The program that `saltMasterless` runs. */
export const saltProgram: Agent = {
  title: 'Salt',
  program: 'salt-call',
  folders: ['/opt/saltstack/salt', '/usr/local/bin', '/usr/bin'],
  packages: { 'apt-get': minion, dnf: minion, yum: minion, zypper: minion, apk: minion },
  hint: "Many systems have Salt in its makers' repository only; their bootstrap script adds it",
}
