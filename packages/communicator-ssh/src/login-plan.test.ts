import { expect, test } from 'vitest'

import type { Credential } from './credentials.ts'
import { LoginPlan } from './login-plan.ts'

const key: Credential = { method: 'publickey', label: 'id_ed25519', key: '' }
const agent: Credential = { method: 'agent', label: 'agent', socket: '/agent' }
const password: Credential = { method: 'password', label: 'password', password: 'x' }

test('tries everything in order, and says what it tried', () => {
  const plan = new LoginPlan([key, agent, password])
  expect(plan.next(undefined, false)).toBe(key)
  expect(plan.next(['publickey', 'password'], false)).toBe(agent)
  expect(plan.next(['publickey', 'password'], false)).toBe(password)
  expect(plan.next(['publickey', 'password'], false)).toBeUndefined()
  expect(plan.describe()).toBe('tried publickey (id_ed25519), the keys of the agent, password; the server offers publickey, password')
})
test('passes over what the server does not offer', () => {
  const plan = new LoginPlan([key, agent, password])
  plan.next(undefined, false)
  expect(plan.next(['password'], false)).toBe(password)
})
test('goes on with the rest when the server wants more than one', () => {
  const plan = new LoginPlan([key, password])
  expect(plan.next(undefined, false)).toBe(key)
  expect(plan.next(['password'], false)).toBe(password)
  expect(plan.next(['publickey'], true)).toBe(key)
  expect(plan.next(['publickey'], false)).toBeUndefined()
})
test('says so when there is nothing to try', () => {
  const plan = new LoginPlan([])
  expect(plan.next(undefined, false)).toBeUndefined()
  expect(plan.describe()).toBe('there is no key, agent or password to try')
})
