import { secret } from '@imago/core'

import { chefClient, chefSolo } from './index.ts'

const serverUrl = 'https://chef.example.org/organizations/cow'

// every right use compiles
chefSolo({ cookbooks: ['cookbooks'], runList: ['nginx'], attributes: { a: [1, { b: secret('hunter22') }] }, only: ['aws'] })
chefSolo({ berksfile: 'Berksfile', runList: ['nginx'], product: 'cinc', install: 'package' })
chefSolo({ policyfile: 'Policyfile.rb', namedRunList: 'web', license: 'accept-no-persist', encryptedDataBagSecret: secret('hunter22') })
chefClient({ serverUrl, validationKey: 'key.pem', runList: ['nginx'], environment: 'test' })
chefClient({ serverUrl, clientKey: secret('the key'), policyName: 'web', policyGroup: 'test', onReboot: 'ignore' })
chefClient({ serverUrl, remoteClientKey: '/etc/chef/client.pem', knife: { sudo: true }, config: { content: ({ image }) => `# ${image}` } })
chefSolo({ cookbooks: ['a'], config: 'extra.rb', install: { command: 'apk add chef' } })

// error: is not assignable to parameter of type
chefSolo({ cookbooks: ['a'], policyfile: 'b' })
// error: is not assignable to parameter of type
chefSolo({ policyfile: 'b', runList: ['a'] })
// error: is not assignable to type
chefSolo({ cookbooks: ['a'], product: 'puppet' })
// error: 'runlist' does not exist in type
chefSolo({ cookbooks: ['a'], runlist: ['b'] })
// error: is not assignable to parameter of type
chefClient({ serverUrl, clientKey: 'a', validationKey: 'b' })
// error: is not assignable to parameter of type
chefClient({ serverUrl, policyName: 'a' })
// error: is not assignable to parameter of type
chefClient({ validationKey: 'b' })
// error: is not assignable to parameter of type
chefClient({ serverUrl, clientKey: 'a', remoteClientKey: 'b' })
