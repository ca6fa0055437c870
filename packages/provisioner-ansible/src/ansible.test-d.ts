import type { FakeArtifact } from '@imago/testing'
import type { Builder } from '@imago/core'
import { defineImage, secret } from '@imago/core'

import { ansible } from './ansible.ts'

declare const builder: Builder<FakeArtifact>

defineImage({
  name: 'i',
  builders: { docker: builder },
  provisioners: [
    ansible({ playbook: 'site.yml', extraVariables: { list: [1, { deep: secret('very deep') }], none: null }, only: ['docker'] }),
    ansible({ playbook: 'site.yml', hostVariables: (facts) => ({ host: facts.host ?? '' }), timeout: '10m' }),
    // error: Type '"dokcer"' is not assignable to type '"docker"'
    ansible({ playbook: 'site.yml', only: ['dokcer'] }),
  ],
})

// error: is not assignable to parameter of type 'AnsibleOptions
ansible({})
// error: Type 'Date' is not assignable to type 'AnsibleValue'
ansible({ playbook: 'site.yml', extraVariables: { when: new Date() } })
// error: Type 'string' is not assignable to type 'Secret'
ansible({ playbook: 'site.yml', become: { password: 'plain' } })
