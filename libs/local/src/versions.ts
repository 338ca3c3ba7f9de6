/**
 * The pinned versions of what is not ours, in one place. docker-compose.yml names the same images.
 */

/** A server that the product needs: what it is called, which versions serve, and where each way of getting it leads. */
export interface Component {
  readonly name: string;
  /** The version that is built or pulled. */
  readonly version: string;
  /** The oldest version on PATH that serves. */
  readonly minimum: string;
  readonly binary: string;
  /** The arguments that make the binary print its version. */
  readonly versionArgs: readonly string[];
  readonly addressVariable: string;
  readonly addressExample: string;
  readonly releases: string;
  readonly image: string;
  readonly goModule: string;
  /** The package inside the module, for a module that `go install` refuses; absent where `go install` works. */
  readonly goPackage?: string;
  readonly usualBuildSeconds: number;
}

export const NATS_SERVER: Component = {
  name: 'nats-server',
  version: '2.15.2',
  minimum: '2.15.0',
  binary: 'nats-server',
  versionArgs: ['--version'],
  addressVariable: 'ORC_NATS_URL',
  addressExample: 'nats://127.0.0.1:4222',
  releases: 'https://github.com/nats-io/nats-server/releases',
  image: 'nats:2.15-alpine',
  goModule: 'github.com/nats-io/nats-server/v2@v2.15.2',
  usualBuildSeconds: 30,
};

/** Jaeger 2.13.0 is tagged v1.76.0 as a Go module; its `replace` lines are why `go install` refuses it. */
export const JAEGER: Component = {
  name: 'jaeger',
  version: '2.13.0',
  minimum: '2.13.0',
  binary: 'jaeger',
  versionArgs: ['version'],
  addressVariable: 'ORC_JAEGER_URL',
  addressExample: 'http://127.0.0.1:16686',
  releases: 'https://www.jaegertracing.io/download/',
  image: 'jaegertracing/jaeger:2.13.0',
  goModule: 'github.com/jaegertracing/jaeger@v1.76.0',
  goPackage: './cmd/jaeger',
  usualBuildSeconds: 180,
};
