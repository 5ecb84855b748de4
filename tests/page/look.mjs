// Opens pages in a real browser, light, dark, narrow and on paper, and tells what is amiss, as JSON on stdout.
// Takes: the browser, then the pages.
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import puppeteer from 'puppeteer-core';

const [, , executablePath, ...pages] = process.argv;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const browser = await puppeteer.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu'] });
const seen = [];
for (const file of pages) {
  for (const [look, scheme, width] of [['light', 'light', 1200], ['dark', 'dark', 1200], ['narrow', 'light', 390]]) {
    const page = await browser.newPage();
    const url = pathToFileURL(file).href;
    const requests = [];
    const said = [];
    page.on('request', (request) => request.url() === url || requests.push(request.url()));
    page.on('console', (message) => said.push(message.text()));
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.setViewport({ width, height: 900 });
    await page.goto(url);
    const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
    const styled = await page.evaluate(() => getComputedStyle(document.querySelector('.banner')).borderLeftWidth);
    const violations = await page.evaluate(async (source) => {
      (0, eval)(source);
      const { violations } = await window.axe.run();
      return violations.map((violation) => `${violation.id}: ${violation.nodes[0].html.slice(0, 200)}`);
    }, axe);
    const unseen = () => page.evaluate(() => [...document.querySelectorAll('details td')]
      .filter((cell) => !cell.checkVisibility()).length);
    const folded = await unseen();
    await page.emulateMediaType('print');
    const hidden = await unseen();
    const pdf = await page.pdf({ preferCSSPageSize: true });
    seen.push({ file, look, violations, requests, said, overflow, styled, folded, hidden, pdf: pdf.length });
    await page.close();
  }
}
await browser.close();
console.log(JSON.stringify(seen));
