// Drives a Chromium over its debugging pipe, with nothing but Node: opens a
// page, and keeps every request, message and violation that it causes.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const PATIENCE = 60_000;

export class Browser {
  constructor(program) {
    this.home = mkdtempSync(join(tmpdir(), 'chromium-'));
    const flags = ['--headless=new', '--remote-debugging-pipe', `--user-data-dir=${this.home}`,
      '--disable-gpu', '--disable-dev-shm-usage', '--no-first-run', '--disable-extensions',
      '--disable-background-networking', '--disable-component-update', '--hide-scrollbars',
      '--font-render-hinting=none', '--force-device-scale-factor=1'];
    // The sandbox does not start for root; the page is a file of the test's own.
    if (process.getuid?.() === 0) flags.push('--no-sandbox');
    this.child = spawn(program, [...flags, 'about:blank'], {
      stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'],
      env: { PATH: process.env.PATH, HOME: this.home, LANG: 'C.UTF-8' },
    });
    this.waiting = new Map();
    this.number = 0;
    this.hear = () => {};
    let rest = '';
    this.child.stdio[4].setEncoding('utf8');
    this.child.stdio[4].on('data', (text) => {
      const parts = (rest + text).split('\0');
      rest = parts.pop();
      for (const part of parts) this.take(JSON.parse(part));
    });
    this.child.on('error', (error) => this.end(error));
    this.child.on('exit', (code) => this.end(new Error(`Chromium ended with ${code}`)));
  }

  end(error) {
    for (const { reject } of this.waiting.values()) reject(error);
    this.waiting.clear();
  }

  take(message) {
    const waiting = this.waiting.get(message.id);
    if (!waiting) return this.hear(message);
    this.waiting.delete(message.id);
    if (message.error) waiting.reject(new Error(message.error.message));
    else waiting.resolve(message.result);
  }

  send(method, params = {}) {
    this.number += 1;
    const id = this.number;
    const session = this.session ? { sessionId: this.session } : {};
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(id);
        reject(new Error(`${method} was not answered`));
      }, PATIENCE);
      const done = (then) => (value) => { clearTimeout(timer); then(value); };
      this.waiting.set(id, { resolve: done(resolve), reject: done(reject) });
      this.child.stdio[3].write(`${JSON.stringify({ id, method, params, ...session })}\0`);
    });
  }

  async close() {
    this.child.removeAllListeners('exit');
    const ended = new Promise((resolve) => this.child.on('exit', resolve));
    this.child.kill('SIGKILL');
    await ended;
    rmSync(this.home, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

export class Page {
  static async start(program) {
    const browser = new Browser(program);
    const page = new Page();
    page.browser = browser;
    const { targetInfos } = await browser.send('Target.getTargets');
    const { targetId } = targetInfos.find((one) => one.type === 'page')
      ?? (await browser.send('Target.createTarget', { url: 'about:blank' }));
    ({ sessionId: browser.session } = await browser.send('Target.attachToTarget', { targetId, flatten: true }));
    page.requests = [];
    page.complaints = [];
    browser.hear = ({ method, params }) => {
      if (method === 'Network.requestWillBeSent') page.requests.push(params.request.url);
      if (method === 'Network.webSocketCreated') page.requests.push(params.url);
      if (method === 'Runtime.exceptionThrown') page.complaints.push(params.exceptionDetails.exception?.description ?? params.exceptionDetails.text);
      if (method === 'Runtime.consoleAPICalled') page.complaints.push(`console.${params.type}`);
      if (method === 'Log.entryAdded') page.complaints.push(`${params.entry.source}: ${params.entry.text}`);
      if (method === 'Audits.issueAdded') page.complaints.push(JSON.stringify(params.issue));
      if (method === 'Page.javascriptDialogOpening') page.complaints.push(`dialog: ${params.message}`);
      if (method === 'Page.loadEventFired') page.loaded?.();
    };
    for (const domain of ['Network', 'Runtime', 'Log', 'Page', 'Audits']) await browser.send(`${domain}.enable`);
    return page;
  }

  async open(url) {
    const loaded = new Promise((resolve) => { this.loaded = resolve; });
    await this.browser.send('Page.navigate', { url: 'about:blank' });
    await loaded;
    this.requests.length = 0;
    const again = new Promise((resolve) => { this.loaded = resolve; });
    const { errorText } = await this.browser.send('Page.navigate', { url });
    if (errorText) throw new Error(`${url}: ${errorText}`);
    await again;
    await this.settle();
  }

  /** Until what was asked of the page has been drawn. */
  settle() {
    return this.run('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(() => done(true), 30))))');
  }

  async run(expression) {
    const { result, exceptionDetails } = await this.browser.send('Runtime.evaluate',
      { expression, awaitPromise: true, returnByValue: true });
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async size(width, height, deviceScaleFactor = 1) {
    await this.browser.send('Emulation.setDeviceMetricsOverride',
      { width, height, deviceScaleFactor, mobile: false });
    await this.settle();
  }

  async theme(value) {
    await this.browser.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value }] });
    await this.settle();
  }

  async press(key, modifiers = 0) {
    const codes = { Enter: 13, Escape: 27, Tab: 9, ArrowLeft: 37, ArrowUp: 38, ArrowRight: 39, ArrowDown: 40, Home: 36, End: 35, ' ': 32, '/': 191 };
    const text = { Enter: '\r', ' ': ' ', '/': '/' }[key];
    const params = { key, modifiers, windowsVirtualKeyCode: codes[key], ...(text ? { text } : {}) };
    await this.browser.send('Input.dispatchKeyEvent', { type: text ? 'keyDown' : 'rawKeyDown', ...params });
    await this.browser.send('Input.dispatchKeyEvent', { type: 'keyUp', ...params });
    await this.settle();
  }

  async type(text) {
    await this.browser.send('Input.insertText', { text });
    await this.settle();
  }

  async picture() {
    const { data } = await this.browser.send('Page.captureScreenshot', { format: 'png' });
    return Buffer.from(data, 'base64');
  }

  close() {
    return this.browser.close();
  }
}
