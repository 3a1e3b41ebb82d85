// node check.mjs CHROMIUM FOLDER: what the page of `cofferdam exposure --format
// html` must do in a browser. FOLDER holds `page.html`, `hostile.html` and
// `cells.json`, the cells of the first page's matrix by the JSON format.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Page } from './chromium.mjs';

const [program, folder] = process.argv.slice(2);
const address = (name) => pathToFileURL(join(folder, name)).href;
const cells = JSON.parse(readFileSync(join(folder, 'cells.json'), 'utf8'));
const page = await Page.start(program);
const focused = () => page.run(`(() => { const on = document.activeElement; const style = getComputedStyle(on);
  return { at: on.dataset.at ?? null, role: on.getAttribute('role'), id: on.id, outlined: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2 }; })()`);
const lit = () => page.run(`({ edges: document.querySelectorAll('.edge.on').length, steps: document.querySelectorAll('.steps > li').length,
  boxes: document.querySelectorAll('svg .lit').length, title: document.querySelector('.way h2')?.textContent ?? null, hash: location.hash })`);
const calm = (name) => {
  assert.deepEqual(page.requests, [name], 'requests');
  assert.deepEqual(page.complaints, [], 'messages and violations');
};
// The least contrast of any text with what is behind it.
const CONTRAST = `(() => {
  const numbers = (colour) => { const found = colour.match(/[\\d.]+/g).map(Number); return colour.startsWith('color(') ? found.map((n, at) => at < 3 ? n * 255 : n) : found; };
  const light = (rgb) => rgb.slice(0, 3).map((n) => n / 255).map((n) => n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4)
    .reduce((sum, n, at) => sum + n * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = (node) => { for (let at = node; at; at = at.parentElement) {
    const box = at.localName === 'g' ? at.querySelector('.box') : null;
    const found = numbers(box ? getComputedStyle(box).fill : getComputedStyle(at).backgroundColor);
    if (found.length === 3 || found[3] === 1) return found;
  } return [255, 255, 255]; };
  let worst = { ratio: 21 };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const node = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !node.checkVisibility() || ['script', 'style', 'title', 'noscript'].includes(node.localName)) continue;
    const style = getComputedStyle(node);
    const [a, b] = [light(numbers(node instanceof SVGElement ? style.fill : style.color)), light(behind(node))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < worst.ratio) worst = { ratio, text: walker.currentNode.data, size: style.fontSize };
  }
  return worst;
})()`;
const legible = async (what) => {
  const worst = await page.run(CONTRAST);
  assert.ok(worst.ratio >= 4.5, `${what}: ${JSON.stringify(worst)}`);
};
const fits = async (what) => {
  const [wide, screen] = await page.run('[document.documentElement.scrollWidth, innerWidth]');
  assert.ok(wide <= screen, `${what}: ${wide} wide on ${screen}`);
};

const matrixIsWhatJsonSays = async () => {
  await page.size(1280, 900);
  await page.open(address('page.html'));
  calm(address('page.html'));
  const shown = await page.run(`Object.fromEntries([...document.querySelectorAll('.grid tbody tr')].flatMap((line) =>
    [...line.querySelectorAll('td')].map((cell) => [cell.getAttribute('aria-label').split(':').slice(0, -1).join(':'), [...cell.querySelectorAll('.in > span')].map((one) => one.textContent).join(' ')])))`);
  const named = Object.fromEntries(Object.entries(shown).filter(([, text]) => text !== ''));
  assert.deepEqual(named, cells);
  assert.equal(await page.run(`document.querySelectorAll('.grid [tabindex="0"]').length`), 1, 'one stop of the tabulator');
};

