import { secret } from '@imago/core'

import { ansibleLocal } from './index.ts'

// every right use compiles
ansibleLocal({ playbook: 'site.yml' })
ansibleLocal({ playbook: ['a.yml', 'b.yml'], playbookDirectory: 'play', groups: ['web'], install: 'package', become: true, only: ['aws'] })
ansibleLocal({ playbook: 'site.yml', extraVariables: (facts) => ({ host: facts.image, token: secret('hunter22') }), sudo: false })

// error: Property 'playbook' is missing
ansibleLocal({ groups: ['web'] })
// error: 'env' does not exist in type
ansibleLocal({ playbook: 'site.yml', env: {} })
// error: is not assignable to type
ansibleLocal({ playbook: 'site.yml', install: 'pip' })
