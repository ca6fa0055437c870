import { execFileSync } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { docker } from '@imago/builder-docker'
import type { Image } from '@imago/core'
import { run } from '@imago/core'
import { startEc2Emulator } from '@imago/ec2-emulator'
import { planOf, recorder } from '@imago/testing'
import { beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'

import { makePythonImage, pythonImage } from '../../packages/provisioner-ansible/test/python-image.ts'
import { reasonToSkip } from '../../test/requirement.ts'
import image from './image.ts'

test('one definition is for three places: a step for one, an archive for another, Ansible for all', async () => {
  const { builds } = planOf(await image.with({}))
  expect(
    builds.map(({ build, builderType, provisioners, postProcessors }) => [
      build,
      builderType,
      provisioners.map(({ type }) => type),
      postProcessors.flat().map(({ type, options }) => ({ type, ...(options as object) })), // of one step
    ]),
  ).toEqual([
    ['aws', 'amazon-ebs', ['shell', 'ansible'], []],
    ['docker', 'docker', ['ansible'], []],
    ['virtualbox', 'virtualbox-ovf', ['ansible'], [{ type: 'compress', output: 'out/MyCowServer-VirtualBox.tar.gz' }]],
  ])
})

const skipped = reasonToSkip({ docker: 'docker image inspect debian:12', ansible: 'ansible-playbook --version' })

/** The definition with a container in the place of VirtualBox's machine, whose files stand for the appliance. */
async function withoutVirtualBox(): Promise<Image> {
  const server: Image = await image.with({ base: pythonImage })
  const machine = docker({ image: pythonImage, result: { type: 'export', path: 'out/my-cow-server.ova' } })
  return { ...server, builders: { ...server.builders, virtualbox: machine } }
}

describe.skipIf(skipped !== '')(`at an emulator of EC2, and in containers${skipped}`, () => {
  beforeAll(makePythonImage, 180_000)

  test('it is built in three places at once, and is there what it should be', { timeout: 300_000 }, async () => {
    const directory = await mkdtemp(join(tmpdir(), 'imago-everywhere-'))
    onTestFinished(async () => await rm(directory, { recursive: true, force: true }))
    await symlink(join(import.meta.dirname, 'playbook'), join(directory, 'playbook'))
    await using emulator = await startEc2Emulator({ guests: 'docker' })
    onTestFinished(() => void vi.unstubAllEnvs())
    for (const [name, value] of Object.entries(emulator.env)) vi.stubEnv(name, value)

    const events = recorder()
    const { builds } = await run(await withoutVirtualBox(), {
      directory,
      stateDirectory: join(directory, '.imago'),
      onEvent: events.onEvent,
    })
    const imageId = builds.find(({ build }) => build === 'docker')?.artifact?.id ?? 'none'
    onTestFinished(() => void execFileSync('docker', ['image', 'rm', '--force', imageId], { stdio: 'ignore' }))
    expect(builds.map(({ build, error, artifacts }) => [build, error ?? artifacts.map(({ type }) => type)])).toEqual([
      ['aws', ['amazon-ami']],
      ['docker', ['docker-image']],
      ['virtualbox', ['files']],
    ])
    const recaps = events.of('message').flatMap(({ build, data }) => (data === undefined ? [] : [{ build, ...data }]))
    const recap = { playbook: 'playbook/site.yml', ok: 3, changed: 2, failed: 0 }
    expect(recaps.toSorted((a, b) => (a.build < b.build ? -1 : 1))).toMatchObject(
      ['aws', 'docker', 'virtualbox'].map((build) => ({ build, ...recap })),
    )
    const shells = (build: string) => events.steps(build).filter(({ step }) => step.type === 'shell').length
    expect(['aws', 'docker', 'virtualbox'].map(shells)).toEqual([1, 0, 0])

    expect(execFileSync('docker', ['run', '--rm', imageId], { encoding: 'utf8' })).toBe('<p>Moo from docker.\n')
    const archive = join(directory, 'out/MyCowServer-VirtualBox.tar.gz')
    const said = 'tar -xzOf "$0" my-cow-server.ova | tar -xOf - srv/cow/index.html'
    expect(execFileSync('sh', ['-c', said, archive], { encoding: 'utf8' })).toBe('<p>Moo from virtualbox.\n')
    expect(emulator.leftovers().map(({ kind }) => kind)).toEqual(['image', 'snapshot'])
  })
})
