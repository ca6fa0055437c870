import { saltMasterless } from './index.ts'

// every right use compiles
saltMasterless({ states: 'salt' })
saltMasterless({ states: 'salt', state: ['a', 'b'], grains: { roles: ['web'] }, formulas: ['f'], install: 'package', only: ['aws'] })
saltMasterless({ states: 'salt', grains: 'grains', install: { script: 'bootstrap.sh', arguments: ['-x', 'python3'] } })
saltMasterless({
  states: 'salt',
  statesDirectory: '/srv/salt',
  formulas: ['f', { git: 'https://example.org/a.git', path: 'a', ref: 'v1' }],
})
saltMasterless({ states: 'salt', install: { command: 'apk add salt' } })

// error: Property 'states' is missing
saltMasterless({ pillar: 'pillar' })
// error: is not assignable to type
saltMasterless({ states: 'salt', logLevel: 'loud' })
// error: 'pilar' does not exist in type
saltMasterless({ states: 'salt', pilar: 'p' })
// error: 'url' does not exist in type
saltMasterless({ states: 'salt', formulas: [{ url: 'https://example.org/a.git' }] })
