import { amazonEbs } from '@imago/builder-amazon'
import { docker } from '@imago/builder-docker'
import { virtualboxOvf } from '@imago/builder-virtualbox'
import { defineImage, parameterized } from '@imago/core'
import { compress } from '@imago/post-processor-compress'
import { ansible } from '@imago/provisioner-ansible'
import { shell } from '@imago/provisioner-shell'
import { z } from 'zod'

const parameters = z.object({
  region: z.string().default('us-west-2'),
  /** The Debian image that the container starts from. */
  base: z.string().default('debian:12'),
  /** An appliance with Debian 12, such as is in Debian's box for Vagrant, whose user `vagrant` may become root. */
  appliance: z.string().default('debian-12.ova'),
})

/**
 * One server, in three places at once: an AMI, a Docker image, and an appliance of VirtualBox, which is compressed. Ansible makes all of them
 * what they are; one step is for AWS alone. `imago build examples/everywhere`, or a part of it: `--only docker`
 */
export default parameterized(parameters, ({ region, base, appliance }) =>
  defineImage({
    name: 'my-cow-server',
    builders: {
      aws: amazonEbs({
        region,
        sourceAmi: { owners: ['136693071363'], name: 'debian-12-amd64-*' },
        instanceType: 't3.small',
        ami: { name: 'my-cow-server-{timestamp}' },
      }),
      docker: docker({ image: base, result: { type: 'commit', config: { cmd: ['cat', '/srv/cow/index.html'] } } }),
      virtualbox: virtualboxOvf({
        source: { url: appliance, checksum: 'none' },
        ssh: { user: 'vagrant', password: 'vagrant' },
        shutdown: { command: 'sudo poweroff' },
        result: { format: 'ova', path: 'out/my-cow-server.ova' },
      }),
    },
    provisioners: [
      shell({ name: 'the words of welcome', inline: ['echo "This cow lives at Amazon." > /etc/motd'], sudo: true, only: ['aws'] }),
      ansible({ playbook: 'playbook/site.yml', become: true, extraVariables: { cow: 'Moo' } }),
    ],
    postProcessors: [compress({ output: 'out/MyCowServer-VirtualBox.tar.gz', only: ['virtualbox'] })],
  }),
)
