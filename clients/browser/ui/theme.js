/** Light or dark: the system's choice until the button is used. Knows no other part of the page. */

import { icon } from "./dom.js";

const KEY = "ttm-theme";
const SUN = ["M10 6.5a3.5 3.5 0 1 0 0 7a3.5 3.5 0 1 0 0-7", "M10 1.5v2M10 16.5v2M1.5 10h2M16.5 10h2M4 4l1.4 1.4M14.6 14.6L16 16M16 4l-1.4 1.4M5.4 14.6L4 16"];
const MOON = ["M16.5 11.8A7 7 0 1 1 8.2 3.5a5.6 5.6 0 0 0 8.3 8.3z"];

function stored() {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null; // storage may be forbidden: then the choice lasts as long as the page
  }
}

/** Let `button` switch the theme. */
export function installTheme(button) {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = stored();
  const show = () => {
    const isDark = chosen ? chosen === "dark" : dark.matches;
    if (chosen) document.documentElement.dataset.theme = chosen;
    button.replaceChildren(icon(...(isDark ? SUN : MOON)));
    button.setAttribute("aria-label", isDark ? "Use light colours" : "Use dark colours");
    return isDark;
  };
  button.addEventListener("click", () => {
    chosen = show() ? "light" : "dark";
    try {
      localStorage.setItem(KEY, chosen);
    } catch {
      // as above
    }
    show();
  });
  dark.addEventListener("change", show);
  show();
}