const keyboardLeadsToALitPath = async () => {
  await page.open(address('page.html'));
  for (let tries = 0; tries < 12 && (await focused()).at === null; tries += 1) await page.press('Tab');
  const first = await focused();
  assert.ok(first.at !== null && first.outlined, JSON.stringify(first));
  await page.press('ArrowDown');
  const below = await focused();
  assert.equal(below.at, first.at.replace(/^\d+/, (n) => String(Number(n) + 1)));
  await page.press('ArrowRight');
  assert.notEqual((await focused()).at, below.at);
  await page.press('Home');
  assert.equal((await focused()).role, 'rowheader');
  await page.press('ArrowUp');
  await page.press('ArrowRight');
  const cell = await focused();
  assert.ok(cell.outlined);
  await page.press('Enter');
  const one = await lit();
  assert.match(one.hash, /^#from=.+&to=.+$/);
  assert.ok(one.edges >= 1 && one.edges === one.steps && one.boxes === one.edges + 1, JSON.stringify(one));
  assert.equal((await focused()).role, 'option');
  await page.press('ArrowDown');
  const two = await lit();
  assert.notEqual(two.title, one.title);
  assert.ok(two.edges === two.steps && two.boxes === two.edges + 1, JSON.stringify(two));
  assert.ok(await page.run(`document.querySelectorAll('.steps pre .at').length > 0 && document.querySelector('.steps pre .no').textContent.match(/^\\d+$/) !== null`), 'source lines');
  await page.press('Escape');
  assert.equal((await focused()).at, cell.at, 'back where it was');
  calm(address('page.html'));
};

const searchFilters = async () => {
  await page.open(address('page.html'));
  const lines = () => page.run(`document.querySelectorAll('.grid tbody tr').length`);
  const all = await lines();
  await page.press('/');
  assert.equal((await focused()).id, 'search');
  for (const [text, least] of [['npm_token', 1], ['release.yml', 1], ['newcomer', 1]]) {
    await page.type(text);
    const some = await lines();
    assert.ok(some >= least && some < all, `${text}: ${some} of ${all}`);
    assert.match(await page.run(`document.getElementById('told').textContent`), /^\d+ of \d+ pairs match$/);
    await page.press('Escape');
    assert.equal(await lines(), all);
  }
  await page.type('no such thing at all');
  assert.equal(await lines(), 0);
  await page.press('Escape');
  await page.run(`document.querySelector('.levels button').click()`);
  assert.ok((await lines()) < all);
  assert.equal(await page.run(`document.querySelectorAll('.grid .l1, .grid .l2, .grid .l3').length`), 0);
};

const linksLeadIn = async () => {
  await page.open(`${address('page.html')}#from=newcomer&to=secret%3ANPM_TOKEN`);
  assert.equal((await lit()).title, 'newcomer → secret:NPM_TOKEN');
  await page.open(`${address('page.html')}#from=newcomer&to=secret`);
  assert.match((await lit()).title, /^newcomer → secret:/);
  await page.open(`${address('page.html')}#to=token`);
  assert.match((await lit()).title, / → token:/);
  await page.open(`${address('page.html')}#from=nobody&to=%3Cimg%20src%3Dx%20onerror%3Dhacked%3D1%3E`);
  assert.match(await page.run(`document.querySelector('.alert').textContent`), /nobody/);
};

const bothThemesAreLegible = async () => {
  const dark = `getComputedStyle(document.body).backgroundColor.match(/[\\d.]+/g).slice(0, 3).reduce((a, b) => a + Number(b), 0) < 300`;
  for (const theme of ['light', 'dark']) {
    await page.theme(theme);
    for (const part of ['', '#from=newcomer&to=token']) {
      await page.open(address('page.html') + part);
      assert.equal(await page.run(dark), theme === 'dark', theme);
      await legible(`${theme} ${part}`);
    }
  }
  await page.theme('light');
  await page.run(`document.getElementById('theme').click()`);
  assert.equal(await page.run(dark), true, 'the button is stronger');
  await legible('dark by the button');
  await page.browser.send('Emulation.setEmulatedMedia', { media: 'print' });
  assert.equal(await page.run(dark), false, 'paper is white');
  assert.equal(await page.run(`document.querySelector('.tools').checkVisibility()`), false);
  await page.browser.send('Emulation.setEmulatedMedia', { media: '' });
};

const narrowScreensNeedNoScrolling = async (name) => {
  await page.size(360, 780);
  for (const part of ['', '#from=newcomer&to=token', '#from=newcomer', '#to=secret']) {
    await page.open(address(name) + part);
    await fits(`${name} ${part}`);
  }
  await page.open(address(name));
  for (let tries = 0; tries < 12 && (await focused()).at === null; tries += 1) await page.press('Tab');
  await page.press('ArrowDown');
  await page.press('Enter');
  assert.ok((await lit()).edges >= 1, 'the keyboard leads to a way here too');
  await page.size(1280, 900);
};

const hostileNamesStayText = async () => {
  for (const part of ['', '#from=newcomer', '#to=secret', '#from=writer']) {
    await page.open(address('hostile.html') + part);
    calm(address('hostile.html'));
    const seen = await page.run(`({ hacked: window.hacked ?? null, scripts: document.scripts.length,
      strange: document.querySelectorAll('img, iframe, object, embed, link, form, b[id], marquee, base, a, math').length,
      handlers: [...document.querySelectorAll('*')].filter((one) => [...one.attributes].some((a) => /^on|^style$|^href$|^src$/.test(a.name))).length,
      unsafe: /[\\u0000-\\u0008\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u2028-\\u202e\\u2066-\\u2069]/.test(document.body.innerText),
      text: document.body.innerText })`);
    assert.deepEqual({ ...seen, text: '' }, { hacked: null, scripts: 2, strange: 0, handlers: 0, unsafe: false, text: '' });
    if (part === '#from=newcomer') {
      assert.ok(seen.text.includes('</script><script>hacked=1</script>'), seen.text);
      assert.ok(seen.text.includes('\\u{2028}') && seen.text.includes('\\u{202e}'), seen.text);
    }
  }
};

// That the page would be stopped, and that this test would hear of it.
const thePolicyHolds = async () => {
  await page.open(address('page.html'));
  const stopped = await page.run(`(async () => {
    const heard = [];
    document.addEventListener('securitypolicyviolation', (event) => heard.push(event.effectiveDirective));
    const tried = (what) => { try { what(); return 'done'; } catch (error) { return error.name; } };
    const markup = tried(() => { document.body.innerHTML = '<p>'; });
    const style = document.createElement('style');
    style.textContent = 'body { display: none }';
    document.head.append(style);
    const asked = await fetch('http://127.0.0.1:9/').then(() => 'done', (error) => error.name);
    const image = new Image();
    image.src = 'http://127.0.0.1:9/x.png';
    document.body.append(image);
    await new Promise((done) => setTimeout(done, 100));
    return { markup, asked, seen: getComputedStyle(document.body).display, heard: [...new Set(heard)].sort() };
  })()`);
  assert.deepEqual(stopped, { markup: 'TypeError', asked: 'TypeError', seen: 'block',
    heard: ['connect-src', 'img-src', 'require-trusted-types-for', 'style-src-elem'] });
  assert.ok(page.complaints.length >= 4, 'the listener hears violations');
};

try {
  for (const check of [matrixIsWhatJsonSays, keyboardLeadsToALitPath, searchFilters, linksLeadIn, bothThemesAreLegible,
    () => narrowScreensNeedNoScrolling('page.html'), () => narrowScreensNeedNoScrolling('hostile.html'), hostileNamesStayText, thePolicyHolds]) {
    await check();
    console.log(`ok ${check.name || 'narrow'}`);
  }
} finally {
  await page.close();
}
