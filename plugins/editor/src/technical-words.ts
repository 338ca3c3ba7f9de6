/** Words of the trade that a general dictionary lacks, in lower case. */
const TECHNICAL_WORDS = new Set(
  (
    'acyclic agnostic allowlist analytics anonymized anonymize centric operationalize api apis args async autocomplete autoscaling backend backends backfill backoff backpressure ' +
    'blog blogs boolean broker bytecode cacheable cardinality changelog checksum checksums chatbot cli codebase codebases config configs ' +
    'containerized cron crontab cronjob cronjobs css dataset datasets dataflow datastore deadlock dedupe dedup denylist deserialize dev ' +
    'devops devs docker dropdown email emails endpoint endpoints enum enums failover faq filesystem firewall frontend frontends ' +
    'gateway github gitlab google goroutine hardcode hardcoded hostname hostnames html http https hotfix idempotency idempotent ' +
    'indices initializer inline inlined int integrations iterable javascript jitter json kernel keyspace kubernetes latencies lifecycle linter linters ' +
    'linux localhost lookup lookups macos metadata microservice microservices middleware misconfigured monorepo multipart multithreaded ' +
    'mutex namespace namespaces natively nginx node normalise npm nullable observability offline onboarding online opensource ' +
    'orchestrator orchestrators ops opt param params parsable parser parsers payload payloads performant plaintext plugin plugins ' +
    'postgres prefetch preload programmatic programmatically proxied pubsub python queryable rebase redirections refactor refactored ' +
    'refactoring regex regexes regexp reimplement repo repos rerun reusability roadmap rollback rollout rollouts rollups runbook runbooks ' +
    'runtime runtimes saas sandboxed scalability schema schemas scrollable sdk sdks semver serializable serialization serialize ' +
    'serialized serializer serverless setup sharded sharding signup smartphone span sql ssl startup startups stateful stateless ' +
    'stdin stdout stderr struct subclass subdomain subdomains subnet subprocess subsystem substring superset symlink sync synced syncing ' +
    'tarball templated timebox timeout timeouts timestamp timestamps timezone tls todo tokenizer tooling tooltip traceability ' +
    'transpiler tuple tuples typescript ui unicode unindexed unix unmarshal untyped upsert uptime uri uris url urls usability ' +
    'username usernames uuid uuids validator validators verifier virtualized webhook webhooks webpage webpages website websites ' +
    'wiki wifi wildcard wildcards workflow workflows workspace workspaces yaml'
  ).split(' '),
);

/** Whether the word, given in lower case, is a common one of the trade. */
export function isTechnicalWord(word: string): boolean {
  return TECHNICAL_WORDS.has(word);
}
