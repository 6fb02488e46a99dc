/**
 * @file The REST calls of ttmserve. Knows no WebSocket and no media.
 *
 * @typedef {{session_id: string, ticket: string, ticket_expires_s: number,
 *   stream_url: string}} CreatedSession
 * @typedef {{session_id: string, status: 'live' | 'idle' | 'ended' | 'quarantined',
 *   created_at: number, durable_seq: number, applied_seq: number, lag_chunks: number,
 *   media_s: number, gaps: import('./protocol.js').Gap[],
 *   model: Record<string, unknown>, memory: Record<string, unknown>,
 *   tiered: boolean}} SessionInfo
 * @typedef {{label: string, name: string, modality: 'video' | 'audio' | 'speech' | 'text' | 'gap',
 *   start_s: number, end_s: number, score: number, count: number, slot: number, text: string,
 *   box: [number, number, number, number] | null, colours: string[]}} Evidence
 * @typedef {'answered' | 'not_seen' | 'may_have_forgotten' | 'cannot_tell' | 'not_received'} State
 * @typedef {{ago_s: number, start_s: number, end_s: number, uncertainty_s: number,
 *   wall_clock: string | null}} When
 * @typedef {{question: string, state: State, answer: string, confidence: number,
 *   when: When | null, evidence: Evidence[], alternatives: {text: string, p: number}[],
 *   as_of_seq: number, as_of_s: number, coverage_since_s: number,
 *   gaps: import('./protocol.js').Gap[], words_until_s: number | null}} Answer
 * @typedef {{events: Evidence[], coverage_since_s: number}} Timeline
 * @typedef {{kind: 'speech' | 'text', text: string, start_s: number, end_s: number, p: number,
 *   count: number, language: string, words: {text: string, start_s: number}[]}} Passage
 * @typedef {{words: Passage[], coverage_since_s: {speech: number, text: number},
 *   words_until_s: number | null}} Words
 * @typedef {{name: string, examples: number, modality: 'video' | 'audio', start_s: number,
 *   end_s: number, label: string}} Taught
 * @typedef {{name: string, examples: number, modality: 'video' | 'audio',
 *   taught_at_s: number}} Thing
 * @typedef {{sense: string, on: boolean, about: string, classes: number, examples: string[],
 *   kinds: {name: string, count: number, classes: string[]}[]}} Sense
 * @typedef {{sinceS?: number, untilS?: number}} Window media seconds
 * @typedef {Window & {conversation?: string, picture?: Uint8Array | Blob}} AskOptions `picture`: a
 *   JPEG, PNG or WebP file of at most 512 KiB that the question is about
 */

import { TTMError } from './errors.js';
import { encodedPicture } from './shown.js';

const TIMEOUT_S = 60;
const TICKET_TIMEOUT_S = 10;
const PAGE = 500;
const RETRYABLE_STATUSES = new Set([408, 429, 502, 503, 504]);

/**
 * Every call rejects with a TTMError: the `code` of the server's problem document, or `unreachable`.
 */
export class RestClient {
  /**
   * @param {string} baseUrl such as `http://127.0.0.1:8000`
   * @param {{apiKey?: string | null, fetch?: typeof globalThis.fetch}} [options]
   */
  constructor(baseUrl, { apiKey = null, fetch } = {}) {
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    /** @type {Record<string, string>} */
    this._headers = apiKey ? { Authorization: `Bearer ${apiKey}` } : {};
    this._fetch = fetch ?? globalThis.fetch.bind(globalThis);
  }

  /** @returns {Promise<CreatedSession>} */
  createSession() {
    return this._call('POST', '/v1/sessions', {});
  }

  /**
   * A fresh ticket for one stream connection.
   * @param {string} sessionId
   * @returns {Promise<string>}
   */
  async ticket(sessionId) {
    const path = `${pathOf(sessionId)}/tickets`;
    return (await this._call('POST', path, {}, TICKET_TIMEOUT_S)).ticket;
  }

  /**
   * @param {string} sessionId
   * @returns {Promise<SessionInfo>} its status, positions, gaps, model and memory
   */
  session(sessionId) {
    return this._call('GET', pathOf(sessionId));
  }

  /** @returns {Promise<SessionInfo[]>} every session, oldest first, asked for page by page */
  async sessions() {
    /** @type {SessionInfo[]} */
    const found = [];
    for (let after = ''; ; after = `&after=${found[found.length - 1].session_id}`) {
      const page = (await this._call('GET', `/v1/sessions?limit=${PAGE}${after}`)).sessions;
      found.push(...page);
      if (page.length < PAGE) return found;
    }
  }

  /**
   * Delete a session and every key of it.
   * @param {string} sessionId
   * @returns {Promise<void>}
   */
  async delete(sessionId) {
    await this._call('DELETE', pathOf(sessionId));
  }

