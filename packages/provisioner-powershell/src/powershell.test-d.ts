import type { Builder, Provisioner } from '@imago/core'
import { defineImage, secret } from '@imago/core'

import { powershell, windowsRestart, windowsShell } from './index.ts'

declare const builder: Builder

// every right use compiles
powershell({
  inline: ['a'],
  elevated: { user: 'packer', password: (facts) => secret(String(facts.winrmPassword)) },
  executionPolicy: 'none',
})
powershell({ script: 'a.ps1', usePwsh: true, trace: 2, validExitCodes: [0, 3010], env: { A: (facts) => facts.image }, timeout: '1h' })
powershell({ scripts: ['a.ps1'], command: ({ path }) => ['pwsh', path] })
windowsShell({ inline: ['a'], command: ({ path }) => `start /wait ${path}`, env: { B: secret('bbbb') }, retry: 1 })
windowsRestart({ registryKeys: true, check: 'ver', within: '1h', pauseBefore: '1m' })
const somewhere: Provisioner<'aws'> = windowsRestart({ only: ['aws'] })
defineImage({ name: 'a', builders: { aws: builder }, provisioners: [somewhere, powershell({ inline: ['a'], except: ['aws'] })] })

// error: Types of property 'script' are incompatible
powershell({ inline: ['a'], script: 'b.ps1' })
// error: "bypass"' is not assignable to type
powershell({ inline: ['a'], executionPolicy: 'bypass' })
// error: Property 'user' is missing
powershell({ inline: ['a'], elevated: { password: 'b' } })
// error: 'sudo' does not exist in type
windowsShell({ inline: ['a'], sudo: true })
// error: 'timout' does not exist in type
windowsRestart({ timout: '5m' })
// error: "dokcer"' is not assignable to type
defineImage({ name: 'a', builders: { docker: builder }, provisioners: [windowsShell({ inline: ['a'], only: ['dokcer'] })] })
