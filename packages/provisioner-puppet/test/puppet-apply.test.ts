import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { docker } from '@imago/builder-docker'
import { defineImage, secret } from '@imago/core'
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { agentsImage, look, makingMs, skipped, trial, write } from '../../configuration-management/test/debian-image.ts'
import { puppetApply } from '../src/index.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'imago-puppet-'))
})
afterEach(async () => await rm(directory, { recursive: true }))

/** Staging directories and the process of a test that are still there. */
const leftovers = "ls -d /tmp/imago-* 2>/dev/null; grep -lz '^100$' /proc/[0-9]*/cmdline; echo looked"

describe.skipIf(skipped !== '')(`puppetApply(), with Debian's Puppet${skipped}`, { timeout: 120_000 }, () => {
  beforeAll(() => void agentsImage(), makingMs)

  const machine = (user?: string) =>
    docker({ image: agentsImage(), pull: 'never', result: { type: 'discard' }, ...(user !== undefined && { user }) })

  test('applies a manifest with modules, Hiera and facts, and leaves nothing', async () => {
    await write(directory, {
      'site.pp': `include cow
file { '/srv/fact': content => "\${facts['colour']} \${facts['packer_build_name']} \${lookup('feed')}" }
exec { '/bin/cat /proc/[0-9]*/cmdline >/srv/processes': provider => shell, creates => '/srv/processes' }`,
      'modules/cow/manifests/init.pp': `class cow { file { '/srv/cow': source => 'puppet:///modules/cow/moo', mode => '0640' } }`,
      'modules/cow/files/moo': 'Moo\n',
      'puppet/hiera.yaml': 'version: 5\nhierarchy: [{ name: common, datadir: data, data_hash: yaml_data, path: common.yaml }]\n',
      'puppet/data/common.yaml': 'feed: hay\n',
    })
    const step = puppetApply({
      manifest: 'site.pp',
      modules: ['modules'],
      hiera: { config: 'puppet/hiera.yaml', data: ['puppet/data'] },
      facts: { colour: secret('brown-and-white') },
    })
    const see = look(`cat /srv/cow /srv/fact; stat -c ' %a' /srv/cow; grep -c brown-and-white /srv/processes; ${leftovers}`)
    const image = defineImage({ name: 'cow', builders: { docker: machine() }, provisioners: [step, see] })
    const { events, error } = await trial(image, directory)
    expect(error).toBe('')
    expect(events.output('docker', 'stdout')).toMatch(/Moo\n<secret> docker hay 640\n0\nlooked\n$/)
  })

  test('runs by sudo with a password, takes a folder of manifests, and names the resource that failed after others were changed', async () => {
    await write(directory, {
      'manifests/a.pp': `file { '/root/a': content => 'a' }`,
      'manifests/b.pp': `exec { '/bin/false': }\nexec { '/bin/sh -c "exit 3"': }`,
    })
    const image = defineImage({
      name: 'cow',
      builders: { docker: machine('builder') },
      provisioners: [puppetApply({ manifest: 'manifests/', sudo: { password: secret('opensesame') } })],
      errorCleanup: [look(leftovers)],
    })
    const { report, events } = await trial(image, directory)
    expect(report.builds[0]?.error).toMatchObject({ code: 'COMMAND_FAILED', exitCode: 6 })
    expect(report.builds[0]?.error?.message).toMatch(
      /^puppet apply failed with exit code 6: \/Stage\[main\]\/Main\/Exec\[\/bin\/false\]\/returns: .*returned 1.* \(and 1 more\)$/,
    )
    expect(events.output('docker', 'stdout')).toMatch(/File\[\/root\/a\]\/ensure: defined content[^]*seconds\nlooked\n$/)
  })

  test('shows where an error of syntax is, in the files of this machine', async () => {
    await write(directory, { 'site.pp': 'include cow', 'modules/cow/manifests/init.pp': `class cow {\n  file { 'a': content => }\n}` })
    const step = puppetApply({ manifest: 'site.pp', modules: ['modules'] })
    const { error } = await trial(defineImage({ name: 'cow', builders: { docker: machine() }, provisioners: [step] }), directory)
    expect(error).toMatch(/^puppet apply failed with exit code 1: .*Syntax error .*\(file: modules\/cow\/manifests\/init\.pp, line: 2/)
  })

  test('ends in the middle when it is told to, and leaves nothing', async () => {
    await write(directory, { 'site.pp': `exec { '/bin/sleep 100': }` })
    const step = puppetApply({ manifest: 'site.pp', timeout: '3s', continueOnError: true })
    const image = defineImage({ name: 'cow', builders: { docker: machine() }, provisioners: [step, look(leftovers)] })
    const { events, report, error } = await trial(image, directory)
    expect(error).toBe('')
    expect(report.builds[0]?.steps.map(({ status }) => status)).toContain('failed')
    expect(events.output('docker', 'stdout')).toMatch(/(?:seconds|^)\n?looked\n$/)
  })

  test('says that sudo wants a password', async () => {
    await write(directory, { 'site.pp': '' })
    const step = puppetApply({ manifest: 'site.pp' })
    const { report } = await trial(defineImage({ name: 'cow', builders: { docker: machine('builder') }, provisioners: [step] }), directory)
    expect(report.builds[0]?.error).toMatchObject({
      code: 'AUTHENTICATION_FAILED',
      message: "the machine's user may not run commands as root: sudo: a password is required",
    })
  })

  test('says what to install where there is no Puppet', async () => {
    await write(directory, { 'site.pp': '' })
    const bare = docker({ image: 'debian:12', pull: 'never', result: { type: 'discard' } })
    const image = defineImage({ name: 'cow', builders: { docker: bare }, provisioners: [puppetApply({ manifest: 'site.pp' })] })
    const { report } = await trial(image, directory)
    expect(report.builds[0]?.error).toMatchObject({
      code: 'TOOL_MISSING',
      message: "there is no program 'puppet' in the machine",
      hint: expect.stringContaining("install: 'package'"),
    })
  })
})
