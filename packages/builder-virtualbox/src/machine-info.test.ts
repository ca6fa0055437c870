import { expect, test } from 'vitest'

import { freeSlots, removeAdded } from './devices.ts'
import { parseInfo } from './machine-info.ts'

const printed = `name="cow"
UUID="5c0b1c4e-6b6a-4a8e-8d0e-0a6c6a3f9f11"
memory=256
VMState="running"
storagecontrollername0="IDE Controller"
storagecontrollertype0="PIIX4"
storagecontrollerportcount0="2"
storagecontrollername1="SATA"
storagecontrollertype1="IntelAhci"
storagecontrollerportcount1="2"
"IDE Controller-0-0"="/a "b".vdi"
"IDE Controller-0-1"="none"
"IDE Controller-1-0"="emptydrive"
"IDE Controller-1-1"="none"
"SATA-0-0"="none"
"SATA-1-0"="/c.vdi"
Forwarding(0)="imago-ssh,tcp,127.0.0.1,2222,,22"
`

test('what VirtualBox says of a machine', () => {
  const info = parseInfo(printed)
  expect([info.get('name'), info.get('memory'), info.get('VMState'), info.get('nothing')]).toEqual(['cow', '256', 'running', undefined])
  expect(info.get('IDE Controller-0-0')).toBe('/a "b".vdi')
  expect(info.get('Forwarding(0)')).toBe('imago-ssh,tcp,127.0.0.1,2222,,22')
  expect(parseInfo(printed.replaceAll('\n', '\r\n')).get('VMState')).toBe('running')
})

test('CDs go where there is room, else to a controller of their own', () => {
  const info = parseInfo(printed)
  expect(freeSlots('cow', info, 2)).toEqual({
    commands: [],
    slots: [
      { controller: 'IDE Controller', port: 1, device: 1 },
      { controller: 'IDE Controller', port: 0, device: 1 },
    ],
  })
  expect(freeSlots('cow', info, 3).slots.at(-1)).toEqual({ controller: 'SATA', port: 0, device: 0 })
  const added = freeSlots('cow', info, 4)
  expect(added.commands).toEqual([
    ['storagectl', 'cow', '--name', 'Imago', '--add', 'sata', '--controller', 'IntelAhci', '--portcount', '4'],
  ])
  expect(added.slots.map(({ port }) => port)).toEqual([0, 1, 2, 3])
})

test('what was added is removed, and nothing else', () => {
  const info = new Map([...parseInfo(printed), ['storagecontrollername2', 'Imago'], ['storagecontrollername3', 'Floppy']])
  expect(removeAdded('cow', info)).toEqual([
    ['storagectl', 'cow', '--name', 'Imago', '--remove'],
    ['storagectl', 'cow', '--name', 'Floppy', '--remove'],
  ])
})
