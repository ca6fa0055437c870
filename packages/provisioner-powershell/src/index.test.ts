import { expect, test } from 'vitest'

test('the public names are these', async () => {
  expect(Object.keys(await import('./index.ts')).toSorted()).toMatchInlineSnapshot(`
    [
      "powershell",
      "windowsRestart",
      "windowsShell",
    ]
  `)
})
