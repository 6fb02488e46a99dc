/**
 * @file Opens camera and microphone, both or the one that is there. Knows no media clock.
 *
 * @typedef {object} DeviceOptions
 * @property {string | null} [videoDeviceId] null: no camera; left out: the usual one
 * @property {string | null} [audioDeviceId] null: no microphone; left out: the usual one
 * @property {number} [width] of pictures, in pixels
 * @property {(code: string, text: string) => void} [onProblem]
 */

import { CaptureError, problem, problemHere, problemOf } from './problems.js';

/**
 * @param {DeviceOptions} options
 * @returns {Promise<MediaStream>} with a camera, a microphone or both
 * @throws {CaptureError}
 */
export async function openDevices({ videoDeviceId, audioDeviceId, width = 640, onProblem }) {
  const here = problemHere();
  if (here) throw new CaptureError(here);
  const video = videoDeviceId === null ? false : {
    ...(videoDeviceId ? { deviceId: { exact: videoDeviceId } } : {}),
    width: { ideal: Math.max(640, width) },
    frameRate: { ideal: 15 }, // two pictures a second are taken; more only costs
  };
  // What a browser does to make speech clearer takes away most other sounds.
  const audio = audioDeviceId === null ? false : {
    ...(audioDeviceId ? { deviceId: { exact: audioDeviceId } } : {}),
    echoCancellation: false,
    noiseSuppression: false,
    autoGainControl: false,
  };
  const attempts = [{ video, audio }];
  if (video && audio) attempts.push({ video, audio: false }, { video: false, audio });
  /** @type {unknown} */
  let first;
  for (const constraints of attempts) {
    try {
      const stream = await navigator.mediaDevices.getUserMedia(constraints);
      const missing = constraints.audio ? 'no_camera' : 'no_microphone';
      if (first !== undefined) tell(onProblem, missing);
      return stream;
    } catch (error) {
      first ??= error;
      if (problemOf(error).code === 'denied') break; // asking twice more would only annoy
    }
  }
  throw new CaptureError(problemOf(first), first);
}

/**
 * @returns {Promise<{video: {id: string, label: string}[], audio: {id: string, label: string}[]}>}
 *   cameras and microphones; browsers name them only after they have been allowed once
 */
export async function listDevices() {
  if (problemHere()) return { video: [], audio: [] };
  const all = await navigator.mediaDevices.enumerateDevices();
  const of = (/** @type {string} */ kind) =>
    all.filter((device) => device.kind === kind && device.deviceId)
      .map(({ deviceId, label }) => ({ id: deviceId, label }));
  return { video: of('videoinput'), audio: of('audioinput') };
}

/**
 * @param {MediaStream} stream
 * @param {((code: string, text: string) => void) | undefined} onProblem
 */
export function watchTracks(stream, onProblem) {
  for (const track of stream.getTracks()) {
    const code = track.kind === 'video' ? 'camera_ended' : 'microphone_ended';
    track.addEventListener('ended', () => tell(onProblem, code));
  }
}

/**
 * @param {((code: string, text: string) => void) | undefined} onProblem
 * @param {import('./problems.js').ProblemCode} code
 */
export function tell(onProblem, code) {
  onProblem?.(code, problem(code).text);
}
