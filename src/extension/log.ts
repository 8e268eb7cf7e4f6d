import type * as vscode from 'vscode';

/** The log output channel, "Eigenloom". */
export type Log = vscode.LogOutputChannel;
