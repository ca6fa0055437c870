import { defineConfig } from 'vitest/config'

// Node reads such certificates at each start, of which there are thousands here; no test needs them
delete process.env['NODE_EXTRA_CA_CERTS']

/** These boot guests, which take what the processors have. */
const guests = ['packages/builder-{qemu,virtualbox}/test/**/*.test.ts']
/** These become other users for good, or read all of the environment and the time of the start. */
const apart = ['packages/{builder-oci,packer-template}/test/**/*.test.ts']

export default defineConfig({
  resolve: { conditions: ['@imago/source'] },
  ssr: { resolve: { conditions: ['@imago/source', 'node', 'import', 'default'] } },
  test: {
    pool: 'forks',
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // where others need the processors too; what needed a second try is told in the output
    retry: process.env['CI'] === undefined ? 0 : 1,
    coverage: { provider: 'v8', include: ['packages/*/src/**/*.ts'], exclude: ['**/*.test.ts', '**/*.test-d.ts'] },
    projects: [
      // a process for each of these files would take longer than its tests
      {
        extends: true,
        test: {
          name: 'units',
          include: ['packages/*/src/**/*.test.ts'],
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['packages/*/test/**/*.test.ts', 'examples/*/**/*.test.ts', 'test/**/*.test.ts'],
          exclude: [...guests, ...apart],
          isolate: false,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      { extends: true, test: { name: 'apart', include: apart, maxWorkers: 2, sequence: { groupOrder: 0 } } },
      {
        extends: true,
        test: { name: 'guests', include: guests, setupFiles: 'test/own-temporary-folder.ts', maxWorkers: 2, sequence: { groupOrder: 1 } },
      },
    ],
  },
})
