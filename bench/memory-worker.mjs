// Does one thing with one file, and says how much memory it took at most: node bench/memory-worker.mjs compress|checksum|upload FILE
import { rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { docker } from '@imago/builder-docker'
import { defineImage, run } from '@imago/core'
import { checksum } from '@imago/post-processor-checksum'
import { compress } from '@imago/post-processor-compress'
import { file } from '@imago/provisioner-file'
import { postProcessContext } from '@imago/testing'

const [kind = '', path = ''] = process.argv.slice(2)
const artifact = { type: 'files', id: path, files: [{ path, size: statSync(path).size }] }
const output = `${path}.${kind}`

switch (kind) {
  case 'compress':
    await compress({ output: `${output}.tar.gz` }).process(artifact, postProcessContext())
    rmSync(`${output}.tar.gz`)
    break
  case 'checksum':
    await checksum({ output }).process(artifact, postProcessContext())
    rmSync(output)
    break
  case 'upload': {
    const image = defineImage({
      name: 'memory',
      builders: { docker: docker({ image: 'debian:12', pull: 'never', result: { type: 'discard' } }) },
      provisioners: [file({ source: path, destination: '/srv/big' })],
    })
    const report = await run(image, { stateDirectory: join(tmpdir(), 'imago-bench') })
    if (report.status !== 'succeeded') throw new Error(JSON.stringify(report.builds))
    break
  }
  default:
    throw new Error(`unknown: ${kind}`)
}
console.log(JSON.stringify({ maxRSS: process.resourceUsage().maxRSS }))
