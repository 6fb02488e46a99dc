/**
 * @file Errors of the SDK: one class, told apart by its `code`. Knows no socket and no request.
 *
 * Codes of the server (`bad_message`, `superseded`, …) are those of its own table; the SDK's own are
 * `unreachable` (no connection, or it was lost) and `closed` (the caller ended the session).
 */

export class TTMError extends Error {
  /**
   * @param {string} code for programs
   * @param {string} message for people: names the field and the limit
   * @param {{retryable?: boolean, closeCode?: number, status?: number, field?: string | null,
   *   cause?: unknown}} [more] `closeCode` of the WebSocket or `status` of the HTTP response
   */
  constructor(code, message, more = {}) {
    super(message, { cause: more.cause });
    this.name = 'TTMError';
    this.code = code;
    this.retryable = more.retryable ?? false;
    this.closeCode = more.closeCode ?? null;
    this.status = more.status ?? null;
    this.field = more.field ?? null;
  }
}

/**
 * A message that breaks the protocol.
 * @param {string} field
 * @param {string} message
 * @returns {TTMError}
 */
export function badMessage(field, message) {
  return new TTMError('bad_message', message, { field });
}

/**
 * A message or a part of it that is larger than its limit.
 * @param {string} field
 * @param {string} message
 * @returns {TTMError}
 */
export function tooBig(field, message) {
  return new TTMError('too_big', message, { field });
}
