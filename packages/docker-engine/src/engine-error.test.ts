import { ImagoError } from '@imago/core'
import { expect, test } from 'vitest'

import { EngineAnswer } from './engine-answer.ts'
import { containerLost, engineError, statusOf } from './engine-error.ts'

const call = { doing: 'pull cow:1', endpoint: 'unix:///x.sock' }
const answer = (message: string, statusCode = 500): Error => new EngineAnswer(statusCode, JSON.stringify({ message }))
const system = (code: string): Error => Object.assign(new Error(`connect ${code} /x.sock`), { code })

test.each([
  ['No such image: cow:1', 'IMAGE_NOT_FOUND'],
  ['manifest for cow:1 not found: manifest unknown: manifest unknown', 'IMAGE_NOT_FOUND'],
  [
    "pull access denied for cow, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
    'IMAGE_NOT_FOUND',
  ],
  ['An image does not exist locally with the tag: cow', 'IMAGE_NOT_FOUND'],
  ['cow: image not known', 'IMAGE_NOT_FOUND'],
  ['unauthorized: authentication required', 'AUTHENTICATION_FAILED'],
  ['Head "https://registry.test/v2/cow": no basic auth credentials', 'AUTHENTICATION_FAILED'],
  ['denied: requested access to the resource is denied', 'AUTHENTICATION_FAILED'],
  ['write /var/lib/docker/tmp/x: no space left on device', 'DISK_FULL'],
  ['Get "https://registry.test/v2/": dial tcp: lookup registry.test: no such host', 'NETWORK'],
  ['No such container: cow', 'MACHINE_LOST'],
  ['Container abc is not running', 'MACHINE_LOST'],
  ['Could not find the file /x in container cow', 'INPUT_MISSING'],
  ['something else', 'PROVIDER_FAILED'],
])('an engine that says “%s”: %s', (text, code) => {
  expect(engineError(answer(text), call)).toMatchObject({ code, message: `cannot pull cow:1: ${text}` })
})

test.each([
  ['ENOENT', 'PROVIDER_UNAVAILABLE'],
  ['ECONNREFUSED', 'PROVIDER_UNAVAILABLE'],
  ['EACCES', 'PROVIDER_UNAVAILABLE'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'PROVIDER_UNAVAILABLE'],
  ['ECONNRESET', 'DISCONNECTED'],
  ['EPIPE', 'DISCONNECTED'],
])('a connection that fails with %s: %s', (systemCode, code) => {
  const error = engineError(system(systemCode), call)
  expect(error).toMatchObject({ code, message: expect.stringContaining('unix:///x.sock') })
})

test('a signal that aborted is what went wrong, and errors of ours stay as they are', () => {
  const reason = new ImagoError('TIMEOUT', 'the step timed out')
  expect(engineError(answer('x'), { ...call, signal: AbortSignal.abort(reason) })).toBe(reason)
  expect(engineError(reason, call)).toBe(reason)
})

test('the status is that of the answer behind an error', () => {
  expect(statusOf(engineError(answer('', 404), call))).toBe(404)
  expect(statusOf(engineError(system('ENOENT'), call))).toBeUndefined()
})

test('a container that is lost says how', () => {
  expect(containerLost('cow', undefined).message).toBe('container cow was removed by somebody else')
  expect(containerLost('cow', { exitCode: 137, outOfMemory: true, error: '' }).message).toBe(
    'container cow ran out of memory and was killed',
  )
  expect(containerLost('cow', { exitCode: 143, outOfMemory: false, error: '' }).message).toBe(
    'container cow was stopped from outside, with exit code 143',
  )
})
