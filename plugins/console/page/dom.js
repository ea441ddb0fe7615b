// Elements from text only: what agents and logs say is never taken for markup.

export const $ = (selector, root = document) => root.querySelector(selector);

export function make(tag, properties = {}, ...children) {
  const element = tag === "svg" || tag === "path"
    ? document.createElementNS("http://www.w3.org/2000/svg", tag)
    : document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") {
      for (const [event, run] of Object.entries(value)) element.addEventListener(event, run);
    } else if (name === "data") {
      Object.assign(element.dataset, value);
    } else {
      element.setAttribute(name, value);
    }
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

// Makes `parent` have a child for each of `items`, in order. Those that are there already, by
// `key`, stay, so that focus and selection do.
export function keep(parent, items, key, create, update) {
  const there = new Map([...parent.children].map((child) => [child.dataset.key, child]));
  let place = parent.firstElementChild;
  for (const item of items) {
    const name = String(key(item));
    let child = there.get(name);
    if (child === undefined) {
      child = create(item);
      child.dataset.key = name;
    }
    there.delete(name);
    update(child, item);
    if (child === place) {
      place = place.nextElementSibling;
    } else {
      parent.insertBefore(child, place);
    }
  }
  for (const child of there.values()) child.remove();
}

export function put(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

const units = [[86400, "d"], [3600, "h"], [60, "min"], [1, "s"]];

export function span(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  const at = Math.max(0, units.findIndex(([size]) => seconds >= size));
  const [size, name] = seconds < 1 ? units.at(-1) : units[at];
  return `${Math.max(0, Math.floor(seconds / size))} ${name}`;
}

export function number(value, digits = 0) {
  if (value === null || value === undefined) return "–";
  return value.toLocaleString("en", { maximumFractionDigits: digits });
}

export function clock(unixMs) {
  return new Date(unixMs).toLocaleTimeString("en-GB");
}
