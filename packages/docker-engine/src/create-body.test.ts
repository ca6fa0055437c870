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
      capabilities: { add: ['NET_ADMIN'] },
    },
    {},
  )
  expect(body).toMatchObject({
    HostConfig: {
      Runtime: 'runsc',
      Init: true,
      CapAdd: ['NET_ADMIN'],
      Devices: [
        { PathOnHost: '/dev/kvm', PathInContainer: '/dev/kvm', CgroupPermissions: 'rwm' },
        { PathOnHost: '/dev/a', PathInContainer: '/dev/b', CgroupPermissions: 'r' },
      ],
    },
  })
})
