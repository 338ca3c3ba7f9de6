import { describe, expect, it } from '@jest/globals';
import type { Msg } from '@nats-io/transport-node';
import { isInbox, respond } from './inbox-replies.js';

describe('isInbox', () => {
  it.each(['_INBOX.a', '_INBOX.a.1', '_INBOX_editor.a'])('takes %s', (subject) => {
    expect(isInbox(subject)).toBe(true);
  });

  it.each(['_INBOX', '_INBOXES.a', 'orc.v1.work.editor.1_0_0.copy-edit.i', 'a._INBOX.b', '$JS.ACK.a', ''])(
    'refuses %s',
    (subject) => {
      expect(isInbox(subject)).toBe(false);
    },
  );
});

describe('respond', () => {
  it.each([
    ['_INBOX.a', ['answer']],
    ['orc.v1.exec.editor.1_0_0.copy-edit', []],
    [undefined, []],
  ])('with the reply subject %s — sends %j', (reply, sent) => {
    const answers: unknown[] = [];
    respond({ reply, respond: (data) => answers.push(data) > 0 } as Msg, 'answer');
    expect(answers).toEqual(sent);
  });
});
