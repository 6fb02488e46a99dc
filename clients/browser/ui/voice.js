/** Questions by voice, where the browser recognises speech. Knows no server. */

import { icon } from "./dom.js";

const MIC = ["M10 2.5a2.5 2.5 0 0 0-2.5 2.5v5a2.5 2.5 0 0 0 5 0V5A2.5 2.5 0 0 0 10 2.5z", "M4.5 9.5a5.5 5.5 0 0 0 11 0M10 15v2.5"];
const WORDS = {
  "not-allowed": "The microphone was refused for speech recognition.",
  "no-speech": "Nothing was heard. Press the microphone and speak.",
  network: "This browser's speech recognition cannot be reached; please type.",
  "service-not-allowed": "This browser's speech recognition is switched off; please type.",
  "language-not-supported": "This browser does not recognise English speech; please type.",
};

/** Let `button` listen. `onText(text, final)` gets what was understood, `say(text)` a remark. */
export function installVoice(button, { onText, say }) {
  const Recognition = window.SpeechRecognition ?? window.webkitSpeechRecognition;
  if (!Recognition) return;
  button.hidden = false;
  button.append(icon(...MIC));
  let active = null;
  const done = () => {
    active = null;
    button.setAttribute("aria-pressed", "false");
  };
  button.addEventListener("click", () => {
    if (active) return active.stop();
    active = new Recognition();
    active.lang = "en-US"; // the language of the questions that the server understands
    active.interimResults = true;
    active.onresult = (event) => {
      const result = event.results[event.results.length - 1];
      onText(result[0].transcript.trim(), result.isFinal);
    };
    active.onerror = (event) => say(WORDS[event.error] ?? "Speech recognition stopped; please type.");
    active.onend = () => {
      done();
    };
    try {
      active.start();
      button.setAttribute("aria-pressed", "true");
      say("Listening. Some browsers send your voice to their maker to understand it.");
    } catch {
      done();
    }
    return undefined;
  });
}
