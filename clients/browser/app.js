/** The live page: joins the parts in ui/ to each other and to the SDK. */

import { AskBox } from "./ui/ask.js";
import { AskedPicture } from "./ui/ask_picture.js";
import { Noticing, fillPickers, picked, showStream } from "./ui/camera.js";
import { ConnectionPanel } from "./ui/connection.js";
import { byId, el, say } from "./ui/dom.js";
import { askForKey, keptKey } from "./ui/key.js";
import { Live } from "./ui/live.js";
import { Memory } from "./ui/memory.js";
import { memoryMapOnPage } from "./ui/memory_map.js";
import { Problems, codeOf } from "./ui/problems.js";
import { JUST_S, Teaching } from "./ui/teach.js";
import { ViewedSession } from "./ui/viewed_session.js";
import { installTheme } from "./ui/theme.js";
import { clock } from "./ui/time.js";
import { Timeline } from "./ui/timeline.js";
import { installVocabulary } from "./ui/vocabulary.js";
import { installVoice } from "./ui/voice.js";
import { Caption, WordsPanel } from "./ui/words.js";
import { Capture, RestClient } from "./sdk/index.js";

const PHASES = { idle: "Ready", starting: "Starting…", live: "Live", paused: "Paused", stopping: "Finishing…", ended: "Ended" };
const DRAW_MS = 600; // drawing costs more than capturing where there is no graphics card
const LAG_S = 6; // less is usual and not worth a word
const NEEDS_NEW = new Set(["quarantined", "no_such_session"]);

const live = new Live();
const memory = new Memory();
const problems = new Problems(byId("problems"));
const noticing = new Noticing(byId("noticing"));
const caption = new Caption(byId("caption"));
const connection = new ConnectionPanel(byId("facts"), byId("spark"));
const map = memoryMapOnPage(memory);
const timeline = new Timeline(memory, {
  plot: byId("plot"), detail: byId("detail"), list: byId("list"), listBody: byId("list-body"), listCount: byId("list-count"),
  zoomIn: byId("zoom-in"), zoomOut: byId("zoom-out"), all: byId("show-all"), follow: byId("follow"),
});
const wordsPanel = new WordsPanel(memory, { list: byId("passages"), known: byId("words-known"), complete: byId("words-complete"), file: byId("words-file") });
let apiKey = keptKey();
let drawTimer = 0;
let viewed = null; // a session of an earlier visit, only looked at
let chosen = null; // the event that is marked on the timeline

const source = () => live.session ?? viewed;
const picture = new AskedPicture({
  card: document.querySelector(".card.ask"), file: byId("picture-file"), input: byId("picture-input"), camera: byId("picture-camera"),
  video: byId("preview"), attached: byId("attached"), note: byId("picture-note"),
});
const teaching = new Teaching(
  {
    form: byId("teach"), name: byId("teach-name"), send: byId("teach-send"), cancel: byId("teach-cancel"),
    span: byId("teach-span"), note: byId("teach-note"), list: byId("things"), count: byId("things-count"),
  },
  source,
);
const askBox = new AskBox(
  { form: byId("ask-form"), input: byId("question"), send: byId("send"), examples: byId("examples"), answers: byId("answers"), again: byId("forget-talk") },
  picture,
  async (text, options) => {
    if (!source()) throw Object.assign(new Error("no session"), { code: "no_session" });
    return source().ask(text, options);
  },
);

function hashSession() {
  return new URLSearchParams(location.hash.slice(1)).get("session");
}

async function start() {
  problems.clear();
  await live.start({
    ...picked(),
    rate: Number(byId("rate").value),
    way: document.querySelector("input[name=way]:checked").value,
    apiKey,
    sessionId: source()?.sessionId,
  });
  fillPickers();
}

async function renew() {
  problems.clear();
  live.forget();
  viewed = null;
  memory.follow(null);
  history.replaceState(null, "", location.pathname);
  noticing.clear();
  caption.clear();
  teaching.close();
  choose(null);
  draw();
}

/** Look at a session without streaming into it. */
function view(sessionId) {
  viewed = new ViewedSession(sessionId, apiKey);
  memory.follow(viewed);
}

/** Mark an event; what was seen or heard can be given a name. */
function choose(event) {
  chosen = event;
  byId("teach-chosen").hidden = !event || !["video", "audio"].includes(event.modality);
}

async function onProblem(problem, retry = start) {
  const code = codeOf(typeof problem === "string" ? { code: problem } : problem);
  if (code === "unauthenticated") {
    apiKey = await askForKey();
    if (apiKey) return retry();
  }
  const again = { label: "New session", run: renew };
  problems.show(typeof problem === "string" ? { code: problem } : problem, NEEDS_NEW.has(code) ? { action: again } : {});
  return undefined;
}

