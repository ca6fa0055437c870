import type { DockerImportOptions, DockerPushOptions, DockerSaveOptions, DockerTagOptions } from '@imago/post-processor-docker'

import { always, flag, lateText, secretText, text } from '../mapping/coercions.ts'
import { currentText, isYes } from '../mapping/current-value.ts'
import { togetherWith } from '../mapping/group.ts'
import { texts } from '../mapping/list-coercions.ts'
import type { ComponentTable } from '../mapping/table.ts'
import { as, defineTable, meaningless, taken } from '../mapping/table.ts'
import { outputFields } from '../text/field-table.ts'
import { ecrLogin, ecrRows } from './ecr.ts'

type Login = Extract<NonNullable<DockerPushOptions['login']>, { readonly username: string }>

const from = '@imago/post-processor-docker'

/** `docker-tag` */
export const dockerTagTable: ComponentTable = defineTable<DockerTagOptions>()({
  factory: { name: 'dockerTag', package: from },
  load: async () => (await import('@imago/post-processor-docker')).dockerTag,
  options: {
    repository: as('repository', always(text)),
    tags: as('tags', texts),
    force: meaningless('a name is always taken from an image that has it'),
  },
})

/** `docker-push` */
export const dockerPushTable: ComponentTable = defineTable<DockerPushOptions>()({
  factory: { name: 'dockerPush', package: from },
  load: async () => (await import('@imago/post-processor-docker')).dockerPush,
  options: {
    login: taken(flag),
    login_username: taken(text),
    login_password: taken(secretText),
    login_server: taken(text),
    ...ecrRows,
    platform: meaningless('an image that is built here is for one platform, and that is pushed', text),
  },
  compose(given, ctx) {
    const { login, login_username: username, login_password: password, login_server: server } = given
    const registry = registryOf(currentText(server))
    const helper = ecrLogin(given, ctx)
    if (helper !== undefined) return { login: { ...helper, ...(registry !== undefined && { registry }) } }
    if (!isYes(login)) return {}
    const own = togetherWith<Login>(['username', 'password'], { registry, username, password })
    return own === undefined ? {} : { login: own }
  },
})

/** `docker-save` */
export const dockerSaveTable: ComponentTable = defineTable<DockerSaveOptions>()({
  factory: { name: 'dockerSave', package: from },
  load: async () => (await import('@imago/post-processor-docker')).dockerSave,
  options: { path: as('path', always(lateText(outputFields))) },
})

/** `docker-import` */
export const dockerImportTable: ComponentTable = defineTable<DockerImportOptions>()({
  factory: { name: 'dockerImport', package: from },
  load: async () => (await import('@imago/post-processor-docker')).dockerImport,
  options: {
    repository: as('repository', text),
    tag: as('tag', text),
    changes: as('changes', texts),
    platform: as('platform', text),
  },
})

/** A registry is known by its host: `https://index.docker.io/v1/` is Docker Hub. */
export function registryOf(server: string | undefined): string | undefined {
  const host = server?.replace(/^https?:\/\//, '').replace(/\/.*$/, '')
  if (host === undefined || host === '') return undefined
  return host === 'index.docker.io' || host === 'hub.docker.com' ? 'docker.io' : host
}
