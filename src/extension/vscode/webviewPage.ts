import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { disposable } from '../../base/disposable';
import type { Channel } from '../../protocol/rpc';

/** Only what is built may be loaded by a webview. */
export function webviewOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [webviewFolder(extension)] };
}

function webviewFolder(extension: vscode.Uri): vscode.Uri {
  return vscode.Uri.joinPath(extension, 'dist', 'webview');
}

/**
 * The page of a panel: its bundle `<name>.js` and style `<name>.css`, under a policy that lets nothing else in. Data
 * comes by message alone, never in the page.
 */
export function webviewPage(
  webview: vscode.Webview,
  extension: vscode.Uri,
  name: string,
  title: string,
): string {
  const nonce = randomBytes(16).toString('base64');
  const file = (suffix: string): string =>
    webview.asWebviewUri(vscode.Uri.joinPath(webviewFolder(extension), `${name}.${suffix}`)).toString();
  const policy = [
    "default-src 'none'",
    `script-src 'nonce-${nonce}'`,
    `style-src 'nonce-${nonce}' ${webview.cspSource}`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource} data: blob:`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${file('css')}" nonce="${nonce}">
<title>${title}</title>
</head>
<body>
<main id="main"></main>
<script nonce="${nonce}" src="${file('js')}"></script>
</body>
</html>`;
}

/** The channel to a webview. */
export function webviewChannel(webview: vscode.Webview): Channel {
  return {
    post: (message) => void webview.postMessage(message),
    listen: (heard) => {
      const listening = webview.onDidReceiveMessage(heard);
      return disposable(() => void listening.dispose());
    },
  };
}
