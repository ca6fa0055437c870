/** What a Dockerfile says of where its image comes from, beside its context. */
export interface DockerfileImages {
  /** The images named in `FROM` and in `--from`; stages of its own are none. */
  readonly names: readonly string[]
  /** Whether something is not known before it is built: an image that an `ARG` names, or what `ADD` fetches. */
  readonly isOpen: boolean
}

const from = /^[ \t]*FROM[ \t]+(?:--\S+[ \t]+)*(\S+)(?:[ \t]+AS[ \t]+(\S+))?/gim
const copyFrom = /^[ \t]*(?:ONBUILD[ \t]+)?(?:COPY|ADD|RUN)[ \t].*?--(?:from=|mount=\S*\bfrom=)([^\s,]+)/gim
const remoteAdd = /^[ \t]*(?:ONBUILD[ \t]+)?ADD[ \t].*(?::\/\/|git@|\$)/im

/** Reads the text of a Dockerfile (https://docs.docker.com/reference/dockerfile/), as far as its images go. */
export function dockerfileImages(dockerfile: string): DockerfileImages {
  const text = withoutContinuations(dockerfile)
  const begins = [...text.matchAll(from)]
  const stages = new Set(begins.map(([, , stage]) => stage?.toLowerCase()))
  const named = [...begins, ...text.matchAll(copyFrom)].map(([, name = '']) => name)
  const names = named.filter((name) => name !== 'scratch' && !stages.has(name.toLowerCase()) && !/^\d+$/.test(name))
  return {
    names: [...new Set(names.filter((name) => !isVariable(name)))],
    isOpen: names.some(isVariable) || remoteAdd.test(text),
  }
}

function isVariable(name: string): boolean {
  return name.includes('$')
}

/** The text with each instruction on one line. The directive `escape` names another character than the backslash. */
function withoutContinuations(dockerfile: string): string {
  const isBacktick = /^(?:#.*\n)*#[ \t]*escape[ \t]*=[ \t]*`/i.test(dockerfile)
  return dockerfile.replace(isBacktick ? /`[ \t]*\r?\n/g : /\\[ \t]*\r?\n/g, ' ')
}
