/** Asks for the server's API key. Keeps it in memory, in sessionStorage only when told to. */

import { byId } from "./dom.js";

const KEY = "ttm-api-key";

/** The key kept for this tab, or "". */
export function keptKey() {
  try {
    return sessionStorage.getItem(KEY) ?? "";
  } catch {
    return "";
  }
}

/** Ask; -> the key, or "" when it was cancelled. */
export function askForKey() {
  const dialog = byId("key-dialog");
  const input = byId("key");
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const key = dialog.returnValue === "ok" ? input.value.trim() : "";
      input.value = "";
      try {
        if (key && byId("key-keep").checked) sessionStorage.setItem(KEY, key);
        else sessionStorage.removeItem(KEY);
      } catch {
        // without storage it lasts as long as the page
      }
      resolve(key);
    }, { once: true });
    byId("key-cancel").onclick = () => dialog.close("");
    dialog.returnValue = "";
    dialog.showModal();
  });
}
