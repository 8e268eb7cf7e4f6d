import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll } from 'vitest';
import { PICTURES } from './places';
import { Session, type SessionOptions } from './session';

/**
 * One session for the tests of a `describe`, which follow one another in it as a user's steps do. Where one fails, a
 * picture of the window is taken. `patience` (ms) is for what takes long to prepare.
 */
export function useSession(options?: SessionOptions, patience?: number): () => Session {
  let session: Session | undefined;
  beforeAll(async () => {
    session = await Session.open(options);
    await session.activated();
  }, patience);
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail' || session === undefined || session.workbench.page.isClosed()) return;
    const path = join(
      PICTURES ?? join(tmpdir(), 'eigenloom-vscode-failed'),
      `failed ${task.name.replaceAll(/[^\w-]+/gu, ' ').trim()}.png`,
    );
    await session.workbench.page.screenshot({ path });
    console.log(`what it looked like: ${path}`);
  });
  afterAll(async () => {
    await session?.close();
  });
  return () => {
    if (session === undefined) throw new Error('the session is not open yet');
    return session;
  };
}
