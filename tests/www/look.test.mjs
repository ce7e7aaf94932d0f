// What the playground weighs, how soon it can be used, and how it looks: pictures for people, and what can be said of them
// without one. They are written to .setup/screenshots.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { gzipSync } from "node:zlib";
import { example, folder, open, PHONE, pictures, runBench, skip, start } from "./support/browser.mjs";

const MAX_BYTES = 250_000;
const MAX_MILLISECONDS = 1000;

let world;
before(async () => {
  if (skip) return;
  mkdirSync(pictures, { recursive: true });
  world = await start();
});
after(() => world?.stop());

test("all files together weigh at most 250 KB with gzip", (t) => {
  const sizes = readdirSync(folder).map((name) => [
    name,
    gzipSync(readFileSync(join(folder, name)), { level: 9 }).length,
  ]);
  const total = sizes.reduce((sum, [, bytes]) => sum + bytes, 0);
  for (const [name, bytes] of sizes) t.diagnostic(`${name}: ${bytes} bytes with gzip`);
  t.diagnostic(`all: ${total} bytes with gzip`);
  assert.ok(total <= MAX_BYTES, `${total} bytes`);
  assert.ok(total > 100_000, "the gate's module is among them");
});

test("what the browser loads is no more than that", { skip }, async () => {
  const context = await world.browser.newContext();
  const tab = await context.newPage();
  const loaded = [];
  tab.on("requestfinished", (request) => loaded.push(request.sizes()));
  await tab.goto(world.url, { waitUntil: "networkidle" });
  const bodies = (await Promise.all(loaded)).map(({ responseBodySize }) => responseBodySize);
  const total = bodies.reduce((sum, bytes) => sum + bytes, 0);
  assert.ok(bodies.length >= 5 && total > 100_000 && total <= MAX_BYTES, `${bodies.length} files, ${total} bytes`);
  await context.close();
});

test("it can be used within a second of being asked for", { skip }, async (t) => {
  const times = [];
  for (let load = 0; load < 5; load += 1) {
    const { tab, frame, close } = await open(world);
    const begun = await tab.evaluate(() => performance.timeOrigin);
    const usable = await frame.evaluate(
      () => performance.timeOrigin + performance.getEntriesByName("usable")[0].startTime,
    );
    times.push(usable - begun);
    await close();
  }
  const [, , median] = times.sort((a, b) => a - b);
  t.diagnostic(`first decision after ${times.map((time) => time.toFixed(0)).join(", ")} ms`);
  assert.ok(median > 0 && median <= MAX_MILLISECONDS, `${median} ms`);
});

/** How many colours a picture has, and how much of it is its commonest. */
async function inkOf(png) {
  const context = await world.browser.newContext();
  const tab = await context.newPage();
  const ink = await tab.evaluate(async (data) => {
    const blob = await (await fetch(`data:image/png;base64,${data}`)).blob();
    const image = await createImageBitmap(blob);
    const canvas = new OffscreenCanvas(image.width, image.height).getContext("2d");
    canvas.drawImage(image, 0, 0);
    const pixels = new Uint32Array(canvas.getImageData(0, 0, image.width, image.height).data.buffer);
    const counts = new Map();
    for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
    return { colours: counts.size, commonest: Math.max(...counts.values()) / pixels.length };
  }, png.toString("base64"));
  await context.close();
  return ink;
}

const SETTINGS = {
  light: { colorScheme: "light" },
  dark: { colorScheme: "dark" },
  "phone-light": { colorScheme: "light", viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
  "phone-dark": { colorScheme: "dark", viewport: PHONE, hasTouch: true, isMobile: true, deviceScaleFactor: 2 },
};

/** A picture of the whole page, for which the window is made as high as what is in the frame. */
async function picture({ tab, frame }, name) {
  const { width } = tab.viewportSize();
  const height = await frame.evaluate(() => document.documentElement.scrollHeight);
  await tab.setViewportSize({ width, height });
  // Painted is what has been in the window for a frame or two.
  await frame.evaluate(() => new Promise((drawn) => setTimeout(drawn, 300)));
  const png = await tab.screenshot({ path: join(pictures, `${name}.png`) });
  const { colours, commonest } = await inkOf(png);
  assert.ok(colours > 50 && commonest < 0.97, `${name}: ${colours} colours, ${commonest} of one`);
  return png;
}

for (const [name, options] of Object.entries(SETTINGS)) {
  test(`pictures in ${name}: none is blank, and nothing is wider than the window`, { skip }, async () => {
    const page = await open(world, options);
    const { tab, frame } = page;
    const isTooWide = () =>
      frame.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
    const { width, height } = tab.viewportSize();
    await tab.screenshot({ path: join(pictures, `${name}-first.png`) });
    const seen = [];
    for (const id of ["good", "plan", "duplicate"]) {
      await tab.setViewportSize({ width, height });
      await example(frame, id);
      assert.equal(await isTooWide(), false, id);
      seen.push(await picture(page, `${name}-${id}`));
    }
    assert.ok(!seen[0].equals(seen[1]), "two examples look different");
    await tab.setViewportSize({ width, height });
    await runBench(frame);
    assert.equal(await isTooWide(), false, "the bench");
    await picture(page, `${name}-bench`);
    await page.close();
  });
}
