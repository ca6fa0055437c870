// The command's own start.

const nullTemplate = {
  builders: [{ type: 'null', communicator: 'none' }],
  provisioners: [{ type: 'shell-local', inline: ['echo moo'] }],
}

export function commandLineCases({ imago, file }) {
  const template = file('null.json', JSON.stringify(nullTemplate))
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
    {
      name: "a template of Packer's, of the null builder",
      contenders: [
        { label: 'imago', command: [...imago, 'build', template, '--plain'] },
        { label: 'packer', command: ['packer', 'build', '-color=false', template], needs: 'packer' },
      ],
    },
  ]
}
