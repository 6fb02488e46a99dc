/** @file A TCP proxy on loopback that can be cut: what a network does to a stream, for the tests. */

import { once } from 'node:events';
import net from 'node:net';

export class Proxy {
  /** @param {string} baseUrl of the server behind it */
  static async to(baseUrl) {
    const proxy = new Proxy(new URL(baseUrl));
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  constructor(target) {
    this.open = new Set();
    this.up = true;
    this.server = net.createServer((client) => {
      if (!this.up) {
        client.resetAndDestroy();
        return;
      }
      const server = net.connect(Number(target.port), target.hostname);
      for (const [from, to] of [[client, server], [server, client]]) {
        this.open.add(from);
        from.on('data', (data) => to.write(data));
        from.on('end', () => to.end());
        from.on('error', () => to.destroy());
        from.on('close', () => this.open.delete(from));
      }
    });
  }

  get baseUrl() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  /** Reset every connection now, and refuse new ones until `join()`. */
  cut() {
    this.up = false;
    this.reset();
  }

  join() {
    this.up = true;
  }

  /** Reset every connection now. */
  reset() {
    for (const socket of this.open) socket.resetAndDestroy();
  }

  close() {
    this.reset();
    this.server.close();
  }
}