/** The words of the session as a file. */
async function saveCaptions() {
  const text = await new RestClient(location.origin, { apiKey }).wordsVtt(source().sessionId);
  const url = URL.createObjectURL(new Blob([text], { type: "text/vtt" }));
  el("a", { href: url, download: "words.vtt" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

function drawControls() {
  const { phase } = live;
  const running = phase === "live" || phase === "paused";
  const begin = byId("start");
  begin.hidden = running || phase === "stopping";
  begin.disabled = phase === "starting";
  say(begin, phase === "starting" ? "Starting…" : source() ? "Go on" : "Start");
  byId("pause").hidden = !running;
  say(byId("pause"), phase === "paused" ? "Resume" : "Pause");
  byId("stop").hidden = !running && phase !== "starting";
  byId("renew").hidden = running || phase === "starting" || phase === "stopping" || !source();
  byId("teach-now").hidden = !running;
  byId("picture-camera").hidden = !running;
  byId("paused-note").hidden = phase !== "paused";
  for (const control of byId("settings").elements) control.disabled = running || phase === "starting" || phase === "stopping";
}

/** What to say when memory is well behind; "" when it is not. */
function lagging() {
  const { session, phase } = live;
  const behind = session ? session.stats().lagChunks / 2 : 0;
  if (phase === "stopping") return "Waiting until memory has everything";
  if (behind < LAG_S || session.state !== "live") return "";
  if (session.applied === 0) return "The model is still starting; nothing is lost meanwhile";
  return `Memory is ${Math.round(behind)} s behind`;
}

function drawState() {
  const away = live.session?.state === "reconnecting" && (live.phase === "live" || live.phase === "paused");
  byId("state").dataset.state = away ? "reconnecting" : live.phase;
  say(byId("state-text"), away ? "Reconnecting…" : PHASES[live.phase]);
  say(byId("clock"), clock(memory.now));
  say(byId("capture-note"), lagging());
  connection.show(live.session);
}

function draw() {
  drawControls();
  drawState();
  drawMemory();
}

function drawMemory() {
  timeline.draw();
  map.draw();
  wordsPanel.draw();
  teaching.draw(memory.things);
}

/** Draw the memory in a moment, once for all that happens until then. */
function drawSoon() {
  drawTimer ||= setTimeout(() => {
    drawTimer = 0;
    if (!document.hidden) drawMemory();
  }, DRAW_MS);
}

live.addEventListener("phase", draw);
document.addEventListener("visibilitychange", () => document.hidden || draw());
live.addEventListener("stats", drawState);
live.addEventListener("stream", () => showStream(live.capture?.stream ?? null));
live.addEventListener("session", ({ detail }) => {
  viewed = null;
  history.replaceState(null, "", `#session=${detail.sessionId}`);
  memory.follow(detail, () => live.mediaS);
});
live.addEventListener("notice", ({ detail }) => {
  memory.notice(detail);
  noticing.show(detail);
  caption.show(detail);
});
live.addEventListener("recovered", () => problems.clear("unreachable"));
live.addEventListener("problem", ({ detail }) => onProblem(detail));
live.addEventListener("phase", ({ detail }) => {
  if (detail === "ended") memory.refresh();
});
memory.addEventListener("change", () => {
  if (viewed && memory.status) problems.clear("unreachable");
  drawSoon();
});
memory.addEventListener("trouble", ({ detail }) => {
  if (!viewed || live.session) return;
  const { sessionId } = viewed;
  if (codeOf(detail) !== "unreachable") memory.follow(null); // asking again would not help
  onProblem(detail, () => view(sessionId));
});
askBox.addEventListener("evidence", ({ detail }) => {
  timeline.reveal(detail);
  byId("plot").scrollIntoView({ block: "nearest" });
  byId("plot").focus({ preventScroll: true });
});
askBox.addEventListener("answer", () => memory.refresh());
askBox.addEventListener("trouble", ({ detail }) => {
  if (codeOf(detail) === "unauthenticated") onProblem(detail, viewed ? () => view(viewed.sessionId) : start);
});
timeline.addEventListener("select", ({ detail }) => {
  map.mark(detail.slot);
  choose(detail);
});
wordsPanel.addEventListener("select", ({ detail }) => timeline.reveal(detail));
teaching.addEventListener("change", () => memory.refreshThings());
map.addEventListener("select", ({ detail }) => timeline.reveal(detail));

byId("start").addEventListener("click", start);
byId("pause").addEventListener("click", () => (live.phase === "paused" ? live.resume() : live.pause()));
byId("stop").addEventListener("click", () => live.stop());
byId("teach-now").addEventListener("click", ({ currentTarget }) => teaching.open(live.mediaS - JUST_S, live.mediaS, currentTarget));
byId("teach-chosen").addEventListener("click", ({ currentTarget }) => teaching.open(chosen.start_s, chosen.end_s, currentTarget));
byId("words-file").addEventListener("click", () => saveCaptions().catch(onProblem));
byId("renew").addEventListener("click", renew);
byId("settings-button").addEventListener("click", ({ currentTarget }) => {
  const panel = byId("settings");
  panel.hidden = !panel.hidden;
  currentTarget.setAttribute("aria-expanded", String(!panel.hidden));
  if (!panel.hidden) fillPickers();
});
byId("settings").addEventListener("submit", (event) => event.preventDefault());
installTheme(byId("theme"));
installVocabulary(byId("vocabulary"), byId("vocabulary-body"), () => new RestClient(location.origin, { apiKey }).vocabulary());
installVoice(byId("voice"), {
  onText: (text, final) => {
    byId("question").value = text;
    if (!final) return;
    say(byId("voice-note"), "");
    askBox.submit();
  },
  say: (text) => say(byId("voice-note"), text),
});

setInterval(() => {
  if (live.phase !== "live") return;
  drawState();
  connection.tick(live.session);
  drawSoon();
}, 1000);

const cannot = Capture.problem();
if (cannot) problems.show(cannot);
if (hashSession()) view(hashSession());
draw();
