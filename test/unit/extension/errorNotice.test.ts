import { describe, expect, it } from 'vitest';
import { InputError, InputErrors, RunError } from '../../../src/base/errors';
import { noticeOf } from '../../../src/extension/errorNotice';

const shown = (file: string): string => file.replace('/home/me/work/', '');

describe('what a notification says of an error', () => {
  it('begins with the file as the workspace knows it, and finds the setting that helps', () => {
    const error = new RunError({
      what: 'this cannot be written',
      file: '/home/me/work/runs',
      remedy: 'Set eigenloom.runsFolder to another folder.',
    });
    expect(noticeOf(error, shown)).toEqual({
      text: 'runs: this cannot be written. Set eigenloom.runsFolder to another folder.',
      setting: 'eigenloom.runsFolder',
      long: true,
    });
  });

  it('counts what else is wrong', () => {
    const errors = new InputErrors([new InputError({ what: 'a' }), new InputError({ what: 'b' })]);
    expect(noticeOf(errors, shown)).toEqual({
      text: 'a (and 1 more problem)',
      setting: undefined,
      long: false,
    });
  });
});
