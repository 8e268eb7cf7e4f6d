import { readdirSync, readFileSync } from 'node:fs';

/** A process of this machine. */
export interface Process {
  readonly pid: number;
  readonly command: string;
}

/** The variable by which everything that a session starts is known, however it was started. */
const MARK = 'EIGENLOOM_TEST_SESSION';

/** The environment that marks what is started in it. */
export function marked(session: string): NodeJS.ProcessEnv {
  return { [MARK]: session };
}

/** The processes that were started in a marked environment and still run. */
export function processesOf(session: string): Process[] {
  return readdirSync('/proc').flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'utf8').split('\0').includes(`${MARK}=${session}`))
        return [];
      return [{ pid, command: readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' ').trim() }];
    } catch {
      // It has ended, or it is another user's.
      return [];
    }
  });
}

/** The trainers among them. */
export function trainersOf(session: string): Process[] {
  return processesOf(session).filter(({ command }) => /trainer\.js train /u.test(command));
}

/** VS Code's extension hosts among them. */
export function extensionHostsOf(session: string): Process[] {
  return processesOf(session).filter(({ command }) => command.includes('--type=extensionHost'));
}

/** Ends what is left of a session; answers what that was. */
export function endAll(session: string): Process[] {
  const left = processesOf(session);
  for (const { pid } of left) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (thrown) {
      // It has ended meanwhile.
      if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
    }
  }
  return left;
}
