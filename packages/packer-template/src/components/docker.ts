import type { DockerOptions, DockerResult } from '@imago/builder-docker'

import { always, flag, secretText, text } from '../mapping/coercions.ts'
import { isYes, joinedTexts } from '../mapping/current-value.ts'
import { togetherWith } from '../mapping/group.ts'
import type { Known, Model } from '../mapping/known.ts'
import { isKnown } from '../mapping/known.ts'
import { textMap, texts } from '../mapping/list-coercions.ts'
import { localPath } from '../mapping/local-path.ts'
import type { ComponentTable, Composed } from '../mapping/table.ts'
import { as, defineTable, meaningless, noCounterpart, taken } from '../mapping/table.ts'
import { commandWords } from '../shell/command-piece.ts'
import { containerOptions } from './docker-run-command.ts'
import { ecrLogin, ecrRows } from './ecr.ts'
import { unusedSshRows } from './ssh.ts'

type Login = Extract<NonNullable<DockerOptions['login']>, { readonly username: string }>

/** What a build does with its container. */
type Result = Model<DockerResult>

/** `docker` */
export const dockerTable: ComponentTable = defineTable<DockerOptions<DockerResult>>()({
  factory: { name: 'docker', package: '@imago/builder-docker' },
  load: async () => (await import('@imago/builder-docker')).docker,
  options: {
    image: as('image', always(text)),
    pull: taken(flag),
    platform: as('platform', text),
    privileged: as('privileged', flag),
    cap_add: taken(texts),
    cap_drop: taken(texts),
    tmpfs: as('tmpfs', texts),
    device: as('devices', texts),
    volumes: taken(textMap),
    exec_user: as('user', text),
    run_command: taken(commandWords),
    commit: taken(flag),
    export_path: taken(localPath),
    discard: taken(flag),
    changes: taken(texts),
    author: taken(text),
    message: taken(text),
    login: taken(flag),
    login_username: taken(text),
    login_password: taken(secretText),
    login_server: meaningless('credentials are for the registry that the image comes from'),
    ...ecrRows,
    windows_container: noCounterpart('builds are in containers of Linux'),
    container_dir: meaningless('files go over the connection'),
    fix_upload_owner: meaningless('files belong to the user who runs commands'),
    ...unusedSshRows,
    runtime: as('runtime', text),
  },
  compose(given, ctx) {
    const [commits, discards] = [isYes(given.commit), isYes(given.discard)]
    const chosen = [commits && 'commit', given.export_path !== undefined && 'export_path', discards && 'discard'].filter(
      (name) => name !== false,
    )
    if (chosen.length !== 1) {
      const found = chosen.length === 0 ? 'there is none of them' : `there are ${chosen.join(' and ')}`
      ctx.reports.problem(ctx, `one of 'commit', 'export_path' and 'discard' is needed, and ${found}`)
    }
    if (ctx.options.members.get('image') === undefined) ctx.reports.problem(ctx, "'image' is missing")
    const { login_username: username, login_password: password } = given
    const ownLogin = isYes(given.login) ? togetherWith<Login>(['username', 'password'], { username, password }) : undefined
    const login = ecrLogin(given, ctx) ?? ownLogin
    return {
      // Packer's default is to look for a newer image each time.
      pull: given.pull === undefined || isYes(given.pull) ? 'always' : 'missing',
      ...containerOptions(isKnown(given.run_command) ? given.run_command.value : undefined, ctx),
      ...capabilities(given.cap_add, given.cap_drop),
      ...(given.volumes !== undefined && { volumes: volumesOf(given.volumes) }),
      ...(login !== undefined && { login }),
      ...resultOf(given, commits, discards),
    }
  },
})

interface ResultOptions {
  readonly export_path?: Model<string>
  readonly changes?: Model<readonly string[]>
  readonly author?: Model<string>
  readonly message?: Model<string>
}

/** An image is what is made when nothing is said. */
function resultOf(
  { export_path: path, changes, author, message }: ResultOptions,
  commits: boolean,
  discards: boolean,
): { readonly result?: Result } {
  if (path !== undefined && !commits) return { result: { type: 'export', path } }
  if (discards) return { result: { type: 'discard' } }
  const details = {
    ...(author !== undefined && { author }),
    ...(message !== undefined && { message }),
    ...(changes !== undefined && { changes }),
  }
  return Object.keys(details).length === 0 ? {} : { result: { type: 'commit', ...details } }
}

function capabilities(add: Model<readonly string[]> | undefined, drop: Model<readonly string[]> | undefined): Composed<DockerOptions> {
  if (add === undefined && drop === undefined) return {}
  return { capabilities: { ...(add !== undefined && { add }), ...(drop !== undefined && { drop }) } }
}

/** Folders of this machine by the paths that they have in the container. */
function volumesOf(volumes: Model<Readonly<Record<string, string>>>): readonly Known<string>[] {
  return Object.entries(volumes).map(([host, container]: [string, Model<string>]) => joinedTexts([`${host}:`, container]))
}
