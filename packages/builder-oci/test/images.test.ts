import { readdirSync, readFileSync } from 'node:fs'
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import type { Communicator } from '@imago/core'
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest'

import type { OciOptions } from '../src/oci-options.ts'
import { hostBinaries, ociArchive, scratch } from '../src/index.ts'
import { archiveContent, archiveFile } from './archive-content.ts'
import { becomeNobody, buildImage, checkBuilt, needs, output, temporaryFolder, whyNoNamespaces } from './bench.ts'

const from = hostBinaries({
  commands: ['sh', 'cat', 'chmod', 'cp', 'id', 'ln', 'ls', 'mkdir', 'mkfifo', 'rm', 'rmdir', 'sleep', 'stat', 'touch'],
})

/** Steps with one of everything. */
async function provision(machine: Communicator): Promise<void> {
  const { exitCode, stderr } = await output(
    machine,
    `set -e
    mkdir -p /srv/site/empty /srv/old/deep && echo hello >/srv/site/index.html && echo x >/srv/old/deep/file
    ln /srv/site/index.html /srv/site/again.html
    ln -s /srv/site /srv/link
    mkfifo /srv/pipe
    touch "/srv/it's a
name" "$(printf '/srv/n\\303\\266t \\377 utf-8')"
    cp /usr/bin/id /srv/id && chmod 4755 /srv/id
    chmod 700 /srv/old
    rm /etc/group`,
  )
  expect(stderr).toBe('')
  expect(exitCode).toBe(0)
}

/** The second layer of an image that was so provisioned. */
const expectedChanges = [
  'd 0755 0:0 etc',
  '- 0644 0:0 etc/.wh.group',
  'd 0755 0:0 srv',
  '- 4755 0:0 srv/id',
  "- 0644 0:0 srv/it's a\nname",
  'l 0777 0:0 srv/link -> /srv/site',
  '- 0644 0:0 srv/n\u00c3\u00b6t \u00ff utf-8',
  'd 0700 0:0 srv/old',
  'd 0755 0:0 srv/old/deep',
  '- 0644 0:0 srv/old/deep/file',
  'p 0644 0:0 srv/pipe',
  'd 0755 0:0 srv/site',
  '- 0644 0:0 srv/site/again.html',
  'd 0755 0:0 srv/site/empty',
  'h 0644 0:0 srv/site/index.html -> srv/site/again.html',
]

checkBuilt()
const { skip, why } = needs('userns', becomeNobody() ?? (await whyNoNamespaces()))

describe.skipIf(skip)(`an image that a user builds${why}`, () => {
  const place = { folder: '' }
  beforeAll(async () => {
    place.folder = await temporaryFolder()
  })
  afterAll(async () => await rm(place.folder, { recursive: true }))
  describe('a layer', () => {
    layerTests(place)
  })
  describe('an image', () => {
    contentTests(place)
  })
  describe('a configuration', () => {
    configurationTests(place)
  })
  describe('names and a date', () => {
    namesAndDateTests(place)
  })
  describe('an ending', () => {
    endingTests(place)
  })
})

/** A folder that exists when the tests run. */
interface Place {
  readonly folder: string
}

