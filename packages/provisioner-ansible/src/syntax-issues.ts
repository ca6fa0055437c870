import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

import type { Issue, PreflightContext } from '@imago/core'
import { isImagoError, isSecret, reveal, runLocal } from '@imago/core'

import type { AnsibleOptions } from './ansible-options.ts'
import { fetchedBefore } from './galaxy.ts'
import { defaultHostAlias } from './inventory.ts'
import { playbookError } from './playbook-error.ts'
import { ansiblePlaybook, withInstallHint } from './programs.ts'
import { searchPaths } from './search-paths.ts'

/** What requirements may bring. */
const missingContent = /the role '.*' was not found|couldn't resolve module\/action/

/** What only the build has: facts, variables that are functions of them, and what opens a vault. */
const missingValue = /is undefined|vault/i

/**
 * What Ansible says of the playbook before anything starts (`ansible-playbook --syntax-check`), where it is installed. Nothing is fetched,
 * and no host is asked.
 */
export async function syntaxIssues(options: AnsibleOptions, { directory, signal }: PreflightContext): Promise<readonly Issue[]> {
  const { playbook, command = ansiblePlaybook, configFile, galaxyFile, hostAlias = defaultHostAlias, variableFiles = [] } = options
  const fetched = await fetchedBefore(options, directory)
  const temporary = await mkdtemp(join(tmpdir(), 'imago-ansible-check-'))
  let stderr = ''
  try {
    const { exitCode } = await runLocal({
      command: [
        command,
        '--syntax-check',
        '--inventory',
        `${hostAlias},`,
        ...variableFiles.flatMap((path) => ['--extra-vars', `@${resolve(directory, path)}`]),
        resolve(directory, playbook),
      ],
      env: {
        ANSIBLE_LOCAL_TEMP: temporary,
        ANSIBLE_NOCOWS: 'True',
        ...searchPaths(options, fetched, directory),
        ...(configFile !== undefined && { ANSIBLE_CONFIG: resolve(directory, configFile) }),
        ...knownEnvironment(options),
      },
      cwd: directory,
      signal,
      onOutput: (stream, chunk) => {
        if (stream === 'stderr') stderr += Buffer.from(chunk).toString('utf8')
      },
    })
    if (exitCode === 0) return []
    const { message, hint } = playbookError({ playbook, exitCode, failed: undefined, stderr, isForNobody: false })
    const isUnfetched = galaxyFile !== undefined && fetched === undefined && missingContent.test(message)
    return isUnfetched || missingValue.test(message) ? [] : [{ path: ['playbook'], message, ...(hint !== undefined && { hint }) }]
  } catch (error) {
    if (!isImagoError(error, 'TOOL_MISSING')) throw error
    const { message, hint } = withInstallHint(error)
    return [{ path: ['command'], message, ...(hint !== undefined && { hint }) }]
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

/** What is known of Ansible's environment before the build. */
function knownEnvironment({ environment = {} }: AnsibleOptions): Record<string, string> {
  return Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      typeof value === 'function' ? [] : [[name, isSecret(value) ? reveal(value) : value]],
    ),
  )
}
