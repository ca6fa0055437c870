import { expect, test, vi } from 'vitest'

import { orAbandon, wait } from './wait.ts'

test('wait() ends at once when its signal falls', async () => {
  const controller = new AbortController()
  const waiting = wait(60_000, controller.signal)
  controller.abort()
  await expect(waiting).rejects.toMatchObject({ code: 'CANCELLED' })
  await expect(wait(1, controller.signal)).rejects.toMatchObject({ code: 'CANCELLED' })
})

test('a time-out of the platform is told from a cancel', async () => {
  await expect(wait(60_000, AbortSignal.timeout(1))).rejects.toMatchObject({ code: 'TIMEOUT' })
})

test('work that does not listen to its signal is abandoned after the grace', async () => {
  vi.useFakeTimers()
  try {
    const controller = new AbortController()
    const abandoned = orAbandon(new Promise(() => undefined), controller.signal, 5000)
    abandoned.catch(() => undefined)
    controller.abort()
    await vi.advanceTimersByTimeAsync(4999)
    expect(vi.getTimerCount()).toBe(1)
    await vi.advanceTimersByTimeAsync(1)
    await expect(abandoned).rejects.toMatchObject({ code: 'CANCELLED' })
  } finally {
    vi.useRealTimers()
  }
})

test('work that ends within the grace has the last word', async () => {
  const controller = new AbortController()
  controller.abort()
  expect(await orAbandon(Promise.resolve('done'), controller.signal, 5000)).toBe('done')
})
