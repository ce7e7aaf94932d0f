// The playground by keyboard alone, and by the rules of axe-core: in light, dark, at a phone's width, in each tab.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { example, fill, open, PHONE, runBench, shown, showsCode, skip, start } from "./support/browser.mjs";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let world;
before(async () => {
  if (!skip) world = await start();
});
after(() => world?.stop());

/** What axe finds that is serious or critical, a line each. */
async function findings(place) {
  await place.evaluate(axe);
  const { violations, passes } = await place.evaluate(() => window.axe.run(document));
  assert.ok(passes.length > 5, "axe looked at something");
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id}: ${target}: ${failureSummary}`));
}

const SETTINGS = [
  ["light", { colorScheme: "light" }],
  ["dark", { colorScheme: "dark" }],
  ["light at a phone's width", { colorScheme: "light", viewport: PHONE }],
  ["dark at a phone's width", { colorScheme: "dark", viewport: PHONE }],
  ["forced colours", { forcedColors: "active" }],
];

for (const [name, options] of SETTINGS) {
  test(`axe finds nothing serious in ${name}`, { skip }, async () => {
    const { frame, tab, close } = await open(world, options);
    assert.deepEqual(await findings(tab.mainFrame()), [], "the page around the frame");
    for (const id of ["good", "plan", "duplicate"]) {
      await example(frame, id);
      assert.deepEqual(await findings(frame), [], id);
    }
    await frame.locator("#make summary").click();
    for (const section of ["config", "keys"]) {
      const details = frame.locator(`details:has(#${section})`);
      if ((await details.getAttribute("open")) === null) await details.locator("summary").click();
    }
    await fill(frame, "config", "{");
    await frame.locator("#config-problem span").waitFor();
    assert.deepEqual(await findings(frame), [], "with a problem, everything open");
    await runBench(frame);
    assert.deepEqual(await findings(frame), [], "the bench");
    await close();
  });
}

test("axe is heard: what is wrong would be found", { skip }, async () => {
  const { frame, close } = await open(world);
  await frame.evaluate(() => {
    const input = document.body.appendChild(document.createElement("input"));
    input.id = "without-label";
  });
  assert.match((await findings(frame)).join("\n"), /^label: #without-label/m);
  await close();
});

/** What has the focus in the frame: its id, or its tag and text; and whether it shows. */
const focused = (frame) =>
  frame.evaluate(() => {
    const { activeElement: element } = document;
    const style = getComputedStyle(element);
    return {
      name: element.id || `${element.tagName.toLowerCase()} ${element.textContent.trim().slice(0, 30)}`,
      isSeen: style.outlineStyle !== "none" && Number.parseFloat(style.outlineWidth) >= 2,
    };
  });

/** Presses Tab until `name` has the focus. */
async function tabTo(tab, frame, name) {
  for (let presses = 0; presses < 60; presses += 1) {
    if ((await focused(frame)).name === name) return;
    await tab.keyboard.press("Tab");
  }
  assert.fail(`Tab does not lead to ${name}`);
}

test("every control is reached by Tab, in the order of the page, with a visible focus, and Tab leads out again", {
  skip,
}, async () => {
  const { frame, tab, close } = await open(world);
  const wanted = await frame.evaluate(() => {
    const controls = document.querySelectorAll('button, input, select, textarea, summary, [tabindex="0"]');
    return [...controls]
      .filter((one) => one.checkVisibility() && one.tabIndex >= 0 && !one.disabled)
      .map((one) => one.id || `${one.tagName.toLowerCase()} ${one.textContent.trim().slice(0, 30)}`);
  });
  await tabTo(tab, frame, wanted[0]);
  const reached = [];
  for (let presses = 0; presses < wanted.length; presses += 1) {
    const { name, isSeen } = await focused(frame);
    assert.ok(isSeen, `the focus on ${name} is seen`);
    reached.push(name);
    await tab.keyboard.press("Tab");
  }
  assert.deepEqual(reached, wanted);
  assert.ok(wanted.length >= 20, `${wanted.length} controls`);
  await close();
});

test("by keyboard alone: an example, a token of one's own, and the race", { skip }, async () => {
  const { frame, tab, close } = await open(world);
  await tabTo(tab, frame, "tab-gate");
  await tabTo(tab, frame, "example-expired");
  await tab.keyboard.press("Enter");
  await showsCode(frame, "token_expired");
  await tabTo(tab, frame, "example-plan");
  await tab.keyboard.press("Space");
  await showsCode(frame, "plan_required");

  await tabTo(tab, frame, "token");
  await tab.keyboard.press("Control+A");
  await tab.keyboard.type("a.b.c.d.e");
  await showsCode(frame, "jwe_not_supported");
  await tabTo(tab, frame, "summary Make a token with a key of thi");
  await tab.keyboard.press("Enter");
  await tabTo(tab, frame, "sign");
  await tab.keyboard.press("Enter");
  await showsCode(frame, "plan_required");

  await frame.locator("#tab-gate").focus();
  await tab.keyboard.press("ArrowRight");
  assert.equal((await focused(frame)).name, "tab-bench");
  assert.equal(await frame.locator("#panel-gate").isVisible(), false);
  await tab.keyboard.press("ArrowRight");
  assert.equal((await focused(frame)).name, "tab-gate", "the arrows go round");
  await tab.keyboard.press("End");
  await tab.keyboard.press("Tab");
  assert.equal((await focused(frame)).name, "bench-start");
  await tab.keyboard.press("Enter");
  assert.equal((await focused(frame)).name, "bench-cancel");
  await frame.locator("#bench-plot svg").waitFor({ timeout: 60_000 });
  assert.equal((await focused(frame)).name, "bench-start");
  await tab.keyboard.press("Shift+Tab");
  assert.equal((await focused(frame)).name, "tab-bench");
  await tab.keyboard.press("Home");
  assert.equal((await shown(frame)).code, "plan_required", "the other tab is as it was");
  await close();
});

test("at a phone's width a button leads from the fields to the check that failed", { skip }, async () => {
  const { frame, close } = await open(world, { viewport: PHONE });
  await example(frame, "plan");
  const button = frame.locator("#jump", { hasText: "Refused with 403" });
  await button.press("Enter");
  const focused = await frame.evaluate(() => {
    const { top, bottom } = document.activeElement.getBoundingClientRect();
    return [document.activeElement.dataset.name, top >= 0 && bottom <= innerHeight];
  });
  assert.deepEqual(focused, ["plan", true]);
  await close();
});

test("a screen reader is told of the decision, and what each field is", { skip }, async () => {
  const { frame, close } = await open(world);
  const tree = await frame.locator("body").ariaSnapshot();
  for (const line of [
    /banner/,
    /main/,
    /contentinfo/,
    /tablist "Views"/,
    /tab "Gate" \[selected\]/,
    /tabpanel "Gate"/,
    /status:\n\s+- paragraph: Allowed/,
    /textbox "URL"/,
    /textbox "JSON Web Token, without “Bearer”"/,
    /textbox "As in tollgate.json"/,
  ]) {
    assert.ok(line.test(tree), String(line));
  }
  assert.match(await frame.locator("#checks li").first().textContent(), /: passed/);
  await close();
});
