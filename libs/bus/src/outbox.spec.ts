import { describe, expect, it } from '@jest/globals';
import { Outbox } from './outbox.js';

const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

describe('Outbox', () => {
  it('publishes what one turn of the event loop gathered together, in order', async () => {
    const published: string[] = [];
    const outbox = new Outbox({ publish: (subject) => published.push(subject) });
    outbox.send('a', '');
    await Promise.resolve();
    outbox.send('b', '');
    expect(published).toEqual([]);
    await nextTurn();
    expect(published).toEqual(['a', 'b']);
    outbox.send('c', '');
    await nextTurn();
    expect(published).toEqual(['a', 'b', 'c']);
  });

  it('once it is about to be drained — what is gathered leaves at once, and so does all that follows', () => {
    const published: string[] = [];
    const outbox = new Outbox({ publish: (subject) => published.push(subject) });
    outbox.send('gathered', '');
    outbox.end();
    expect(published).toEqual(['gathered']);
    outbox.send('late', '');
    expect(published).toEqual(['gathered', 'late']);
  });

  it('one that the connection does not take — is told of, and does not keep back the others', async () => {
    const published: string[] = [];
    const publish = (subject: string) => {
      if (subject === 'bad') throw new Error('too large');
      published.push(subject);
    };
    const outbox = new Outbox({ publish });
    const errors: unknown[] = [];
    outbox.send('bad', '', {}, (error) => errors.push(error));
    outbox.send('bad', '');
    outbox.send('good', '');
    await nextTurn();
    expect(published).toEqual(['good']);
    expect(errors).toEqual([new Error('too large')]);
  });
});
