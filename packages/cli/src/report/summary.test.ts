import type { ErrorJson, Report } from '@imago/core'
import { describe, expect, test } from 'vitest'

import { fakeOutput } from '../../test/fake-host.ts'
import { buildReport, report, step } from '../../test/sample-events.ts'
import { plain } from './style.ts'
import { writeSummary } from './summary.ts'
import { unicodeSymbols } from './symbols.ts'

function write(given: Report): { stdout: string[]; stderr: string[] } {
  const [stdout, stderr] = [fakeOutput(), fakeOutput()]
  writeSummary(given, { stdout, stderr, style: plain, errorStyle: plain, symbols: unicodeSymbols, cwd: '/home/project' })
  return { stdout: stdout.text.split('\n'), stderr: stderr.text.split('\n') }
}

const error: ErrorJson = {
  code: 'COMMAND_FAILED',
  message: 'the command exited with 100',
  hint: 'see its output above',
  causes: ['the command exited with 100', 'connection reset'],
}
const failedStep = { step: step(), status: 'failed', attempts: 1, durationMs: 5, error } as const

describe('writeSummary', () => {
  test('shows builds, and what they made', () => {
    const sha256 = 'ab'.repeat(32)
    const docker = { type: 'docker-image', id: 'sha256:cd', size: 124e6, tags: ['cow:1.0', 'cow:latest'], engine: 'unix:///x' }
    const saved = { type: 'files', id: '/home/project/cow.tar', files: [{ path: '/home/project/cow.tar', size: 124e6, sha256 }] }
    const many = {
      type: 'files',
      id: 'set',
      files: Array.from({ length: 12 }, (_, index) => ({ path: `/elsewhere/${index}`, size: index })),
    }
    const { stdout, stderr } = write(
      report([buildReport({ artifacts: [docker, saved] }), buildReport({ build: 'oci-amd64', durationMs: 62_000, artifacts: [many] })]),
    )
    expect(stdout).toEqual([
      '',
      '  Build      Result     Time',
      '✓ docker     built      1.2s',
      '    docker-image  sha256:cd  124 MB  cow:1.0  cow:latest',
      `    files  cow.tar  124 MB  sha256:${sha256}`,
      '✓ oci-amd64  built      1m02s',
      '    files  set',
      ...Array.from({ length: 10 }, (_, index) => `    /elsewhere/${index}  ${index} B`),
      '    and 2 more files',
      '',
      'all 2 builds succeeded in 2.5s',
      '',
    ])
    expect(stderr).toEqual([''])
  })

  test('tells of a file once, although several artifacts consist of it', () => {
    const archive = { path: '/home/project/out/x.tar', size: 1500 }
    const image = { type: 'oci-archive', id: 'sha256:ab', files: [archive], size: 1500, tag: 'x:1.0' }
    const sums = { type: 'files', id: 'sha256:ab', files: [archive, { path: '/home/project/out/SUMS', size: 74 }] }
    const { stdout } = write(report([buildReport({ artifacts: [image, sums, { ...sums, type: 'again' }] })]))
    expect(stdout.slice(3, -3)).toEqual(['    oci-archive  sha256:ab  1.5 kB  x:1.0', '    out/x.tar  1.5 kB', '    out/SUMS  74 B'])
  })

  test('a step that was tried again, and went well, has not failed', () => {
    const { stderr } = write(report([buildReport({ steps: [failedStep, { ...failedStep, status: 'succeeded' }] })]))
    expect(stderr).toEqual([''])
  })

  test('says what failed, why, and what to do', () => {
    const builds = [
      buildReport({
        status: 'failed',
        error,
        steps: [
          { ...failedStep, ignored: true },
          { ...failedStep, step: step(1, 'make') },
        ],
      }),
      buildReport({ build: 'oci', status: 'failed', error: { code: 'INTERNAL', message: 'one\ntwo' }, steps: [failedStep] }),
      buildReport({ build: 'qemu', status: 'cancelled', error: { code: 'CANCELLED', message: 'cancelled' } }),
    ]
    const { stdout, stderr } = write(report(builds))
    expect(stdout.slice(-2)).toEqual(['2 of 3 builds failed, 1 cancelled in 2.5s', ''])
    const why = ['  because: connection reset', '  hint: see its output above', '']
    expect(stderr).toEqual([
      '',
      'docker: shell: make: the command exited with 100',
      ...why,
      'oci: shell: apt-get update: the command exited with 100',
      ...why,
      'oci: one',
      'two',
      '',
    ])
  })

  test('names what is left', () => {
    const record = { runId: 'run00001', image: 'hello', build: 'docker', kind: 'docker-container', package: 'p', name: 'imago-1', data: {} }
    expect(write(report([buildReport()], { left: [record] })).stderr).toEqual([
      '',
      'this still exists:',
      '  docker-container imago-1',
      "'imago sweep' removes what builds have left behind",
      '',
    ])
  })

  test.each([
    [['succeeded'], 'built in 2.5s'],
    [['failed'], '1 of 1 build failed in 2.5s'],
    [['cancelled', 'succeeded'], '1 cancelled in 2.5s'],
  ] as const)('%j is: %s', (statuses, headline) => {
    const builds = statuses.map((status, index) => buildReport({ build: `b${index}`, status }))
    expect(write(report(builds)).stdout.at(-2)).toBe(headline)
  })
})
