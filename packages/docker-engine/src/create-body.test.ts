import { expect, test } from 'vitest'

import { createBody } from './create-body.ts'

test('the least', () => {
  expect(createBody({ name: 'c', image: 'debian', command: ['true'] }, { Cmd: ['true'] })).toEqual({
    Cmd: ['true'],
    Image: 'debian',
    OpenStdin: false,
    HostConfig: {},
  })
})

test('how it is run', () => {
  const body = createBody(
    {
      name: 'c',
      image: 'debian',
      command: [],
      devices: ['/dev/kvm', '/dev/a:/dev/b:r'],
      runtime: 'runsc',
      init: true,
      capabilities: { add: ['NET_ADMIN'], drop: ['CHOWN'] },
      volumes: ['/here:/there'],
      network: 'none',
      privileged: true,
      securityOptions: ['apparmor=unconfined'],
      tmpfs: { '/scratch': 'size=1m' },
      extraHosts: ['cow:10.1.2.3'],
      memory: 1024,
      hostname: 'barn',
      user: '1:2',
      labels: { a: 'b' },
    },
    {},
  )
  expect(body).toEqual({
    Image: 'debian',
    OpenStdin: false,
    Labels: { a: 'b' },
    User: '1:2',
    Hostname: 'barn',
    HostConfig: {
      Binds: ['/here:/there'],
      NetworkMode: 'none',
      Privileged: true,
      SecurityOpt: ['apparmor=unconfined'],
      Tmpfs: { '/scratch': 'size=1m' },
      ExtraHosts: ['cow:10.1.2.3'],
      Memory: 1024,
      Runtime: 'runsc',
      Init: true,
      CapAdd: ['NET_ADMIN'],
      CapDrop: ['CHOWN'],
      Devices: [
        { PathOnHost: '/dev/kvm', PathInContainer: '/dev/kvm', CgroupPermissions: 'rwm' },
        { PathOnHost: '/dev/a', PathInContainer: '/dev/b', CgroupPermissions: 'r' },
      ],
    },
  })
})
