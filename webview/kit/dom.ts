/** Attributes and listeners of an element: `onX` listens to `x`, all else is an attribute; false and undefined are left out. */
export type Props = Readonly<
  Record<string, string | number | boolean | undefined | ((event: Event) => void)>
>;

/** Makes an element with its attributes, listeners and content. Text is text: nothing is ever read as HTML. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...content: readonly (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  setProps(element, props);
  element.append(...content);
  return element;
}

/** Sets attributes and adds listeners; see {@link Props}. */
export function setProps(element: Element, props: Props): void {
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2).toLowerCase(), value);
    else if (value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? '' : String(value));
  }
}

/** Sets an element's text where it is another one: what does not change is not read out again. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Shows or hides an element. */
export function setShown(element: HTMLElement, shown: boolean): void {
  if (element.hidden === shown) element.hidden = !shown;
}

/**
 * Keeps the children of an element in the order of keys, making and removing only what is needed: the focus stays
 * where it is.
 */
export function keepChildren<C extends { readonly element: HTMLElement }>(
  parent: HTMLElement,
  kept: Map<string, C>,
  keys: readonly string[],
  make: (key: string) => C,
): void {
  for (const [key, child] of kept) {
    if (keys.includes(key)) continue;
    child.element.remove();
    kept.delete(key);
  }
  for (const [index, key] of keys.entries()) {
    let child = kept.get(key);
    if (child === undefined) kept.set(key, (child = make(key)));
    if (parent.children[index] !== child.element)
      parent.insertBefore(child.element, parent.children[index] ?? null);
  }
}
