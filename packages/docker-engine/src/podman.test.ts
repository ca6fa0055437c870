import { expect, test } from 'vitest'

import { podmanChanges, podmanProcess } from './podman.ts'

test('the main process stands where the image has something to put back', () => {
  expect(podmanProcess({ Entrypoint: ['e'], Cmd: ['c'] }, ['idle'])).toEqual({ Entrypoint: ['idle'], Cmd: [] })
  expect(podmanProcess({ Entrypoint: null, Cmd: ['c'] }, ['idle'])).toEqual({ Cmd: ['idle'] })
  expect(podmanProcess({}, ['idle'])).toEqual({ Cmd: ['idle'] })
})

test('a configuration becomes changes', () => {
  expect(
    podmanChanges({
      Entrypoint: ['/bin/echo', 'a "b"'],
      Cmd: ['c'],
      Env: ['A=b c'],
      User: '1:1',
      WorkingDir: '/w',
      Labels: { l: '', m: 'n' },
      ExposedPorts: { '80/tcp': {} },
      Volumes: { '/v': {} },
    }),
  ).toEqual([
    'ENTRYPOINT ["/bin/echo","a \\"b\\""]',
    'CMD ["c"]',
    'ENV A=b c',
    'USER 1:1',
    'WORKDIR /w',
    'LABEL l=',
    'LABEL m=n',
    'EXPOSE 80/tcp',
    'VOLUME /v',
  ])
  expect(podmanChanges({ Cmd: null, User: '' })).toEqual(['CMD ["/bin/sh"]'])
})
