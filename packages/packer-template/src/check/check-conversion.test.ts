import { nullBuilder } from '@imago/builder-null'
import type { Image } from '@imago/core'
import { defineImage } from '@imago/core'
import { shell } from '@imago/provisioner-shell'
import { expect, test } from 'vitest'

import { checkConversion } from './check-conversion.ts'

const text = JSON.stringify({
  builders: [{ type: 'null', ssh_host: 'server.example', ssh_username: 'root', ssh_password: 'password', ssh_timeout: '10m' }],
  provisioners: [
    { type: 'shell', inline: ['one', 'two'], environment_vars: ['ID={{build `ID`}}'] },
    { type: 'shell', inline: ['three'], pause_before: '5s' },
  ],
})

const right = {
  name: 'template',
  builders: { null: nullBuilder({ host: 'server.example', user: 'root', password: 'password', timeout: '10m' }) },
  provisioners: [
    shell({ inline: ['one', 'two'], env: { ID: (facts) => facts.machineId ?? '' } }),
    shell({ inline: ['three'], pauseBefore: '5s' }),
  ],
}

function differencesOf(converted: Image): Promise<readonly string[]> {
  const file = { path: 'template.json', text }
  const check = checkConversion(file, { directory: '/work' }, () => Promise.resolve(converted))
  return check.then(({ differences }) => differences)
}

test('what means the same is the same', async () => {
  expect(await differencesOf(defineImage(right))).toEqual([])
})

test('what differs is named, with both values', async () => {
  const differences = await differencesOf(
    defineImage({
      ...right,
      builders: { null: nullBuilder({ host: 'server.example', user: 'root', password: 'password' }) },
      provisioners: [
        shell({ inline: ['one', '2'], env: { ID: (facts) => facts.host ?? '' } }),
        shell({ inline: ['three'], pauseBefore: '6s' }),
        shell({ inline: ['four'] }),
      ],
    }),
  )
  expect(differences).toMatchInlineSnapshot(`
    [
      "builders.null.options.timeout: "10m" and null",
      "provisioners[0].options.env.ID.computed: "machine-id" and "a-host"",
      "provisioners[0].options.inline[1]: "two" and "2"",
      "provisioners[1].pauseBefore: "5s" and "6s"",
      "provisioners[2]: null and {"type":"shell","options":{"inline":["four"]}}",
    ]
  `)
})
