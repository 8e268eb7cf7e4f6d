import { Compile } from 'typebox/schema';
import { InputError } from '../../base/errors';
import { isRecord } from '../../base/guards';
import { show } from '../../base/show';
import { RUN_FORMAT_VERSION, type RunRecord, runRecordSchema } from './record';

const compile = () => Compile(runRecordSchema);
let compiled: ReturnType<typeof compile> | undefined;

/** Compiled when first used, which takes a hundredth of a second: an editor's thread may wait as long. */
function validator(): ReturnType<typeof compile> {
  return (compiled ??= compile());
}

/**
 * Reads the content of `run.json`. Fields it does not know stay in the record as they are; another version, or a
 * field of the wrong form, is an `InputError`.
 */
export function decodeRunRecord(value: unknown, file: string): RunRecord {
  if (!isRecord(value)) throw new InputError({ what: 'this run is broken: run.json holds no object', file });
  if (value.formatVersion !== RUN_FORMAT_VERSION) {
    throw new InputError({
      what: 'this run was written by another version',
      file,
      key: 'formatVersion',
      got: show(value.formatVersion),
      expected: String(RUN_FORMAT_VERSION),
      remedy: 'Use the version of Eigenloom that made it.',
    });
  }
  const record: unknown = value;
  if (validator().Check(record)) return record;
  const [, [problem]] = validator().Errors(record);
  throw new InputError({
    what: `this run is broken: ${problem?.message ?? 'run.json is of the wrong form'}`,
    file,
    key: problem?.instancePath.slice(1).replaceAll('/', '.'),
  });
}

/** The top-level fields of a record that this version does not know: worth a warning, never dropped. */
export function unknownFields(record: RunRecord): string[] {
  return Object.keys(record).filter((key) => !Object.hasOwn(runRecordSchema.properties, key));
}
