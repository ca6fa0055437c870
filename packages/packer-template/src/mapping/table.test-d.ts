import type { DockerTagOptions } from '@imago/post-processor-docker'
import { dockerTag } from '@imago/post-processor-docker'

import { duration, flag, text } from './coercions.ts'
import { texts } from './list-coercions.ts'
import { as, defineTable, meaningless, noCounterpart, taken } from './table.ts'

const factory = { name: 'dockerTag', package: '@imago/post-processor-docker' }
const load = () => Promise.resolve(dockerTag)

// every right use compiles
defineTable<DockerTagOptions>()({
  factory,
  load,
  options: {
    repository: as('repository', text),
    tag: taken(text),
    tags: as('tags', texts),
    force: as('force', flag),
    login: noCounterpart('log in before'),
    keep: meaningless('it is kept'),
  },
  compose: ({ tag }) => (tag === undefined ? {} : { tags: [tag] }),
})

// an option that we do not have
// error: is not assignable to type 'Row<DockerTagOptions>'
defineTable<DockerTagOptions>()({ factory, load, options: { repository: as('repo', text) } })
// a value of another type
// error: is not assignable to type
defineTable<DockerTagOptions>()({ factory, load, options: { tags: as('tags', flag) } })
// error: is not assignable to type
defineTable<DockerTagOptions>()({ factory, load, options: { force: as('force', duration) } })
// what `compose` makes is held against the options too
// error: is not assignable to type
defineTable<DockerTagOptions>()({ factory, load, options: {}, compose: () => ({ force: 'yes' }) })
defineTable<DockerTagOptions>()({
  factory,
  load,
  options: { tag: taken(flag) },
  // error: is not assignable to type
  compose: ({ tag }) => (tag === undefined ? {} : { repository: tag }),
})
// and it gets only what the table takes
defineTable<DockerTagOptions>()({
  factory,
  load,
  options: { repository: as('repository', text) },
  // error: 'tag' does not exist on type
  compose: ({ tag }) => ({ tags: [tag] }),
})