  /**
   * Ask about the past. Questions of the same `conversation` may lean on the one before.
   * @param {string} sessionId
   * @param {string} question
   * @param {AskOptions} [options]
   * @returns {Promise<Answer>}
   */
  async ask(sessionId, question, { sinceS, untilS, conversation, picture } = {}) {
    const shown = picture === undefined ? undefined : await encodedPicture(picture);
    const body = { question, since_s: sinceS, until_s: untilS, conversation, picture: shown };
    return this._call('POST', `${pathOf(sessionId)}/questions`, body);
  }

  /**
   * What was said and written, as far as memory holds it.
   * @param {string} sessionId
   * @param {Window} [options]
   * @returns {Promise<Words>}
   */
  words(sessionId, options = {}) {
    return this._call('GET', `${pathOf(sessionId)}/words${queryOf(options)}`);
  }

  /**
   * The same as captions, a WebVTT file.
   * @param {string} sessionId
   * @param {Window} [options]
   * @returns {Promise<string>}
   */
  wordsVtt(sessionId, options = {}) {
    return this._text('GET', `${pathOf(sessionId)}/words${queryOf(options, { format: 'vtt' })}`);
  }

  /**
   * Bind what was just seen or heard, or what was there in a stretch of time, to a name.
   * @param {string} sessionId
   * @param {string} name
   * @param {Window} [options]
   * @returns {Promise<Taught>} rejects with `cannot_teach` where nothing was there, or no room is
   */
  teach(sessionId, name, { sinceS, untilS } = {}) {
    const body = { name, since_s: sinceS, until_s: untilS };
    return this._call('POST', `${pathOf(sessionId)}/things`, body);
  }

  /**
   * @param {string} sessionId
   * @returns {Promise<{things: Thing[], limit: number}>} what was taught
   */
  things(sessionId) {
    return this._call('GET', `${pathOf(sessionId)}/things`);
  }

  /**
   * Forget a taught name.
   * @param {string} sessionId
   * @param {string} name
   * @returns {Promise<void>}
   */
  async forget(sessionId, name) {
    await this._call('DELETE', `${pathOf(sessionId)}/things/${encodeURIComponent(name)}`);
  }

  /** @returns {Promise<{preset: string, senses: Sense[]}>} what the server can recognise */
  vocabulary() {
    return this._call('GET', '/v1/vocabulary');
  }

  /**
   * What memory holds, decoded.
   * @param {string} sessionId
   * @returns {Promise<Timeline>}
   */
  timeline(sessionId) {
    return this._call('GET', `${pathOf(sessionId)}/timeline`);
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {number} [timeoutS]
   * @returns {Promise<any>}
   */
  async _call(method, path, body, timeoutS = TIMEOUT_S) {
    const text = await this._text(method, path, body, timeoutS);
    return text ? JSON.parse(text) : {};
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   * @param {number} [timeoutS]
   * @returns {Promise<string>}
   */
  async _text(method, path, body, timeoutS = TIMEOUT_S) {
    const headers = { ...this._headers };
    if (body !== undefined) headers['Content-Type'] = 'application/json';
    let response;
    let text;
    try {
      response = await this._fetch(this.baseUrl + path, {
        method,
        headers,
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(timeoutS * 1000),
        cache: 'no-store',
      });
      text = await response.text();
    } catch (cause) {
      const message = `${this.baseUrl}: cannot be reached: ${reasonOf(cause)}`;
      throw new TTMError('unreachable', message, { retryable: true, cause });
    }
    if (!response.ok) throw problemOf(response.status, text);
    return text;
  }
}

/** @param {string} sessionId */
function pathOf(sessionId) {
  return `/v1/sessions/${encodeURIComponent(sessionId)}`;
}

/**
 * @param {Window} window
 * @param {Record<string, string>} [more]
 */
function queryOf({ sinceS, untilS }, more = {}) {
  const query = new URLSearchParams(more);
  if (sinceS !== undefined) query.set('since_s', String(sinceS));
  if (untilS !== undefined) query.set('until_s', String(untilS));
  const text = query.toString();
  return text ? `?${text}` : '';
}

/** @param {unknown} cause */
function reasonOf(cause) {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? cause.cause.message : cause.message;
}

/**
 * The error that a problem document stands for.
 * @param {number} status
 * @param {string} text
 * @returns {TTMError}
 */
function problemOf(status, text) {
  /** @type {any} */
  let problem = null;
  try {
    problem = JSON.parse(text);
  } catch {
    // not from the server itself, but from something before it
  }
  const code = typeof problem?.code === 'string' ? problem.code : 'error';
  const message = String(problem?.detail ?? `HTTP status ${status}`);
  const retryable = RETRYABLE_STATUSES.has(status);
  return new TTMError(code, message, { status, retryable, field: problem?.field ?? null });
}
