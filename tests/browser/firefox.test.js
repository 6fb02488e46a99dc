/**
 * @file The live page in Firefox, with its own fake camera and microphone (a tone): both ways of
 * capture, across a cut. TTM_TEST_BASE_URL names the server, TTM_TEST_FIREFOX the browser;
 * TTM_TEST_SHOTS a folder for screenshots, if there is one.
 */

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';

import puppeteer from 'puppeteer-core';

import { Proxy } from './sdk/proxy.js';

const { TTM_TEST_BASE_URL: baseUrl, TTM_TEST_FIREFOX: firefox, TTM_TEST_SHOTS: shots } = process.env;
const axe = readFileSync(new URL('./vendor/axe.min.js', import.meta.url), 'utf8');
const INTERRUPTED = 'was interrupted while the page was loading'; // what Firefox says of a socket
const CUT_AT_S = 4;
const CUT_MS = 3000;
const STOP_AT_S = 12;
const STARTS_WITHIN_S = 5; // camera and recorder, after the session: a busy Firefox takes its time
const MOST_LOST_S = 1.5; // of sound, by a busy Firefox itself, which says so; a cut would be more
const CLUSTER = Buffer.from([0x1f, 0x43, 0xb6, 0x75]);

describe('the live page in Firefox', { timeout: 180_000 }, () => {
  let browser;
  before(async () => {
    browser = await puppeteer.launch({
      browser: 'firefox',
      executablePath: firefox,
      headless: true,
      extraPrefsFirefox: {
        'media.navigator.streams.fake': true,
        'media.navigator.permission.disabled': true,
      },
    });
  });
  after(() => browser?.close());

  for (const way of ['chunks', 'webm']) {
    it(`remembers across a cut: ${way}`, async () => {
      const proxy = await Proxy.to(baseUrl);
      const page = await browser.newPage();
      const wrong = watched(page, proxy);
      try {
        await page.setViewport({ width: 1280, height: 900 });
        await page.evaluateOnNewDocument(keepSent);
        await page.goto(proxy.baseUrl);
        if (way === 'webm') {
          await page.click('#settings-button');
          await page.click('input[value=webm]');
        }
        await page.click('#start');
        await page.waitForSelector('#state[data-state=live]');
        await untilMedia(page, CUT_AT_S);
        wrong.isCut = true;
        proxy.cut();
        await page.waitForSelector('#state[data-state=reconnecting]');
        await new Promise((resolve) => setTimeout(resolve, CUT_MS));
        proxy.join();
        await page.waitForSelector('#state[data-state=live]');
        wrong.isCut = false;
        await untilMedia(page, STOP_AT_S);
        assert.deepEqual(await page.$$eval('.problem', (nodes) => nodes.map((n) => n.innerText)), []);
        await page.click('#stop');
        await page.waitForSelector('#state[data-state=ended]');
        const sid = await page.evaluate(() => new URLSearchParams(location.hash.slice(1)).get('session'));
        const info = await (await fetch(`${baseUrl}/v1/sessions/${sid}`)).json();
        const lostS = info.gaps.reduce((sum, { t0, t1 }) => sum + t1 - t0, 0);
        assert.ok(lostS < MOST_LOST_S, JSON.stringify(info.gaps));
        assert.equal(info.applied_seq, info.durable_seq);
        assert.ok(info.media_s >= STOP_AT_S - STARTS_WITHIN_S, `${info.media_s}`);
        if (way === 'webm') {
          assert.deepEqual(info.gaps, []);
          checkGoesOn(await page.evaluate(() => globalThis.sent));
        }

        await page.type('#question', 'What did you hear?');
        await page.keyboard.press('Enter');
        await page.waitForSelector('#answers .answer[data-state=answered]');
        const answer = await page.$eval('#answers .answer', (node) => node.innerText);
        assert.match(answer, /tone/);
        if (shots) await page.screenshot({ path: `${shots}/firefox-${way}.png` });
        assert.deepEqual(await seriousFaults(page), []);
        assert.deepEqual(wrong.seen, []);
      } finally {
        await page.close();
        proxy.close();
      }
    });
  }
});

/** In the page: keep the media bytes of each connection, as base64. */
function keepSent() {
  globalThis.sent = [];
  const { send } = WebSocket.prototype;
  WebSocket.prototype.send = function keepAndSend(data) {
    if (typeof data === 'string') globalThis.sent.push([]);
    else globalThis.sent.at(-1).push(btoa(String.fromCharCode(...data)));
    send.call(this, data);
  };
}

/** The second connection repeats the end of what the first one sent, and goes on from there. */
function checkGoesOn(sent) {
  const [first, second] = sent
    .map((pieces) => Buffer.concat(pieces.map((piece) => Buffer.from(piece, 'base64'))))
    .filter(({ length }) => length > 0)
    .map((bytes) => bytes.subarray(bytes.indexOf(CLUSTER)));
  const end = first.subarray(first.indexOf(second.subarray(0, 100)));
  assert.ok(end.length > 100 && second.length > end.length + 10_000);
  assert.ok(second.subarray(0, end.length).equals(end));
}

/** Console errors and exceptions, but for those of a network that is cut; calls to other hosts. */
function watched(page, proxy) {
  const wrong = { seen: [], isCut: false };
  page.on('console', (message) => {
    if (message.type() === 'error' && !wrong.isCut) wrong.seen.push(message.text());
  });
  page.on('pageerror', (error) => {
    if (!`${error}`.includes(INTERRUPTED)) wrong.seen.push(`${error}`);
  });
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    const isOwn = ['data:', 'blob:'].includes(protocol) || host === new URL(proxy.baseUrl).host;
    if (!isOwn) wrong.seen.push(request.url());
  });
  return wrong;
}

/** Wait until the page's media clock has come so far. */
function untilMedia(page, seconds) {
  return page.waitForFunction((least) => {
    const [minutes, rest] = document.getElementById('clock').textContent.split(':');
    return 60 * minutes + 1 * rest >= least;
  }, {}, seconds);
}

async function seriousFaults(page) {
  await page.evaluate(axe);
  const found = await page.evaluate(() =>
    globalThis.axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) => violations));
  return found.filter(({ impact }) => ['serious', 'critical'].includes(impact)).map(({ id }) => id);
}
