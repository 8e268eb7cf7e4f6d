import './nonce';
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeProgressRing,
  vsCodeTextField,
} from '@vscode/webview-ui-toolkit';
import { el, setProps, setText, type Props } from './dom';

// The one place that knows where controls come from. What is not here is native: a select and a table of this toolkit
// have styles that the policy of a page does not let in.
provideVSCodeDesignSystem().register(
  vsCodeButton(),
  vsCodeCheckbox(),
  vsCodeProgressRing(),
  vsCodeTextField(),
);

/** A control that has a value. */
export interface ValueControl<T> {
  readonly element: HTMLElement;
  value: T;
}

/** A check box, whose label may change. */
export interface Checkbox extends ValueControl<boolean> {
  setLabel(label: string): void;
}

export interface ButtonOptions {
  readonly label: string;
  readonly kind?: 'primary' | 'secondary' | 'icon';
  /** What stands on it instead of the label, which stays its name. */
  readonly icon?: Node;
  readonly title?: string;
  readonly onClick: () => void;
}

/** A button. */
export function button({ label, kind = 'secondary', icon, title, onClick }: ButtonOptions): HTMLElement {
  const named = icon === undefined ? {} : { 'aria-label': label };
  const element = control('vscode-button', {
    appearance: kind,
    title: title ?? '',
    ...named,
    onclick: onClick,
  });
  if (title === undefined && icon === undefined) element.removeAttribute('title');
  else if (title === undefined) element.setAttribute('title', label);
  element.append(icon ?? label);
  return element;
}

/** Enables or disables a control. */
export function setEnabled(element: HTMLElement, enabled: boolean): void {
  setProps(element, { disabled: !enabled });
}

/** A check box with its label. */
export function checkbox(
  label: string,
  checked: boolean,
  onChange: (checked: boolean) => void,
  title?: string,
): Checkbox {
  const element = control('vscode-checkbox', { title });
  const name = document.createElement('span');
  element.append(name);
  const setLabel = (text: string): void => {
    setText(name, text);
    // The toolkit makes the name of the label that was there when the box was.
    element.setAttribute('aria-label', text);
  };
  setLabel(label);
  const isChecked = (): boolean => Reflect.get(element, 'checked') === true;
  let told = checked;
  Reflect.set(element, 'checked', checked);
  element.addEventListener('change', () => {
    // The toolkit also tells of what a program set.
    if (isChecked() === told) return;
    told = isChecked();
    onChange(told);
  });
  return {
    element,
    get value() {
      return isChecked();
    },
    set value(next: boolean) {
      told = next;
      if (isChecked() !== next) Reflect.set(element, 'checked', next);
    },
    setLabel,
  };
}

/** A field for a line of text, with its label. */
export function textField(
  label: string,
  placeholder: string,
  onInput: (text: string) => void,
): ValueControl<string> {
  const element = control('vscode-text-field', { placeholder, 'aria-label': label });
  const text = (): string => {
    const value: unknown = Reflect.get(element, 'value');
    return typeof value === 'string' ? value : '';
  };
  element.addEventListener('input', () => {
    onInput(text());
  });
  return {
    element,
    get value() {
      return text();
    },
    set value(next: string) {
      if (text() !== next) Reflect.set(element, 'value', next);
    },
  };
}

export interface SliderOptions {
  readonly id: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
}

/** A slider whose ends may change. */
export interface Slider extends ValueControl<number> {
  setRange(range: Omit<SliderOptions, 'id'>): void;
}

/** A slider, whose label stands beside it. */
export function slider({ id, ...range }: SliderOptions, onInput: (value: number) => void): Slider {
  const element = el('input', { type: 'range', id, ...range });
  let { min, max } = range;
  // The track is drawn by the page's own style, which has to be told how far it is filled.
  const fill = (): void => {
    const share = max > min ? (Number(element.value) - min) / (max - min) : 0;
    element.style.setProperty('--share', `${share * 100}%`);
  };
  fill();
  element.addEventListener('input', () => {
    fill();
    onInput(Number(element.value));
  });
  return {
    element,
    get value() {
      return Number(element.value);
    },
    set value(next: number) {
      if (Number(element.value) === next) return;
      element.value = String(next);
      fill();
    },
    setRange: (next) => {
      ({ min, max } = next);
      setProps(element, { ...next });
      fill();
    },
  };
}

/** A ring that turns while something is awaited. */
export function progressRing(label: string): HTMLElement {
  return control('vscode-progress-ring', { 'aria-label': label });
}

function control(tag: string, props: Props): HTMLElement {
  const element = document.createElement(tag);
  setProps(element, props);
  return element;
}
