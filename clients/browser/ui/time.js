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

/** "seen" or "heard". */
export function sensed(modality) {
  return modality === "audio" ? "heard" : "seen";
}

/** One event in a sentence, for tips, status lines and screen readers. */
export function sentence(event) {
  const times = event.count > 1 ? `, ${event.count} times` : "";
  const words = [`${event.label}, ${sensed(event.modality)} ${interval(event.start_s, event.end_s)}${times}`];
  if (event.score !== undefined) words.push(`strength ${percent(event.score)}`);
  if (event.slot !== undefined) words.push(`slot ${event.slot}`);
  return words.join(" · ");
}
