import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import * as path from 'node:path';
import { InputError, RunError, toError } from '../base/errors';

/** One positional read asks for at most this much: the system calls stop at 2 GiB. */
const LARGEST_READ = 1 << 30;

/** The system's error code (`ENOENT`, …), where the thrown value, or what caused it, is an error of the system. */
export function errorCode(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if ('syscall' in thrown && 'code' in thrown && typeof thrown.code === 'string') return thrown.code;
  return thrown.cause === undefined ? undefined : errorCode(thrown.cause);
}

/**
 * Fills `bytes` from `position` of an open file.
 * @throws InputError where the file ends before: it is shorter than its own header says, or was cut meanwhile.
 */
export async function readExactly(
  handle: fs.FileHandle,
  file: string,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  let done = 0;
  while (done < bytes.length) {
    const want = Math.min(bytes.length - done, LARGEST_READ);
    const { bytesRead } = await handle.read(bytes, done, want, position + done);
    if (bytesRead === 0) {
      throw new InputError({
        what: 'the file ends too early',
        file,
        got: `${position + done} bytes`,
        expected: `at least ${position + bytes.length}`,
        remedy: 'Copy or download the file again.',
      });
    }
    done += bytesRead;
  }
}

/** Opens a file for reading, hands it to `use`, and closes it whatever happens. */
export async function withFile<T>(file: string, use: (handle: fs.FileHandle) => Promise<T>): Promise<T> {
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(file, 'r');
  } catch (thrown) {
    throw new InputError(
      {
        what: errorCode(thrown) === 'ENOENT' ? 'the file does not exist' : 'the file cannot be opened',
        file,
        got: errorCode(thrown),
      },
      { cause: toError(thrown) },
    );
  }
  try {
    return await use(handle);
  } finally {
    await handle.close();
  }
}

/** A name beside `target` that no other process uses. The leading dot keeps it out of listings. */
export function temporaryName(target: string): string {
  return path.join(
    path.dirname(target),
    `.${path.basename(target)}.${process.pid}.${randomBytes(6).toString('hex')}.tmp`,
  );
}

/**
 * Writes a file so that at any moment either the old or the whole new one is there: a temporary file beside it,
 * flushed to the disk, then renamed over it. On any failure the temporary file is removed and the old one stays.
 * @throws RunError where the system refuses (disk full, no permission); what `write` throws
 */
export async function replaceFile(
  file: string,
  write: (handle: fs.FileHandle) => Promise<void>,
): Promise<void> {
  const temporary = temporaryName(file);
  try {
    const handle = await fs.open(temporary, 'wx');
    try {
      await write(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await fs.rename(temporary, file);
  } catch (thrown) {
    await fs.rm(temporary, { force: true }).catch(() => undefined);
    if (thrown instanceof InputError || errorCode(thrown) === undefined) throw thrown;
    throw new RunError(
      { what: 'the file cannot be written', file, got: toError(thrown).message },
      { cause: thrown },
    );
  }
  await syncFolder(path.dirname(file));
}

/** Makes a rename in `folder` last through a power cut; Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await fs.open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Whether a file exists and is a regular one. */
export async function isFile(file: string): Promise<boolean> {
  return fs.stat(file).then(
    (stat) => stat.isFile(),
    () => false,
  );
}
