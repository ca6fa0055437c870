import type { BuildEvent, DockerImageArtifact, Plan, StepRef } from '@imago/core'

import type { Place } from './events.ts'
import { attemptAt, builderStep, event, plannedBuild, postProcessor, provisioner, sorted, transferOf } from './events.ts'

const base: Place = ['base', 'docker']
const docker: Place = ['web', 'docker']
const vm: Place = ['web', 'vm']
const cloud: Place = ['web', 'cloud']

const caches = provisioner(0, 'shell', 'remove caches')
const site = provisioner(0, 'file', 'site/ to /srv/site')
const install = provisioner(1, 'shell', 'apt-get install -y nginx')
const lint = provisioner(2, 'shell', 'nginx -t')
const cleanUp: StepRef = { id: 'errorCleanup[0]', kind: 'error-cleanup', type: 'file', title: 'download /var/log/dpkg.log' }
const chain = [
  postProcessor(0, 0, 'docker-tag', 'web:1.0'),
  postProcessor(0, 1, 'docker-save', 'out/web.tar'),
  postProcessor(0, 2, 'compress'),
]
const checksum = postProcessor(1, 0, 'checksum')

/** What is planned for {@link sampleEvents}. */
export const samplePlans: readonly Plan[] = [
  { image: 'base', builds: [plannedBuild('docker', [caches])] },
  {
    image: 'web',
    builds: [
      plannedBuild('docker', [site, install, lint, ...chain, checksum], { after: ['base.docker'] }),
      plannedBuild('vm', [site, install, lint, cleanUp, checksum], { builderType: 'qemu', makes: { type: 'qcow2', files: true } }),
      plannedBuild('cloud', [site, install, lint], { builderType: 'amazon-ebs', makes: { type: 'ami', files: false } }),
    ],
  },
]

const apt = ['Reading package lists…', 'Building dependency tree…', 'The following NEW packages will be installed:', '  nginx nginx-common']
const unpacking = Array.from({ length: 40 }, (_, index) => `\u001B[32mUnpacking\u001B[0m package-${index} (1.0-${index}) …`)
const noRoute = { code: 'COMMAND_FAILED', message: "'apt-get install -y nginx' ended with exit code 100", exitCode: 100 } as const

/** A run with something of everything: a base, a retry, a failure that was ignored, one that was not, a cancelled build, parallel chains. */
export const sampleEvents: readonly BuildEvent[] = sorted([
  event(0, {
    type: 'run-started',
    builds: [
      { image: 'base', build: 'docker', builderType: 'docker' },
      { image: 'web', build: 'docker', builderType: 'docker' },
      { image: 'web', build: 'vm', builderType: 'qemu' },
      { image: 'web', build: 'cloud', builderType: 'amazon-ebs' },
    ],
  }),
  ...baseEvents(),
  ...dockerEvents(),
  ...vmEvents(),
  event(3, { type: 'build-started', builderType: 'amazon-ebs', steps: 3 }, cloud),
  ...attemptAt(cloud, builderStep('launch', 'launch an instance'), {
    from: 50,
    to: 7650,
    status: 'cancelled',
    error: { code: 'CANCELLED', message: 'cancelled, because web.vm failed' },
  }),
  event(
    7700,
    {
      type: 'build-finished',
      status: 'cancelled',
      durationMs: 7697,
      artifacts: [],
      error: { code: 'CANCELLED', message: 'cancelled, because web.vm failed' },
    },
    cloud,
  ),
  event(13_010, { type: 'run-finished', status: 'failed', durationMs: 13_010 }),
])

function baseEvents(): BuildEvent[] {
  const pull = builderStep('pull', 'pull debian:12')
  return [
    event(2, { type: 'build-started', builderType: 'docker', steps: 1 }, base),
    ...attemptAt(base, pull, { from: 20, to: 2100 }),
    ...transferOf(base, pull, 'pull debian:12', { from: 100, to: 2000, bytes: 52_000_000 }),
    ...attemptAt(base, builderStep('create', 'create the container'), { from: 2110, to: 2300 }),
    ...attemptAt(base, caches, { from: 2300, to: 3700, said: 'removed 14 files\n' }),
    ...attemptAt(base, builderStep('commit', 'commit the container'), { from: 3710, to: 4150 }),
    event(
      4200,
      {
        type: 'build-finished',
        status: 'succeeded',
        durationMs: 4198,
        artifacts: [dockerImage('1', 117_000_000, 'base:latest')],
      },
      base,
    ),
  ]
}

