import * as Type from 'typebox';
import { describe, expect, it } from 'vitest';
import { disposable } from '../../../src/base/disposable';
import { InputError, RunError } from '../../../src/base/errors';
import { type Channel, connect, method, notice } from '../../../src/protocol/rpc';

const api = {
  double: method([Type.Number()], Type.Number()),
  fail: method([], Type.Null()),
  lie: method([], Type.Number()),
  wait: method([], Type.Null()),
  hear: notice(Type.String()),
} as const;

/** Two ends of a line that copies messages, as a process boundary does. */
function line(): [Channel, Channel] {
  const heard: ((message: unknown) => void)[][] = [[], []];
  const end = (own: number, other: number): Channel => ({
    post: (message) => {
      const copy: unknown = structuredClone(message);
      queueMicrotask(() => heard[other]?.forEach((listener) => listener(copy)));
    },
    listen: (listener) => {
      heard[own]?.push(listener);
      return disposable(() => heard[own]?.splice(0));
    },
  });
  return [end(0, 1), end(1, 0)];
}

function pair({ timeout = 1000 } = {}) {
  const [here, there] = line();
  const notes: string[] = [];
  const errors: string[] = [];
  const server = connect(
    api,
    {
      double: (value) => Promise.resolve(2 * value),
      fail: () => Promise.reject(new InputError({ what: 'no such file', file: 'a.jsonl', line: 3 })),
      lie: () => Promise.resolve(JSON.parse('"four"') as number),
      wait: () => new Promise(() => undefined),
      hear: (text) => Promise.resolve(notes.push(text)),
    },
    {},
    there,
    { onError: (error, name) => errors.push(`${name}: ${error.message}`) },
  );
  const client = connect({}, {}, api, here, { timeout });
  return { client, server, here, notes, errors };
}

describe('connect', () => {
  it('carries calls and answers', async () => {
    const { client, notes } = pair();
    expect(await client.calls.double(21)).toBe(42);
    await client.calls.hear('hello');
    expect(notes).toEqual(['hello']);
  });

  it('rejects with the error that the other side threw, its facts whole', async () => {
    const { client, errors } = pair();
    const thrown: unknown = await client.calls.fail().catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(InputError);
    expect(thrown).toMatchObject({ facts: { what: 'no such file', file: 'a.jsonl', line: 3 } });
    expect(errors).toEqual(['fail: a.jsonl:3: no such file']);
  });

  it('refuses arguments and answers of the wrong form', async () => {
    const { client, here } = pair();
    const wrong = connect({}, {}, { double: method([Type.String()], Type.Number()) }, here);
    await expect(wrong.calls.double('x')).rejects.toThrow(
      "the message 'double' has arguments of the wrong form",
    );
    await expect(client.calls.lie()).rejects.toThrow("the answer to 'lie' is of the wrong form");
  });

  it('refuses names that are no methods', async () => {
    const { here } = pair();
    const hostile = connect({}, {}, { toString: method([], Type.Unknown()) }, here);
    await expect(hostile.calls.toString()).rejects.toThrow();
  });

  it('rejects what waits when it is closed, and after the time is up', async () => {
    const { client } = pair();
    const waiting = client.calls.wait();
    client.close(new RunError({ what: 'the process is gone' }));
    await expect(waiting).rejects.toThrow('the process is gone');
    await expect(client.calls.double(1)).rejects.toThrow();
    const { client: hasty } = pair({ timeout: 20 });
    await expect(hasty.calls.wait()).rejects.toThrow(/timeout/u);
  });
});
