import type { Builder } from '@imago/core'
import { defineImage, secret } from '@imago/core'

import { puppetAgent, puppetApply } from './index.ts'

declare const builder: Builder

// every right use compiles
puppetApply({ manifest: 'site.pp' })
puppetApply({ manifest: 'm/', modules: ['a'], hiera: { config: 'hiera.yaml' }, facts: { a: secret('b'), c: (facts) => facts.image } })
puppetApply({ manifest: 'site.pp', install: { packages: ['puppet-agent'] }, sudo: { password: secret('p') }, timeout: '10m' })
puppetApply({ manifest: 'site.pp', install: { script: 'https://example.org/i.sh', checksum: 'none' } })
puppetAgent({})
puppetAgent({ server: 'puppet', identity: 'machine', waitForCertificate: '30s', only: ['aws'] })
puppetAgent({ identity: { certificates: 'certs', privateKeys: 'keys' }, caCertificate: 'ca.pem' })
defineImage({ name: 'a', builders: { aws: builder }, provisioners: [puppetApply({ manifest: 'site.pp', only: ['aws'] })] })

// error: Property 'manifest' is missing
puppetApply({ modules: ['a'] })
// error: Type '"yes"' is not assignable to type
puppetApply({ manifest: 'site.pp', install: 'yes' })
// error: Type 'string' is not assignable to type 'undefined'
puppetApply({ manifest: 'site.pp', install: { packages: ['a'], script: 'b' } })
// error: is not assignable to type 'Secret'
puppetApply({ manifest: 'site.pp', sudo: { password: 'plain' } })
// error: 'module' does not exist in type
puppetApply({ manifest: 'site.pp', module: ['a'] })
// error: "dokcer"' is not assignable to type
defineImage({ name: 'a', builders: { docker: builder }, provisioners: [puppetApply({ manifest: 'site.pp', only: ['dokcer'] })] })
// error: Property 'privateKeys' is missing
puppetAgent({ identity: { certificates: 'certs' } })
// error: is not assignable to type
puppetAgent({ waitForCertificate: true })