function dockerEvents(): BuildEvent[] {
  const save = chain[1] ?? checksum
  const files = [
    { path: '/home/project/out/web.tar.gz', size: 61_200_000, sha256: 'ab'.repeat(32) },
    { path: '/home/project/out/SHA256SUMS', size: 79 },
  ]
  return [
    event(4205, { type: 'build-started', builderType: 'docker', steps: 7 }, docker),
    ...attemptAt(docker, builderStep('create', 'create the container'), { from: 4210, to: 4400 }),
    ...attemptAt(docker, site, { from: 4400, to: 4900 }),
    ...transferOf(docker, site, 'upload site', { from: 4410, to: 4890, bytes: 8_400_000 }),
    ...attemptAt(docker, install, {
      from: 4900,
      to: 6000,
      status: 'failed',
      error: noRoute,
      retryInMs: 1000,
      said: `${apt.join('\n')}\n`,
      complained: 'E: Failed to fetch http://deb.example/nginx.deb  Connection timed out\n',
    }),
    ...attemptAt(docker, install, { from: 7000, to: 9500, attempt: 2, said: `${[...apt, ...unpacking].join('\n')}\n` }),
    ...attemptAt(docker, lint, {
      from: 9500,
      to: 9800,
      status: 'failed',
      ignored: true,
      complained: 'nginx: configuration file test failed\n',
      error: { code: 'COMMAND_FAILED', message: "'nginx -t' ended with exit code 1", exitCode: 1 },
    }),
    event(9801, { type: 'message', level: 'warning', text: 'the container has an anonymous volume' }, docker),
    ...attemptAt(docker, builderStep('commit', 'commit the container'), { from: 9805, to: 10_400 }),
    ...attemptAt(docker, chain[0] ?? checksum, { from: 10_410, to: 10_450 }),
    ...attemptAt(docker, save, { from: 10_450, to: 11_800 }),
    ...transferOf(docker, save, 'save web.tar', { from: 10_460, to: 11_790, bytes: 152_000_000 }),
    ...attemptAt(docker, chain[2] ?? checksum, { from: 11_800, to: 12_900 }),
    ...attemptAt(docker, checksum, { from: 10_410, to: 10_900 }),
    event(
      13_000,
      {
        type: 'build-finished',
        status: 'succeeded',
        durationMs: 8795,
        artifacts: [dockerImage('2', 152_000_000, 'web:1.0'), { type: 'files', id: 'out/web.tar.gz', files }],
      },
      docker,
    ),
  ]
}

function vmEvents(): BuildEvent[] {
  const error = {
    code: 'COMMAND_FAILED',
    message: "'apt-get install -y nginx' ended with exit code 100",
    hint: 'see what it said last; a retry may help where the network is to blame',
    causes: ['the connection to deb.example was refused'],
    exitCode: 100,
  } as const
  const process = { kind: 'qemu-process', name: 'imago-a1b2c3d4-vm' }
  return [
    event(1, { type: 'build-started', builderType: 'qemu', steps: 4 }, vm),
    event(90, { type: 'resource-acquired', resource: process }, vm),
    ...attemptAt(vm, builderStep('boot', 'boot the machine'), {
      from: 100,
      to: 3000,
      said: 'Linux version 6.1.0\nsystemd[1]: Hostname set.\n',
    }),
    ...attemptAt(vm, site, { from: 3000, to: 3300 }),
    ...attemptAt(vm, install, {
      from: 3300,
      to: 6800,
      status: 'failed',
      error,
      said: `${apt.join('\n')}\n`,
      complained: 'E: Failed to fetch <http://deb.example/nginx.deb>  Connection refused\nE: Unable to fetch some archives & so on\n',
    }),
    ...attemptAt(vm, cleanUp, { from: 6800, to: 7300 }),
    event(7500, { type: 'resource-release-failed', resource: process, error: { code: 'TIMEOUT', message: 'it does not end' } }, vm),
    event(7600, { type: 'build-finished', status: 'failed', durationMs: 7599, artifacts: [], error }, vm),
  ]
}

function dockerImage(digit: string, size: number, tag: string): DockerImageArtifact {
  const imageId = `sha256:${digit.repeat(64)}`
  return { type: 'docker-image', id: imageId, imageId, size, tags: [tag], digests: [], engine: 'unix:///var/run/docker.sock' }
}
