import type { Builder, Provisioner } from '@imago/core'
import { defineImage, secret } from '@imago/core'

import { file } from './index.ts'

declare const builder: Builder

// every right use compiles
file({ source: 'site/', destination: '/srv', mode: 0o644, owner: 'www-data:www-data', generated: true, sync: true, timeout: '1m' })
file({ sources: ['a', 'b'], destination: (facts) => `/srv/${facts.buildName}`, direction: 'upload' })
file({ content: secret('pass'), destination: '/etc/key', mode: 0o600 })
file({ content: (facts) => `${facts.image}\n`, destination: '/etc/motd' })
file({ direction: 'download', source: '/var/log', destination: 'logs' })
const somewhere: Provisioner<'aws'> = file({ content: '', destination: '/x', only: ['aws'] })
defineImage({ name: 'a', builders: { aws: builder }, provisioners: [somewhere, file({ source: 'a', destination: '/x', except: ['aws'] })] })

// error: is not assignable to parameter of type
file({ source: 'a', content: 'b', destination: '/x' })
// error: is not assignable to parameter of type
file({ source: 'a', sources: ['b'], destination: '/x' })
// error: is not assignable to parameter of type
file({ destination: '/x' })
// error: is not assignable to parameter of type
file({ source: 'a' })
// error: is not assignable to type
file({ direction: 'download', source: '/a', destination: 'x', mode: 0o644 })
// error: is not assignable to type
file({ direction: 'download', source: '/a', destination: 'x', sync: true })
// error: is not assignable to parameter of type
file({ content: 'a', destination: '/x', sync: true })
// error: 'destiantion' does not exist in type
file({ source: 'a', destination: '/x', destiantion: '/y' })
// error: is not assignable to type 'number'
file({ source: 'a', destination: '/x', mode: '0644' })
// error: "dokcer"' is not assignable to type
defineImage({ name: 'a', builders: { docker: builder }, provisioners: [file({ content: '', destination: '/x', only: ['dokcer'] })] })
