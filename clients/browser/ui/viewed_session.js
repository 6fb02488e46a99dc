/** A session that is only looked at and asked, without a stream. Knows no media. */

import { RestClient } from "../sdk/index.js";

/** What Memory and the ask box need of a session. */
export class ViewedSession {
  constructor(sessionId, apiKey) {
    this.sessionId = sessionId;
    this.client = new RestClient(location.origin, { apiKey: apiKey || null });
  }

  info() {
    return this.client.session(this.sessionId);
  }

  timeline() {
    return this.client.timeline(this.sessionId);
  }

  words() {
    return this.client.words(this.sessionId);
  }

  things() {
    return this.client.things(this.sessionId);
  }

  teach(name, span) {
    return this.client.teach(this.sessionId, name, span);
  }

  forget(name) {
    return this.client.forget(this.sessionId, name);
  }

  ask(question, options) {
    return this.client.ask(this.sessionId, question, options);
  }
}
