import type { Builder, Provisioner } from '@imago/core'
import { defineImage, secret } from '@imago/core'

import { shell, shellLocal } from './index.ts'

declare const builder: Builder

// every right use compiles
shell({ inline: ['a', 'b'] })
shell({ inline: (facts) => [`curl ${facts.httpUrl}/x`], env: { A: 'a', B: secret('bbbb'), C: (facts) => facts.image } })
shell({ script: 'setup.sh', interpreter: ['bash', '-e'], sudo: { user: 'www', password: secret('pass') }, timeout: '1m', retry: 2 })
shell({ scripts: ['a.sh'], wrap: ({ argv }) => ['chroot', '/mnt', ...argv], validExitCodes: [0, 100] })
shell({ scripts: ['a.sh'], wrap: ({ line, facts }) => `su - ${facts.user} -c '${line}'` })
shellLocal({ inline: ['a'], onlyOn: ['linux'] })
const everywhere: Provisioner = shell({ inline: ['a'] })
const somewhere: Provisioner<'aws'> = shell({ inline: ['a'], only: ['aws'] })
defineImage({
  name: 'a',
  builders: { aws: builder },
  provisioners: [everywhere, somewhere, shellLocal({ inline: ['a'], except: ['aws'] })],
})

// error: Types of property 'script' are incompatible
shell({ inline: ['a'], script: 'b.sh' })
// error: is not assignable to parameter of type
shell({ script: 'a.sh', scripts: ['b.sh'] })
// error: is not assignable to parameter of type
shell({ env: { A: 'a' } })
// error: 'scirpt' does not exist in type
shell({ inline: ['a'], scirpt: 'b.sh' })
// error: Type 'number' is not assignable to type
shell({ inline: ['a'], env: { A: 1 } })
// error: is not assignable to type 'Secret'
shell({ inline: ['a'], sudo: { password: 'plain' } })
// error: 'sudo' does not exist in type
shellLocal({ inline: ['a'], sudo: true })
// error: is not assignable to type 'Platform'
shellLocal({ inline: ['a'], onlyOn: ['macos'] })
// error: "dokcer"' is not assignable to type
defineImage({ name: 'a', builders: { docker: builder }, provisioners: [shell({ inline: ['a'], only: ['dokcer'] })] })
