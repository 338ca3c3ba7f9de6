/**
 * The promises, under fire: about 60 kills among other faults, and a checker that knows only what was promised.
 * A failure prints its seed; `npm run soak -- --kills 60 --seed <seed>` repeats it.
 */
import { describe, expect, it } from '@jest/globals';
import { describeFailure } from './src/report.js';
import { runScenario } from './src/run-scenario.js';

const SEED = Number(process.env.FAULT_SEED ?? Date.now() % 1_000_000);
const TIMEOUT_MS = 300_000;

describe('the whole system under faults', () => {
  it(
    'kills, pauses and failing networks — every acknowledged request has one outcome, and history agrees',
    async () => {
      const report = await runScenario({ seed: SEED, kills: 60, ratePerSecond: 12 });
      expect(report.violations.length === 0 ? '' : describeFailure(SEED, report)).toBe('');
      const answered = report.evidence.sent.filter(({ what }) => what === 'outcome' || what === 'answer');
      expect(answered.length).toBeGreaterThan(300);
    },
    TIMEOUT_MS,
  );
});
