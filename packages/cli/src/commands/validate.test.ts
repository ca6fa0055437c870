import type { Image, Issue } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { hostWithImage } from '../../test/image-folder.ts'
import { sampleImage } from '../../test/sample-image.ts'
import { main } from '../main.ts'

const issues: readonly Issue[] = [
  { path: ['builders', 'docker', 'image'], message: "must be a name, and is ''", hint: "write 'debian:12'" },
  { path: [], message: 'nothing to build' },
]

async function validate(
  args: readonly string[],
  found: readonly Issue[],
  online: readonly Issue[] = [],
): Promise<{ code: number; stdout: string; stderr: string; asked: unknown[] }> {
  const asked: unknown[] = []
  const host = await hostWithImage([sampleImage('one'), sampleImage('two')], {
    core: {
      validate(images, options) {
        asked.push([[images].flat().map(({ name }) => name), options?.only, options?.directory?.endsWith('web')])
        return Promise.resolve(found)
      },
      preflight() {
        asked.push('online')
        return Promise.resolve(online)
      },
    },
  })
  const code = await main(['validate', ...args], host)
  return { code, stdout: host.stdout.text, stderr: host.stderr.text, asked }
}

describe('imago validate', () => {
  test('says that all is well', async () => {
    expect(await validate(['web', '--only', 'docker'], [])).toEqual({
      code: 0,
      stdout: 'no problem in web/image.ts: 2 images, 2 builds\n',
      stderr: '',
      asked: [[['one', 'two'], ['docker'], true]],
    })
  })

  test('shows every problem', async () => {
    expect(await validate([], issues)).toMatchObject({
      code: 2,
      stdout: '',
      stderr: "builders.docker.image: must be a name, and is ''\n  hint: write 'debian:12'\nnothing to build\n\n2 problems\n",
    })
  })

  test('shows the policy for AWS, whether or not something is wrong there', async () => {
    const iamPolicy = (images: readonly Image[], selection: object) => ({
      Statement: images.map(({ name }) => ({ Sid: name, ...selection })),
    })
    const sweepAmazon = () => ({})
    const online = async (type: string, args: readonly string[], found: readonly Issue[] = []) => {
      const image = sampleImage('cow', ['aws'])
      const builders = { aws: { ...image.builders['aws'], type } }
      const host = await hostWithImage(Object.assign({}, image, { builders }), {
        modules: {
          importPackage: (name) =>
            Promise.resolve(type === 'amazon-ebs' && name === '@imago/builder-amazon' ? { iamPolicy, sweepAmazon } : undefined),
        },
        core: { validate: () => Promise.resolve([]), preflight: () => Promise.resolve(found) },
      })
      const code = await main(['validate', ...args], host)
      return { code, stdout: host.stdout.text }
    }
    const policy = (sid: object) =>
      `the credentials for AWS need no more than this policy:\n${JSON.stringify({ Statement: [sid] }, null, 2)}\n`
    expect(await online('amazon-ebs', ['--online', '--only', 'aws'])).toEqual({
      code: 0,
      stdout: `no problem in image.ts: 1 image, 1 build\n${policy({ Sid: 'cow', only: ['aws'] })}`,
    })
    const refused: Issue = { path: ['builders', 'aws', 'access'], message: 'refused' }
    expect(await online('amazon-ebs', ['--online'], [refused])).toEqual({ code: 2, stdout: policy({ Sid: 'cow' }) })
    expect((await online('amazon-chroot', ['--online'])).stdout).toContain(
      "the policy for AWS is not shown: the package '@imago/builder-amazon'",
    )
    expect((await online('amazon-ebs', [])).stdout).not.toContain('policy')
    expect((await online('amazon-ebs', ['--online', '--json'])).stdout).toBe('[]\n')
    expect((await online('docker', ['--online'])).stdout).not.toContain('policy')
  })

  test('asks the providers when it is told to, and the files are right', async () => {
    const issue: Issue = { path: ['builders', 'docker'], message: 'no engine answers' }
    const { code, stderr } = await validate(['--online'], [], [issue])
    expect([code, stderr]).toEqual([2, 'builders.docker: no engine answers\n\n1 problem\n'])
    expect((await validate(['--online'], issues)).asked).not.toContain('online')
    expect((await validate([], [])).asked).not.toContain('online')
  })

  test('writes problems as JSON', async () => {
    const { code, stdout, stderr } = await validate(['--json'], issues)
    expect([code, JSON.parse(stdout), stderr]).toEqual([2, issues, ''])
  })
})
