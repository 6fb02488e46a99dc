/** @file The SDK's entry: everything a page or a Node program needs. Imports touch no device. */

export { Capture } from './capture.js';
export { TTMError } from './errors.js';
export { CaptureError } from './problems.js';
export { LIMITS, SAMPLE_RATE_HZ, SUBPROTOCOL } from './protocol.js';
export { RecorderCapture } from './recorder.js';
export { Resampler, toPcm16 } from './resampler.js';
export { RestClient } from './rest.js';
export { TTMSession } from './session.js';
