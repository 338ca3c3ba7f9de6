/** Every default and bound of the protocol, in one place. Configuration may lower or raise those that say so. */
export const LIMITS = {
  /** Invocations from the root to the deepest, the root included. A root may ask for less. */
  maxDepth: 16,
  /** Calls that the root of a tree and all below it may make together. Configurable. */
  calls: 1_000,
  /** Calls that one invocation may make. Configurable. */
  width: 100,
  /** How often a tree's caller may let a capability be entered again below itself; nobody may unless it says so. Configurable. */
  maxReentry: 16,
  /** Counters of what has at most this much time are kept `shortCountsMs`, those of anything else `countsMs`. */
  shortTreeMs: 5 * 60_000,
  /** Outlives what is counted, clock differences included. */
  shortCountsMs: 10 * 60_000,
  countsMs: 25 * 60 * 60_000,
  /** How long a synchronous call may take when neither caller nor capability says. */
  syncDeadlineMs: 30_000,
  /** How long a durable call may take, from its acknowledgement to its result, when neither caller nor capability says. */
  durableDeadlineMs: 15 * 60_000,
  /** The longest deadline that a caller may ask for: results must outlive it. */
  maxDeadlineMs: 24 * 60 * 60_000,
  /** Arguments and results up to this size travel in the message itself. */
  inlineBytes: 512 * 1024,
  /** Larger ones go through the object store, up to this size. Configurable. */
  objectBytes: 64 * 1024 * 1024,
  /** What `objectBytes` may be set to: its JSON is a string for a moment, and those end at 512 MiB. */
  longestObjectBytes: 500 * 1024 * 1024,
  /** All objects together; what would be more is refused. Configurable. */
  objectStoreBytes: 4 * 1024 * 1024 * 1024,
  /** Arguments from the object store that root invocations hold at once in one host; further ones wait their turn. */
  heldObjectBytes: 256 * 1024 * 1024,
  /** An object is stored in chunks: the largest, and the smallest but for the last. */
  objectChunkBytes: 256 * 1024,
  minObjectChunkBytes: 16 * 1024,
  /**
   * Objects are kept so much longer than any result or dead letter: a request may wait for so long before it is admitted, and
   * then has its deadline, until there is the last message that names the object of its arguments.
   */
  objectSlackMs: 48 * 60 * 60_000,
  /** The largest chunk of streamed output, as JSON. */
  chunkBytes: 256 * 1024,
  /** What one attempt may stream: more is refused as `exhausted`. */
  streamedChunks: 100_000,
  streamedBytes: 16 * 1024 * 1024,
  /** How far a host may be ahead of a reader: so many chunks, or so many bytes. */
  windowChunks: 64,
  windowBytes: 1024 * 1024,
  /** How often a reader says what it has done with, while it waits or works. */
  readerBeatMs: 1_000,
  /** A reader that has said nothing for this long holds nobody up any more. */
  readerSilenceMs: 5_000,
  /** How long streamed output is kept. Configurable. */
  chunksMs: 24 * 60 * 60_000,
  /** How much of it is kept, of all invocations together; more is refused. Configurable. */
  chunkStoreBytes: 1024 * 1024 * 1024,
  /** A forwarded message carries more headers than the one it came as; this much of `max_payload` is kept free for them. */
  headroomBytes: 64 * 1024,
  /** The largest `details` of a fault; more is left out, so that a fault fits a header, a report and a history record. */
  faultBytes: 32 * 1024,
  /** The longest frame of reports or records, in characters: even if each takes three bytes, it fits a message. */
  frameLength: 256 * 1024,
  /** How long a host holds durable work before it is given to another, unless it renews. Configurable. */
  leaseMs: 30_000,
  /** How long it is remembered that work was placed, after it is done: by then every choreographer has read its admission. */
  workMsgIdMs: 30_000,
  /** Capabilities, each of each version, that may be installed at once: each has a consumer of its own on the work. */
  workConsumers: 100_000,
  /** How often work is given to a host again after the one that held it fell silent; then it ends in a fault. */
  deliveries: 16,
  /** An instance whose last heartbeat is older than this has gone. */
  livenessMs: 3_000,
  /** How often an instance sends a heartbeat. */
  heartbeatMs: 1_000,
  /** A manifest with no live instance is forgotten after this time. Configurable. */
  forgetAfterMs: 15 * 60_000,
  /** How long results, dead letters and history are kept. Configurable. */
  retentionMs: 7 * 24 * 60 * 60_000,
  /**
   * Results, claims and cancellations are kept for at least as long, whatever is configured, since they are what keeps work from
   * being done twice: the longest deadline, and as long again as the longest wait between two attempts.
   */
  guardMs: 48 * 60 * 60_000,
  /** The longest `orc-context` header. */
  contextBytes: 8 * 1024,
  /** The longest caller-chosen `ce-id`, in characters. */
  keyLength: 256,
  /** The longest version of a plugin, in characters. */
  versionLength: 64,
  /** The longest name of a plugin, capability or caller. */
  nameLength: 63,
  /** Synchronous calls that one choreographer keeps track of at once; more are refused as `exhausted`. Configurable. */
  forwardedCalls: 50_000,
  /** What may wait as requests, in bytes; more is refused. Configurable. */
  requestsBytes: 1024 * 1024 * 1024,
  /** The same of what running work asks for. Configurable. */
  nestedBytes: 256 * 1024 * 1024,
  /** How long a request without a deadline waits for room; objects that it names are kept for so long. Configurable, downwards. */
  requestWaitMs: 24 * 60 * 60_000,
  /** Requests wait in so many queues, each caller's in one: a caller that floods its own leaves the others alone. */
  requestPartitions: 16,
  /** A queue of requests that are set aside is forgotten when nobody has asked for any for so long. */
  asideConsumerMs: 5 * 60_000,
  /** Synchronous calls that an instance works on at once, where the capability names no number of its own. Configurable. */
  callsPerInstance: 4_000,
  /** Durable work that is placed for an instance, of each capability that names no number of its own. Configurable. */
  workPerInstance: 128,
  /** Synchronous calls that a caller may have under way, its nested ones included. Configurable. */
  callsPerCaller: 10_000,
  /** How long a host gathers reports on the starts and ends of runs into one frame. */
  reportFrameMs: 10,
} as const;
