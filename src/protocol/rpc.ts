import { createBirpc } from 'birpc';
import type { Static, TSchema } from 'typebox';
import * as Type from 'typebox';
import { Check } from 'typebox/schema';
import {
  EigenloomError,
  type ErrorFacts,
  type ErrorKind,
  GraphError,
  InputError,
  RunError,
  toError,
} from '../base/errors';
import type { Disposable } from '../base/disposable';
import { isRecord } from '../base/guards';

/** What one side answers to: each method's arguments (a tuple) and result, as schemas that are also checked. */
export type Api = Readonly<Record<string, Method>>;

/** One method of an API. */
interface Method<A extends TSchema = TSchema, R extends TSchema = TSchema> {
  readonly args: A;
  readonly result: R;
}

/** The functions that an API's schemas describe. */
export type Calls<A extends Api> = {
  readonly [K in keyof A]: (
    ...args: Static<A[K]['args']> extends infer Args extends readonly unknown[] ? Args : never
  ) => Promise<Static<A[K]['result']>>;
};

/** A method that answers with something. */
export function method<A extends TSchema[], R extends TSchema>(args: readonly [...A], result: R) {
  return { args: Type.Tuple([...args]), result };
}

/** A method that is only told something; who calls may wait until it has been heard. */
export function notice<A extends TSchema[]>(...args: A) {
  return { args: Type.Tuple([...args]), result: Type.Unknown() };
}

/** How messages travel: a webview's, a child process's. Messages are copied, and come in order. */
export interface Channel {
  readonly post: (message: unknown) => void;
  readonly listen: (heard: (message: unknown) => void) => Disposable;
}

/** The other side. */
export interface Peer<Remote extends Api> extends Disposable {
  readonly calls: Calls<Remote>;
  /** Rejects everything that still waits, with this reason, and all calls from now on. */
  close(reason: Error): void;
}

/** A reply: the value, or the facts of an error, since not all channels carry errors whole. */
type Reply = { readonly ok: unknown } | { readonly err: ErrorReply };

interface ErrorReply {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly facts?: ErrorFacts | undefined;
}

export interface PeerOptions {
  /** Milliseconds after which an answer is no longer waited for. */
  readonly timeout?: number;
  /** Told of every error that a handler of this side throws. */
  readonly onError?: (error: Error, method: string) => void;
}

/**
 * Connects two sides over a channel: `handlers` answers what `own` describes, `calls` of the result asks what
 * `remote` describes. Arguments and results are checked against their schemas on arrival; calls reject with what the
 * handler threw, on a message that does not fit, after `timeout`, and when the connection is closed.
 */
export function connect<Own extends Api, Remote extends Api>(
  own: Own,
  handlers: Calls<Own>,
  remote: Remote,
  channel: Channel,
  { timeout = 60_000, onError }: PeerOptions = {},
): Peer<Remote> {
  const functions: Record<string, (...args: unknown[]) => Promise<Reply>> = {};
  for (const [name, { args: schema }] of Object.entries(own)) {
    functions[name] = async (...args) => {
      try {
        return { ok: await answer(handlers, name, schema, args) };
      } catch (thrown) {
        const error = toError(thrown);
        onError?.(error, name);
        return { err: errorReply(error) };
      }
    };
  }
  let listening: Disposable | undefined;
  const rpc = createBirpc<Record<string, (...args: unknown[]) => Promise<unknown>>, typeof functions, false>(
    functions,
    {
      post: (message: unknown) => channel.post(message),
      on: (heard: (message: unknown) => void) => {
        listening = channel.listen(heard);
      },
      off: () => listening?.dispose(),
      timeout,
      proxify: false,
    },
  );
  const calls: Record<string, (...args: unknown[]) => Promise<unknown>> = {};
  for (const [name, { result }] of Object.entries(remote)) {
    calls[name] = async (...args) => {
      const reply: unknown = await rpc.$call(name, ...args);
      return openReply(reply, name, result);
    };
  }
  const close = (reason: Error): void => {
    if (!rpc.$closed) rpc.$close(reason);
  };
  return {
    // Each call checks what it returns against the schema that its type comes from.
    calls: calls as unknown as Calls<Remote>,
    close,
    dispose: () => close(new RunError({ what: 'the other side is gone' })),
  };
}

function answer(handlers: object, name: string, schema: TSchema, args: unknown[]): unknown {
  const handler: unknown = Reflect.get(handlers, name);
  if (typeof handler !== 'function' || !Check(schema, args)) {
    throw new GraphError({ what: `the message '${name}' has arguments of the wrong form` });
  }
  return Reflect.apply(handler, handlers, args);
}

function openReply(reply: unknown, name: string, schema: TSchema): unknown {
  if (isRecord(reply) && isRecord(reply.err)) throw errorOf(reply.err);
  const value = isRecord(reply) ? reply.ok : undefined;
  if (!isRecord(reply) || !Check(schema, value)) {
    throw new GraphError({ what: `the answer to '${name}' is of the wrong form` });
  }
  return value;
}

function errorReply(error: Error): ErrorReply {
  if (error instanceof EigenloomError) {
    return { kind: error.kind, message: error.message, facts: { ...error.facts } };
  }
  return { kind: 'bug', message: error.message };
}

function errorOf({ kind, message, facts }: Record<string, unknown>): Error {
  const what = isRecord(facts) && typeof facts.what === 'string' ? facts.what : String(message);
  const known: ErrorFacts = { ...(isRecord(facts) ? facts : {}), what };
  if (kind === 'input') return new InputError(known);
  return kind === 'run' ? new RunError(known) : new GraphError(known);
}
