import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll } from 'vitest'

// What a test file leaves in the folder for temporary files is its own, and what others have there is nothing to it.
let folder = ''
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 't-')) // short: sockets are in it, whose paths may not be long
  process.env['TMPDIR'] = folder
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))
