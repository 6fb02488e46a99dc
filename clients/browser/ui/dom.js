/** Makes elements. Knows nothing of what they are for. */

const SVG = "http://www.w3.org/2000/svg";

/** The element with this id; it is a bug of the page when there is none. */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`no element #${id}`);
  return found;
}

function fill(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}

/** An HTML element; attributes that are null or false are left out, `onclick` etc. listen. */
export function el(tag, attributes = {}, ...children) {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg(tag, attributes = {}, ...children) {
  return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** A 20 px line icon from path data. */
export function icon(...paths) {
  return svg(
    "svg",
    { viewBox: "0 0 20 20", class: "icon", "aria-hidden": "true" },
    ...paths.map((d) => svg("path", { d })),
  );
}

/** Set text only where it changed, so that status regions are not read out again. */
export function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
