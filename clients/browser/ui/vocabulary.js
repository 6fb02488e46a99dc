/** What the server's senses can recognise, asked for when it is opened. Knows no session. */

import { el } from "./dom.js";

const NAMES = { sight: "Sight", sound: "Sound", speech: "Speech", reading: "Reading", people: "People" };

/** Fill `details` (with `body` in it) once it is opened; `fetch()` gives the vocabulary. */
export function installVocabulary(details, body, fetch) {
  let shown = false;
  details.addEventListener("toggle", async () => {
    if (!details.open || shown) return;
    body.replaceChildren(el("p", { class: "quiet" }, "Asking the server…"));
    try {
      const { senses } = await fetch();
      shown = true;
      body.replaceChildren(...senses.map(sense));
    } catch (error) {
      const why = error?.code === "overloaded" ? "The model is still starting. Open this again in a moment." : `That did not work: ${error?.message ?? error}`;
      body.replaceChildren(el("p", { class: "quiet" }, why));
    }
  });
}

function sense({ sense: name, on, about, classes, kinds, examples }) {
  const count = classes ? ` · ${classes.toLocaleString("en")} classes` : "";
  return el("section", { class: on ? "sense" : "sense off" },
    el("h3", {}, NAMES[name] ?? name, el("small", {}, on ? count : " · switched off on this server")),
    el("p", {}, about),
    ...(examples.length ? [el("p", { class: "quiet" }, `For instance: ${examples.map((text) => `“${text}”`).join(" ")}`)] : []),
    ...kinds.map(kind));
}

function kind({ name, count, classes }) {
  return el("details", { class: "kind" },
    el("summary", {}, `${name} (${count})`),
    el("p", {}, classes.join(", ")));
}
