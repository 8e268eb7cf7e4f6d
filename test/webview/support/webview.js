// Runs in the page before anything else: what VS Code puts into a webview. `setup` is given by the test.
(({ bodyClass, variables, state }) => {
  const bytes = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
  const base64 = (array) => {
    const all = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
    let text = '';
    for (const byte of all) text += String.fromCharCode(byte);
    return btoa(text);
  };
  const decode = (_key, value) => {
    if (typeof value?.$float64 === 'string') return new Float64Array(bytes(value.$float64).buffer);
    return typeof value?.$uint8 === 'string' ? bytes(value.$uint8) : value;
  };
  const encode = (_key, value) => {
    if (value instanceof Float64Array) return { $float64: base64(value) };
    return value instanceof Uint8Array ? { $uint8: base64(value) } : value;
  };
  window.violations = [];
  document.addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI, sample }) => {
    window.violations.push(`${violatedDirective} ${blockedURI} ${sample}`);
  });
  window.receive = (text) => {
    window.dispatchEvent(new MessageEvent('message', { data: JSON.parse(text, decode) }));
  };
  let kept = state;
  window.keptState = () => kept;
  window.acquireVsCodeApi = () => ({
    postMessage: (message) => void window.sendToHost(JSON.stringify(message, encode)),
    getState: () => kept,
    setState: (next) => {
      kept = structuredClone(next);
    },
  });
  window.setTheme = (next) => {
    document.body.className = next.bodyClass;
    for (const name of [...document.documentElement.style])
      document.documentElement.style.removeProperty(name);
    for (const [name, value] of Object.entries(next.variables)) {
      document.documentElement.style.setProperty(`--vscode-${name}`, value);
    }
  };
  new MutationObserver((_changes, observer) => {
    if (document.body === null) return;
    observer.disconnect();
    window.setTheme({ bodyClass, variables });
  }).observe(document, { childList: true, subtree: true });
})(globalThis.setup);
