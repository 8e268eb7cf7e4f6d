import { parentPort } from 'node:worker_threads';
import { RandomStream } from '../base/random';
import { GraphError, toError } from '../base/errors';
import { isRecord } from '../base/guards';
import { frobeniusNorm } from '../engine/spectra/measures';
import { RandomizedSvd } from '../engine/spectra/randomizedSvd';
import { topSingular } from '../engine/spectra/topSingular';
import type { TopSingular } from '../engine/spectra/triples';
import { createRuntime } from './onnxRuntime';

/** A matrix whose top triples a thread is to find. */
export interface SvdRequest {
  /** [rows, columns]; its memory goes to the thread. */
  readonly weight: Float32Array;
  readonly rows: number;
  readonly columns: number;
  readonly rank: number;
  /** Of the stream that the sketch is drawn from, and its name. */
  readonly seed: number;
  readonly stream: string;
}

/** What a thread finds. */
export interface SvdFound extends TopSingular {
  readonly errorBound: number;
  /** ||W||_F */
  readonly frobenius: number;
}

/** What it answers. */
type SvdReply = { readonly found: SvdFound } | { readonly error: string };

/** The top triples of one matrix. */
export async function findTriples(
  svd: RandomizedSvd,
  { weight, rows, columns, rank, seed, stream }: SvdRequest,
): Promise<SvdFound> {
  const random = new RandomStream(seed, stream);
  const triples = await topSingular(svd, weight, rows, columns, rank, (count) => random.signs(count));
  return { ...triples, frobenius: frobeniusNorm(weight) };
}

/** Decomposes the matrices that are sent to this thread, one after the other, until it is ended. */
export function answerSvdRequests(): void {
  const port = parentPort;
  if (port === null) return;
  const svd = createRuntime('cpu', { threads: 1 }).then((runtime) => new RandomizedSvd(runtime));
  const answer = async (message: unknown): Promise<SvdReply> => {
    try {
      return { found: await findTriples(await svd, requestIn(message)) };
    } catch (thrown) {
      return { error: toError(thrown).message };
    }
  };
  let last = Promise.resolve();
  port.on('message', (message: unknown) => {
    last = last.then(async () => port.postMessage(await answer(message)));
  });
}

function requestIn(message: unknown): SvdRequest {
  const { weight, rows, columns, rank, seed, stream } = isRecord(message) ? message : {};
  if (
    weight instanceof Float32Array &&
    typeof rows === 'number' &&
    typeof columns === 'number' &&
    typeof rank === 'number' &&
    typeof seed === 'number' &&
    typeof stream === 'string'
  ) {
    return { weight, rows, columns, rank, seed, stream };
  }
  throw new GraphError({ what: 'a thread was asked for something else than a decomposition' });
}
