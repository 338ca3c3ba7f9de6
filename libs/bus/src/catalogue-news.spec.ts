import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { CatalogueNews } from './catalogue-news.js';

/** A stream that a test adds to, and answers for when the test says so. */
function stream() {
  const questions: ((newest: number | Error) => void)[] = [];
  const news = new CatalogueNews(
    () =>
      new Promise((resolve, reject) => {
        questions.push((newest) => (newest instanceof Error ? reject(newest) : resolve(newest)));
      }),
  );
  return { news, questions };
}

const settled = () => jest.advanceTimersByTimeAsync(0);

beforeEach(() => {
  jest.useFakeTimers();
});

afterEach(() => {
  jest.useRealTimers();
});

describe('CatalogueNews', () => {
  it('nothing that was not heard — none', async () => {
    const { news, questions } = stream();
    news.heard(7);
    const arrived = news.arrive();
    questions[0]?.(7);
    expect(await arrived).toBe(false);
  });

  it('something on its way — is waited for', async () => {
    const { news, questions } = stream();
    news.heard(7);
    const ends: boolean[] = [];
    void news.arrive().then((is) => ends.push(is));
    questions[0]?.(9);
    news.heard(8);
    await settled();
    expect(ends).toEqual([]);
    news.heard(9);
    await settled();
    expect(ends).toEqual([true]);
  });

  it('what never comes — is waited for once, and not for ever', async () => {
    const { news, questions } = stream();
    const first = news.arrive();
    questions[0]?.(9);
    await jest.advanceTimersByTimeAsync(1_000);
    expect(await first).toBe(false);
    const second = news.arrive();
    questions[1]?.(9);
    expect(await second).toBe(false);
  });

  it('with NATS away — none', async () => {
    const { news, questions } = stream();
    const arrived = news.arrive();
    questions[0]?.(new Error('away'));
    expect(await arrived).toBe(false);
  });

  it('who asks while another asks — shares the next question, which may know more', async () => {
    const { news, questions } = stream();
    news.heard(1);
    const first = news.arrive();
    const others = [news.arrive(), news.arrive()];
    questions[0]?.(1);
    expect(await first).toBe(false);
    await settled();
    expect(questions).toHaveLength(2);
    questions[1]?.(2);
    await settled();
    news.heard(2);
    expect(await Promise.all(others)).toEqual([true, true]);
  });
});
