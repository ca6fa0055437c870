// The command's own start.

export function commandLineCases({ imago }) {
  return [
    {
      name: 'imago --version against bare node',
      contenders: [
        { label: 'imago', command: [...imago, '--version'] },
        { label: 'node -e 0', command: [process.execPath, '-e', '0'] },
        { label: 'packer version', command: ['packer', 'version'], needs: 'packer' },
      ],
    },
    {
      name: 'plan of examples/hello',
      contenders: [{ label: 'imago', command: [...imago, 'plan', 'examples/hello', '--json'], cwd: process.cwd() }],
    },
  ]
}
