/** Says media times, spans and shares in words. Knows no clock. */

/** 63.4 -> "1:03"; with hours "1:02:03". */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return h ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}

/** "0:29 to 0:34", or one time where both read the same. */
export function interval(start, end) {
  const [from, to] = [clock(start), clock(end)];
  return from === to ? from : `${from} to ${to}`;
}

/** 94 -> "1 min 34 s ago". */
export function ago(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 2) return "just now";
  if (whole < 60) return `${whole} s ago`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${whole % 60} s ago`;
  return `${Math.floor(whole / 3600)} h ${Math.floor(whole / 60) % 60} min ago`;
}

/** 0.824 -> "82 %". */
export function percent(share) {
  return `${Math.round(100 * Math.min(1, Math.max(0, share)))} %`;
}

const SENSED = { video: "seen", audio: "heard", speech: "said", text: "read" };

/** "seen", "heard", "said" or "read". */
export function sensed(modality) {
  return SENSED[modality] ?? "seen";
}

/** What an event is called: its words as a quote, else its everyday name, else its class. */
export function called(event) {
  if (event.modality === "speech" || event.modality === "text") return `“${event.text || event.label}”`;
  return event.name || event.label;
}

/** The class of an event where it is called otherwise, for a title; else null. */
export function classOf(event) {
  return event.name && event.label && event.name !== event.label && !event.text ? event.label : null;
}

/** One event in a sentence, for tips, status lines and screen readers. */
export function sentence(event) {
  const times = event.count > 1 ? `, ${event.count} times` : "";
  const words = [`${called(event)}, ${sensed(event.modality)} ${interval(event.start_s, event.end_s)}${times}`];
  if (classOf(event)) words.push(`as ${classOf(event)}`);
  if (event.colours?.length) words.push(event.colours.join(" and "));
  const isWords = event.modality === "speech" || event.modality === "text";
  if (event.score !== undefined) words.push(isWords ? `${percent(event.score)} sure` : `strength ${percent(event.score)}`);
  if (event.slot !== undefined && !isWords) words.push(`slot ${event.slot}`);
  return words.join(" · ");
}
