import { disposable } from '../../base/disposable';
import { RunError } from '../../base/errors';
import { inspectorApi } from '../../protocol/inspector';
import { connect } from '../../protocol/rpc';
import { EXIT } from '../exit';
import { inspectorHandlers } from './handlers';

/**
 * Answers questions by message until the process that asks them has gone, and ends then with whatever is still at work:
 * nobody waits for it, and its threads would keep the process. Returns the exit code where it cannot begin.
 */
export async function answerInspector(): Promise<number> {
  if (process.send === undefined) {
    process.stderr.write('The inspector answers an editor over a channel, and was started without one.\n');
    return EXIT.wrongInput;
  }
  const peer = connect(
    inspectorApi,
    inspectorHandlers(),
    {},
    {
      post: (message) => {
        if (process.connected) process.send?.(message);
      },
      listen: (heard) => {
        process.on('message', heard);
        return disposable(() => process.off('message', heard));
      },
    },
  );
  await new Promise<void>((resolve) => process.once('disconnect', resolve));
  peer.close(new RunError({ what: 'the editor has gone' }));
  process.exit(EXIT.done);
}