function layerTests(place: Place): void {
  it('has a layer of what changed, sorted, and nothing else of it', async () => {
    const { artifact, path } = await buildImage(place.folder, { from, output: 'everything.tar' }, provision)
    const content = await archiveContent(path)
    expect(content.digest).toBe(artifact.digest)
    expect(content.layers).toHaveLength(2)
    expect(content.layers[1]).toEqual(expectedChanges)
    expect(artifact).toMatchObject({ type: 'oci-archive', id: artifact.digest, platform: expect.stringMatching(/^linux\//) })
    expect((await readdir(place.folder)).filter((name) => name.endsWith('.part'))).toEqual([])
  })

  it('has no empty layer when nothing changed', async () => {
    const { path } = await buildImage(place.folder, { from, output: 'same.tar' }, async (machine) => {
      await output(machine, 'mkdir /new; rmdir /new; echo x >/etc/passwd.new; rm /etc/passwd.new; ls / >/dev/null')
    })
    expect((await archiveContent(path)).layers).toHaveLength(1)
  })

  it('applies the whiteouts of its base', async () => {
    await buildImage(place.folder, { from, output: 'less.tar' }, provision)
    const { path } = await buildImage(place.folder, { from: ociArchive('less.tar'), output: 'lesser.tar' }, async (machine) => {
      expect(await machine.stat('/etc/group')).toBeUndefined()
      expect((await output(machine, 'cat /srv/site/index.html; stat -c %h /srv/site/index.html; rm -r /srv/old')).stdout).toBe('hello\n2\n')
    })
    expect((await archiveContent(path)).layers[2]).toEqual(['d 0755 0:0 srv', '- 0644 0:0 srv/.wh.old'])
  })

  it('puts a directory in the place of a file, and a file in the place of a directory', async () => {
    const { path } = await buildImage(place.folder, { from, output: 'swap.tar' }, async (machine) => {
      await output(
        machine,
        'rm /etc/group; mkdir /etc/group; echo x >/etc/group/x; rmdir /tmp; echo x >/tmp; rm -r /root; mkdir /root; echo x >/root/x',
      )
    })
    expect((await archiveContent(path)).layers[1]).toEqual([
      'd 0755 0:0 etc',
      'd 0755 0:0 etc/group',
      '- 0644 0:0 etc/group/x',
      'd 0755 0:0 root',
      '- 0644 0:0 root/x',
      '- 0644 0:0 tmp',
    ])
  })
}

function contentTests(place: Place): void {
  it('has the same digest when the same is built elsewhere', async () => {
    const [one, other] = [join(place.folder, 'one'), join(place.folder, 'an other')]
    for (const each of [one, other]) await mkdir(each)
    const first = await buildImage(one, { from }, provision)
    const second = await buildImage(other, { from }, provision, { runId: 'another1' })
    expect(second.artifact.digest).toBe(first.artifact.digest)
    expect(second.artifact.files[0]?.sha256).toBe(first.artifact.files[0]?.sha256)
    expect(first.path).toBe(join(one, 'test-oci.oci.tar'))
  })

  it('can be made of files alone', async () => {
    const { path } = await buildImage(
      place.folder,
      { from: scratch(), output: 'scratch.tar', entrypoint: ['/bin/app'] },
      async (machine) => {
        await machine.upload({ content: 'app' }, '/bin/app', { mode: 0o755 })
        await machine.upload({ content: 'data' }, '/data/file', { owner: '33:44', mode: 0o600 })
      },
    )
    const { layers, config } = await archiveContent(path)
    expect(layers).toEqual([['d 0755 0:0 bin', '- 0755 0:0 bin/app', 'd 0755 0:0 data', '- 0600 33:44 data/file']])
    expect(config.config).toEqual({ Entrypoint: ['/bin/app'] })
  })

  it('can be left uncompressed', async () => {
    const { path } = await buildImage(place.folder, { from, output: 'plain.tar', compression: 'none' }, provision)
    const { layers, layerDigests, config } = await archiveContent(path)
    expect(layers[1]).toEqual(expectedChanges)
    expect(layerDigests).toEqual(config.rootfs.diff_ids)
  })
}

function configurationTests(place: Place): void {
  it('has the configuration that was asked for, on top of the one of its base', async () => {
    const base = await buildImage(place.folder, {
      from,
      output: 'base.tar',
      env: { PATH: '/usr/bin:/bin', KEPT: '1', SET: 'base' },
      labels: { b: '1' },
      cmd: ['sh'],
      volumes: ['/data'],
      author: 'Daisy',
      sourceDateEpoch: 1_000_000_000,
    })
    const { path, artifact } = await buildImage(
      place.folder,
      {
        from: ociArchive('base.tar'),
        output: 'derived.tar',
        tag: 'cow:1.0',
        env: { SET: 'derived' },
        labels: { a: '2' },
        entrypoint: ['cat'],
        exposedPorts: [80, '53/udp'],
        user: 'nobody',
        workdir: '/srv',
      },
      async (machine) => {
        expect((await output(machine, 'echo $KEPT $SET; echo >/new')).stdout).toBe('1 derived\n')
      },
    )
    const { config, layers, layerDigests } = await archiveContent(path)
    expect(config.config).toEqual({
      Env: ['PATH=/usr/bin:/bin', 'KEPT=1', 'SET=derived'],
      Entrypoint: ['cat'],
      ExposedPorts: { '53/udp': {}, '80/tcp': {} },
      Labels: { a: '2', b: '1' },
      User: 'nobody',
      Volumes: { '/data': {} },
      WorkingDir: '/srv',
    })
    expect([config.author, config.created, config.history?.length]).toEqual(['Daisy', '1970-01-01T00:00:00Z', 2])
    expect(layers[1]).toEqual(['- 0644 0:0 new'])
    expect(layerDigests[0]).toBe((await archiveContent(base.path)).layerDigests[0])
    expect(JSON.parse(await archiveFile(path, 'manifest.json'))).toMatchObject([{ RepoTags: ['cow:1.0'] }])
    expect(artifact.tag).toBe('cow:1.0')
  })
}

function namesAndDateTests(place: Place): void {
  it('has the names that functions of the facts make, which are checked first', async () => {
    const { artifact } = await buildImage(place.folder, {
      from: scratch(),
      output: ({ buildName }) => `made/${buildName}.tar`,
      tag: ({ image }) => `${image}:2.0`,
    })
    expect([artifact.files[0]?.path, artifact.tag]).toEqual([join(place.folder, 'made/oci.tar'), 'test:2.0'])
    for (const wrong of [{ output: () => '' }, { tag: () => 'Cow:1' }, { tag: () => `cow@sha256:${'a'.repeat(64)}` }]) {
      await expect(buildImage(place.folder, { from: scratch(), ...wrong })).rejects.toMatchObject({ code: 'DEFINITION_INVALID' })
    }
  })

  it('has the date of SOURCE_DATE_EPOCH, but for one that the options name', async () => {
    onTestFinished(() => void vi.unstubAllEnvs())
    const createdWith = async (variable: string, options: Partial<OciOptions> = {}): Promise<string | undefined> => {
      vi.stubEnv('SOURCE_DATE_EPOCH', variable)
      return (await archiveContent((await buildImage(place.folder, { from: scratch(), output: 'dated.tar', ...options })).path)).config
        .created
    }
    expect(await createdWith('1000000000')).toBe('2001-09-09T01:46:40Z')
    expect(await createdWith('1000000000', { sourceDateEpoch: 1 })).toBe('1970-01-01T00:00:01Z')
    expect(await createdWith('soon')).toBe('1970-01-01T00:00:00Z')
  })
}

function endingTests(place: Place): void {
  it('comes soon when the build is cancelled, and leaves nothing', async () => {
    const work = join(place.folder, 'cancelled')
    await mkdir(work)
    const abort = new AbortController()
    const building = buildImage(
      work,
      { from },
      async (machine) => {
        const running = machine.exec('echo started; sleep 1000', { signal: abort.signal, onOutput: () => abort.abort() })
        await running
      },
      { signal: abort.signal },
    )
    await expect(building).rejects.toMatchObject({ code: 'CANCELLED' })
    const [left] = await readdir(work)
    expect(await readdir(join(work, left ?? ''))).toEqual([])
  })

  it('names the machine as lost when its first process is killed', async () => {
    const building = buildImage(place.folder, { from, output: 'lost.tar' }, async (machine) => {
      await machine.exec('echo started; sleep 1000', { onOutput: () => killInit(place.folder) })
    })
    await expect(building).rejects.toMatchObject({ code: 'MACHINE_LOST' })
  })

  it('says where the image cannot be written', async () => {
    await writeFile(join(place.folder, 'a-file'), '')
    await expect(buildImage(place.folder, { from: scratch(), output: 'a-file/image.tar' })).rejects.toMatchObject({
      code: 'OUTPUT_UNWRITABLE',
    })
  })
}

/** Kills the first process of the machine whose directory is in `folder`. */
function killInit(folder: string): void {
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      const line = readFileSync(`/proc/${name}/cmdline`, 'utf8')
      if (line.startsWith('sh\0-c') && line.includes('imago-init') && line.includes(folder)) process.kill(Number(name), 'SIGKILL')
    } catch {
      // another process, that has ended meanwhile
    }
  }
}
