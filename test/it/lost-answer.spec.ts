/** A host that ends between its report and its answer: its caller does not wait until its deadline. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type Bus, connectBus } from '@orchestrator/bus';
import { decodeReports, encodeReports, type HostReport, subjects } from '@orchestrator/protocol';
import { PROBE, startTestSystem, type TestSystem } from '@orchestrator/testing';

const WORK = { plugin: 'probe', capability: 'work' };

describe('a call whose answer is lost', () => {
  let system: TestSystem;
  let operator: Bus;
  let host: Bus;

  beforeAll(async () => {
    system = await startTestSystem({ plugins: [PROBE] });
    operator = await connectBus({ url: system.urlAs('choreographer'), name: 'operator' });
    host = await connectBus({ url: system.urlAs('plugin'), name: 'host' });
  });

  afterAll(async () => {
    await Promise.all([operator, host].map((bus) => bus?.nc.close()));
    await system?.stop();
  });

  /** The first report of a run that has begun. */
  const started = (): Promise<HostReport> =>
    new Promise((resolve) => {
      operator.nc.subscribe(subjects.report('probe'), {
        callback: (_error, msg) => {
          const [report] = decodeReports(msg.string());
          if (report) resolve(report);
        },
      });
    });

  const underWay = async () => {
    const answer = await system.bus.nc.request('$SRV.STATS.choreographer');
    return answer.json<{ endpoints: { data?: { callsUnderWay: number } }[] }>().endpoints[0]?.data?.callsUnderWay ?? 1;
  };

  it('with its host, after it was reported to have ended — is answered once the host is known to have gone', async () => {
    const report = started();
    await operator.nc.flush();
    const outcome = system.client.call(WORK, { name: 'lost', ms: 600_000 }, { timeoutMs: 600_000 });
    const begun = await report;
    host.nc.publish(subjects.report('probe'), encodeReports([{ ...begun, endedAtMs: Date.now() }]));
    await host.nc.flush();
    while ((await underWay()) > 0);
    await system.kill('probe');
    expect((await outcome).result).toMatchObject({
      ok: false,
      fault: { code: 'unavailable', message: expect.stringMatching(/answer may be lost/) },
    });
  });
});
