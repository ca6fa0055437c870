/** What a first project is made from. */
export interface StarterOptions {
  /** The image's name, and the project's. */
  readonly name: string
  /** The version of Imago's packages. */
  readonly version: string
}

/** A file of the project. */
export interface StarterFile {
  /** Relative to the project's folder. */
  readonly path: string
  readonly content: string
}

/** The files of a first project: an image that builds on any Linux machine, and its test. */
export function starterFiles({ name, version }: StarterOptions): StarterFile[] {
  return [
    { path: 'package.json', content: packageJson(name, version) },
    { path: 'tsconfig.json', content: tsconfig },
    { path: 'image.ts', content: imageFile(name) },
    { path: 'image.test.ts', content: testFile },
    { path: '.gitignore', content: gitignore },
    { path: 'README.md', content: readme(name) },
  ]
}

function packageJson(name: string, version: string): string {
  const packages = ['builder-oci', 'cli', 'core', 'post-processor-checksum', 'provisioner-shell', 'testing']
  const ours = packages.map((each) => [`@imago/${each}`, `^${version}`])
  const manifest = {
    name,
    private: true,
    type: 'module',
    scripts: { build: 'imago build', plan: 'imago plan', test: 'vitest run', types: 'tsc' },
    devDependencies: { ...Object.fromEntries(ours), '@types/node': '^20.19.43', typescript: '^7.0.2', vitest: '^4.1.12' },
    engines: { node: '>=20.19' },
  }
  return `${JSON.stringify(manifest, undefined, 2)}\n`
}

const tsconfig = `{
  "compilerOptions": {
    "target": "es2022",
    "module": "nodenext",
    "types": ["node"],
    "strict": true,
    "noUncheckedIndexedAccess": true,
    "exactOptionalPropertyTypes": true,
    "erasableSyntaxOnly": true,
    "verbatimModuleSyntax": true,
    "allowImportingTsExtensions": true,
    "noEmit": true,
    "skipLibCheck": true
  },
  "include": ["*.ts"]
}
`

function imageFile(name: string): string {
  return `import { hostBinaries, oci } from '@imago/builder-oci'
import { defineImage } from '@imago/core'
import { checksum } from '@imago/post-processor-checksum'
import { shell } from '@imago/provisioner-shell'

export default defineImage({
  name: '${name}',
  builders: {
    // Needs no daemon and no root: the image starts with these programs of this machine.
    oci: oci({
      from: hostBinaries({ commands: ['sh', 'cat', 'mkdir'] }),
      cmd: ['cat', '/etc/motd'],
      tag: '${name}:1.0',
      output: 'out/${name}.tar',
    }),
  },
  provisioners: [shell({ inline: ['mkdir -p /etc', 'echo "Hello from Imago" > /etc/motd'] })],
  postProcessors: [checksum({ output: 'out/SHA256SUMS' })],
})
`
}

const testFile = `import { expectMachine, planOf, rehearse } from '@imago/testing'
import { expect, test } from 'vitest'

import image from './image.ts'

test('the machine gets its message of the day', async () => {
  const { machines } = await rehearse(image)
  expectMachine(machines.oci).toHaveRun(/Hello from Imago/)
})

test('one build is planned', () => {
  expect(planOf(image).builds.map(({ build }) => build)).toEqual(['oci'])
})
`

const gitignore = `node_modules/
.imago/
out/
`

function readme(name: string): string {
  return `# ${name}

\`\`\`sh
npm install
npx imago build      # builds what image.ts defines
npx imago plan       # shows what it would do
npm test             # tests the definition, without building
\`\`\`

\`out/${name}.tar\` is an OCI image: \`docker load < out/${name}.tar\` or \`podman load < out/${name}.tar\` takes it.
`
}
