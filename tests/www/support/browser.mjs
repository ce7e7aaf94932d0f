// The built playground in real Chromium, from its own server, and what a test does there. Judges nothing.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { chromium } from "playwright-core";
import { serve } from "../../../scripts/www-server.mjs";

const root = resolve(import.meta.dirname, "..", "..", "..");
/** What `npm run www:build` makes. */
export const folder = join(root, "dist", "www");
/** Where screenshots go; git ignores it. */
export const pictures = join(root, ".setup", "screenshots");

const executablePath = process.env.CHROMIUM ?? "/usr/bin/chromium";
/** Why the tests of a file can't run here, or false. */
export const skip = !existsSync(executablePath) && "missing Chromium: install it, or name it in CHROMIUM";

const ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const DESKTOP = { width: 1280, height: 900 };
export const PHONE = { width: 360, height: 740 };

/** A browser and the playground's server. `asked` are the paths that the server was asked for. */
export async function start() {
  const asked = [];
  const server = await serve(folder, 0, (path) => asked.push(path));
  const browser = await chromium.launch({ executablePath, args: ARGS });
  const stop = async () => {
    await browser.close();
    await server.stop();
  };
  return { browser, url: server.url, asked, stop };
}

/**
 * Opens the playground, and waits until it has shown its first decision.
 *
 * @param options Playwright's for a context, such as `viewport` and `colorScheme`; `url` for another server
 * @returns the tab, the frame that holds the playground, every request and error of the tab so far, and how to close it
 */
export async function open({ browser, url: own }, { url = own, ...options } = {}) {
  const context = await browser.newContext({ viewport: DESKTOP, ...options });
  const tab = await context.newPage();
  const requests = [];
  const errors = [];
  tab.on("request", (request) => requests.push(request.url()));
  tab.on("pageerror", (error) => errors.push(error.message));
  tab.on("console", (message) => message.type() === "error" && errors.push(message.text()));
  await tab.goto(url);
  const frame = tab.frames().find((one) => one.url().endsWith("/playground.html"));
  await frame.locator("#checks li").first().waitFor();
  return { context, tab, frame, requests, errors, close: () => context.close() };
}

/** What the page shows: the decision, its code and status, and the check that failed. */
export async function shown(frame) {
  return frame.evaluate(() => {
    const text = (selector) => document.querySelector(selector)?.textContent ?? null;
    const failed = [...document.querySelectorAll('#checks [data-outcome="fail"]')];
    return {
      outcome: document.getElementById("decision").dataset.outcome,
      verdict: text("#verdict .verdict"),
      code: text("#verdict code"),
      failed: failed.map((item) => item.dataset.name),
      outcomes: [...document.querySelectorAll("#checks li")].map((item) => item.dataset.outcome),
    };
  });
}

/** Waits until the page shows this code, or that the request passes (`null`). */
export async function showsCode(frame, code) {
  const place = frame.locator("#verdict");
  if (code === null) await place.getByText("Allowed").waitFor();
  else await place.locator("code", { hasText: new RegExp(`^${code}$`) }).waitFor();
}

/** Puts text into a field as somebody who types or pastes does. */
export const fill = (frame, id, text) => frame.locator(`#${id}`).fill(text);

/** Opens one of the examples by a click, and waits for what it shows. */
export async function example(frame, id) {
  await frame.locator(`#example-${id}`).click();
  await frame.locator(`#example-${id}[aria-pressed="true"]`).waitFor();
  // The chip is pressed before the gate has answered.
  await frame.waitForFunction(() => new Promise((settled) => setTimeout(() => settled(true), 50)));
}

/** Runs the race of the bench tab to its end. */
export async function runBench(frame) {
  await frame.getByRole("tab", { name: "Bench" }).click();
  await frame.getByRole("button", { name: "Start" }).click();
  await frame.locator("#bench-plot svg").waitFor({ timeout: 60_000 });
}
