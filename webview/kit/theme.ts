import type { Theme } from './themeColours';
import { disposable, type Disposable } from '../../src/base/disposable';

const SERIES = ['blue', 'orange', 'green', 'purple', 'red', 'yellow'] as const;

/** The theme as it is now. */
export function readTheme(): Theme {
  const style = getComputedStyle(document.documentElement);
  const variable = (name: string, fallback: string): string => {
    const value = style.getPropertyValue(`--vscode-${name}`).trim();
    return value === '' ? fallback : value;
  };
  const { classList } = document.body;
  const light = classList.contains('vscode-light') || classList.contains('vscode-high-contrast-light');
  const foreground = variable('editor-foreground', light ? '#1f1f1f' : '#cccccc');
  const highContrast =
    classList.contains('vscode-high-contrast') || classList.contains('vscode-high-contrast-light');
  return {
    background: variable('editor-background', light ? '#ffffff' : '#1f1f1f'),
    foreground,
    muted: highContrast ? foreground : variable('descriptionForeground', foreground),
    grid: variable('editorWidget-border', light ? '#d4d4d4' : '#454545'),
    focus: variable('focusBorder', foreground),
    series: SERIES.map((name) => variable(`charts-${name}`, '')).filter((colour) => colour !== ''),
    font: variable('font-family', 'sans-serif'),
    highContrast,
  };
}

/** Calls back when VS Code has set another theme, which it does by the variables and the body's classes. */
export function onThemeChange(changed: () => void): Disposable {
  const observer = new MutationObserver(changed);
  observer.observe(document.documentElement, { attributeFilter: ['style', 'class'] });
  observer.observe(document.body, { attributeFilter: ['class'] });
  return disposable(() => {
    observer.disconnect();
  });
}
