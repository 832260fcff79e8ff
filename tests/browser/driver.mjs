// One Chromium for a test in Python: a JSON object a line in, an answer a line out.
//   node driver.mjs EXECUTABLE FOLDER-OF-NODE-MODULES
// Pages are known by the numbers that `open` gives.
import { createInterface } from 'node:readline';
import { createRequire } from 'node:module';

const [executable, modules] = process.argv.slice(2);
const require = createRequire(`${modules}/`);
const { chromium } = require('playwright-core');

const QUIET = [
  '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const pages = new Map();
let context = null;

const operations = {
  // A browser of its own for each profile, so that it can be ended and started again.
  async launch({ profile, args = [], options = {} }) {
    context = await chromium.launchPersistentContext(profile, {
      executablePath: executable, headless: true, chromiumSandbox: false,
      args: [...QUIET, ...args], ...options,
    });
  },
  async close() {
    await context?.close();
    pages.clear();
    context = null;
  },
  async open({ url, scripts = [] }) {
    const page = await context.newPage();
    const seen = { requests: [], errors: [] };
    for (const script of scripts) await page.addInitScript(script);
    page.on('request', (request) => seen.requests.push(request.url()));
    page.on('pageerror', (error) => seen.errors.push(String(error)));
    page.on('console', (said) => said.type() === 'error' && seen.errors.push(said.text()));
    const id = pages.size;
    pages.set(id, { page, seen });
    await page.goto(url, { waitUntil: 'commit' });
    return id;
  },
  seen: ({ page }) => pages.get(page).seen,
  goto: ({ page, url }) => pages.get(page).page.goto(url, { waitUntil: 'commit' }).then(() => null),
  shut: ({ page }) => pages.get(page).page.close(),
  evaluate: ({ page, expression }) => pages.get(page).page.evaluate(expression),
  // Arrays of files are paths.
  async act({ page, verb, selector, values = [] }) {
    const target = selector === null ? pages.get(page).page : pages.get(page).page.locator(selector);
    await target[verb](...values);
  },
  async wait({ page, expression, seconds }) {
    // `waitForFunction` compiles text in the page, which the page's policy forbids.
    const end = Date.now() + 1000 * seconds;
    while (!(await pages.get(page).page.evaluate(expression).catch(() => false))) {
      if (Date.now() > end) throw new Error(`not within ${seconds} s: ${expression}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  },
  async keys({ page, keys }) {
    for (const key of keys) await pages.get(page).page.keyboard.press(key);
  },
  async draw({ page, selector, points }) {
    const { mouse } = pages.get(page).page;
    const box = await pages.get(page).page.locator(selector).boundingBox();
    const at = ([x, y]) => [box.x + x * box.width, box.y + y * box.height];
    await mouse.move(...at(points[0]));
    await mouse.down();
    for (const point of points.slice(1)) await mouse.move(...at(point), { steps: 4 });
    await mouse.up();
  },
  async screenshot({ page, path, whole = true }) {
    await pages.get(page).page.screenshot({ path, fullPage: whole, animations: 'disabled', caret: 'hide' });
  },
  async accessibility({ page }) {
    const { page: one } = pages.get(page);
    const source = require('node:fs').readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
    // Through the debugger, which the page's policy does not bind.
    const found = await one.evaluate(`${source}; axe.run()`);
    return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
  },
  // What only the browser's own protocol can: a full disk, for one.
  async protocol({ page, method, values }) {
    // Kept open: what it sets lasts no longer than it does.
    const one = pages.get(page);
    one.session ??= await context.newCDPSession(one.page);
    await one.session.send(method, values);
  },
  offline: ({ value }) => context.setOffline(value),
  version: () => context.browser()?.version() ?? null,
};

for await (const line of createInterface({ input: process.stdin })) {
  const { operation, ...given } = JSON.parse(line);
  let answer;
  try {
    answer = { found: (await operations[operation](given)) ?? null };
  } catch (error) {
    answer = { failed: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
}
await context?.close();
