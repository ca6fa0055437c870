/** A builder that hands over a machine which does nothing, and notes when it was removed. */
const fake = `
import { appendFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { defineImage, ImagoError, secret } from '@imago/core'
import type { Builder, BuildContext, Communicator, ProvisionContext, Provisioner } from '@imago/core'

const machine = {
  exec: () => Promise.resolve({ exitCode: 0 }),
  upload: () => Promise.resolve(),
  download: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
} as unknown as Communicator

const fake: Builder = {
  kind: 'builder',
  type: 'fake',
  options: {},
  makes: { type: 'fake', files: false },
  async build(ctx: BuildContext) {
    try {
      await ctx.provision(machine)
      return { type: 'fake', id: 'made-' + ctx.build }
    } finally {
      appendFileSync('log.txt', 'removed ' + ctx.build + '\\n')
    }
  },
}

function step(provision: (ctx: ProvisionContext) => Promise<void>): Provisioner<string> {
  return { kind: 'provisioner', type: 'step', options: {}, provision }
}
`

/** An image file with one build, of which the only step does this. */
export function definition(stepBody: string): string {
  return `${fake}
export default defineImage({ name: 'hello', builders: { one: fake }, provisioners: [step(async (ctx) => {\n${stepBody}\n})] })
`
}
