import type { Secret } from './secret.ts'

/** A private key as text: OpenSSH's or PEM's format, not encrypted. */
export interface ConnectionKey {
  readonly privateKey: Secret
  /** An OpenSSH certificate for it, as it stands in its file. */
  readonly certificate?: string
}

/** An SSH server, and how to log in there. */
export interface SshServer {
  readonly host: string
  readonly port: number
  readonly user: string
  /** To be tried in this order. */
  readonly keys: readonly ConnectionKey[]
  /** Path of the socket of an agent whose keys are to be tried. */
  readonly agent?: string
  /** The public key that it has shown: `ssh-ed25519 AAAA…`. It must show no other. */
  readonly hostKey: string
}

/** The machine is behind an SSH server. */
export interface SshConnection extends SshServer {
  readonly kind: 'ssh'
  /** Servers to go through, the first one first. */
  readonly bastions: readonly SshServer[]
  /** Path of the socket of an agent that programs in the machine may use. @default none */
  readonly forwardAgent?: string
}

/** The machine is a container of a Docker engine. */
export interface DockerConnection {
  readonly kind: 'docker'
  /** Its id. */
  readonly container: string
  /** The engine: `unix:///var/run/docker.sock`, `tcp://host:2376`, `ssh://user@host`, or `context://name` for a Docker context. */
  readonly engine: string
  /** Commands run as this user: `name`, `uid` or `uid:gid`. Empty for the image's own. */
  readonly user: string
}

/**
 * How another program gets into a machine by itself, without the communicator: Ansible, `rsync`. It holds secrets, and is never part of an
 * event or a report.
 */
export type Connection = SshConnection | DockerConnection
