/**
 * @file Why capture cannot work here or did not start, in words that say what to do.
 *
 * @typedef {'insecure' | 'unsupported' | 'denied' | 'no_device' | 'no_camera' | 'no_microphone' |
 *   'busy' | 'no_recorder' | 'recorder_silent' | 'camera_ended' | 'microphone_ended' |
 *   'sound_waits' | 'sound_stopped' | 'pictures_stopped' | 'failed'} ProblemCode
 * @typedef {{code: ProblemCode, text: string}} Problem
 */

/** @type {Record<ProblemCode, string>} */
const TEXTS = {
  insecure:
    'Browsers give camera and microphone only to secure pages. Open this page as ' +
    'http://localhost:8000 on the machine that runs ttmserve, or serve it over HTTPS.',
  unsupported:
    'This browser cannot capture camera or microphone. A current Chromium, Firefox or Safari can.',
  denied:
    'Camera and microphone were refused. Allow them for this page in the browser’s address bar ' +
    '(and for the browser in the system’s privacy settings), then start again.',
  no_device: 'No camera and no microphone was found. Plug one in, then start again.',
  no_camera: 'No camera was found or allowed: only sound is captured.',
  no_microphone: 'No microphone was found or allowed: only pictures are captured.',
  busy: 'Another program uses the camera or the microphone. Close it there, then start again.',
  no_recorder: 'This browser cannot record WebM or MP4. Stream chunks instead.',
  recorder_silent: 'The browser’s recorder gives nothing. Stream chunks instead.',
  camera_ended: 'The camera is gone (unplugged, or switched off). Sound goes on.',
  microphone_ended: 'The microphone is gone (unplugged, or switched off). Pictures go on.',
  sound_waits:
    'The browser holds sound back until you click or press a key on this page; Firefox also until ' +
    'there is a loudspeaker.',
  sound_stopped: 'No sound has come for two seconds; pictures go on without it.',
  pictures_stopped: 'Pictures could not be taken; sound goes on without them.',
  failed: 'Capture failed.',
};

/** A problem as an error. */
export class CaptureError extends Error {
  /** @param {Problem} problem @param {unknown} [cause] */
  constructor({ code, text }, cause) {
    super(text, { cause });
    this.name = 'CaptureError';
    this.code = code;
  }
}

/**
 * @param {ProblemCode} code
 * @returns {Problem}
 */
export function problem(code) {
  return { code, text: TEXTS[code] };
}

/** @returns {Problem | null} why this page cannot capture at all */
export function problemHere() {
  if (!globalThis.navigator?.mediaDevices?.getUserMedia) {
    return problem(globalThis.isSecureContext === false ? 'insecure' : 'unsupported');
  }
  return null;
}

/**
 * @param {unknown} error of getUserMedia
 * @returns {Problem}
 */
export function problemOf(error) {
  const name = error instanceof Error ? error.name : '';
  if (name === 'NotAllowedError' || name === 'SecurityError') return problem('denied');
  if (name === 'NotFoundError' || name === 'OverconstrainedError') return problem('no_device');
  if (name === 'NotReadableError' || name === 'AbortError') return problem('busy');
  const { code, text } = problem('failed');
  return { code, text: error instanceof Error ? `${text} ${error.message}` : text };
}
