import { ImagoError, isImagoError, runLocal } from '@imago/core'

/** What a helper knows. */
export interface HelperAnswer {
  readonly username: string
  readonly secret: string
}

/** How to ask a helper. */
export interface HelperCall {
  /** Added to its environment. @default none */
  readonly env?: Readonly<Record<string, string>>
  readonly signal?: AbortSignal | undefined
  /** What names the helper, and so what to do when it is not there. @default Docker's configuration */
  readonly namedBy?: { readonly what: string; readonly hint: string }
}

/** The words by which helpers say that they know nothing of a server, from their protocol. */
const notFound = /credentials not found|no credentials|not found in/i

/**
 * Asks `docker-credential-<name> get` for a server's credentials (the protocol of docker-credential-helpers); `undefined` when it has none.
 * @throws ImagoError `TOOL_MISSING` when it is not installed, `AUTHENTICATION_FAILED` when it fails
 */
export async function runCredentialHelper(
  name: string,
  server: string,
  { env, signal, namedBy = byConfiguration }: HelperCall = {},
): Promise<HelperAnswer | undefined> {
  const program = `docker-credential-${name}`
  const output = { stdout: '', stderr: '' }
  const decoder = { stdout: new TextDecoder(), stderr: new TextDecoder() }
  const { exitCode } = await runLocal({
    command: [program, 'get'],
    stdin: server,
    onOutput: (stream, chunk) => (output[stream] += decoder[stream].decode(chunk, { stream: true })),
    ...(env !== undefined && { env }),
    ...(signal !== undefined && { signal }),
  }).catch((error: unknown) => {
    throw isImagoError(error, 'TOOL_MISSING') ? missing(program, server, namedBy, error) : error
  })
  if (exitCode !== 0) {
    const said = `${output.stdout}\n${output.stderr}`.trim()
    if (notFound.test(said)) return undefined
    throw new ImagoError(
      'AUTHENTICATION_FAILED',
      `'${program} get' failed for '${server}' (exit code ${exitCode}): ${said || 'it said nothing'}`,
      {
        hint: `run 'echo ${server} | ${program} get' to see why`,
      },
    )
  }
  return parseAnswer(output.stdout, program)
}

function parseAnswer(text: string, program: string): HelperAnswer {
  const answer = parseJson(text)
  if (typeof answer === 'object' && answer !== null && 'Username' in answer && 'Secret' in answer) {
    const { Username: username, Secret: secret } = answer
    if (typeof username === 'string' && typeof secret === 'string') return { username, secret }
  }
  // What it did say may hold a secret.
  throw new ImagoError('AUTHENTICATION_FAILED', `'${program} get' answered with something else than a user name and a secret`)
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

const byConfiguration = {
  what: "Docker's configuration",
  hint: "install it, or remove it from 'credHelpers' or 'credsStore' in Docker's config.json",
}

function missing(program: string, server: string, { what, hint }: NonNullable<HelperCall['namedBy']>, cause: unknown): ImagoError {
  return new ImagoError('TOOL_MISSING', `there is no '${program}', which ${what} names for '${server}'`, { cause, hint })
}
