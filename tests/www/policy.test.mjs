// Nothing leaves the playground: no request after it has loaded, and none that a script of its own frame tries to make. Each
// attempt is also made from a page without a policy, where it must be heard, so that no test passes because it tried nothing.

import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createSocketServer } from "node:net";
import { extname, join } from "node:path";
import { after, before, test } from "node:test";
import { example, fill, folder, open, runBench, showsCode, skip, start } from "./support/browser.mjs";

/** How long something that is on its way may take, in milliseconds. */
const ON_ITS_WAY = 400;

let world;
let listener;
let bare;
let plain;
before(async () => {
  if (skip) return;
  world = await start();
  listener = await listen();
  plain = await serveText({ "/": ["text/html", "<!doctype html><title>no policy</title><body>"] });
  // A host that adds no header: the policy is what the pages say themselves.
  const types = { ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml" };
  const files = readdirSync(folder).map((name) => [
    `/${name}`,
    [types[extname(name)], readFileSync(join(folder, name))],
  ]);
  bare = await serveText(Object.fromEntries([...files, ["/", files.find(([name]) => name === "/index.html")[1]]]));
});
after(async () => {
  await world?.stop();
  for (const one of [listener, plain, bare]) await one?.stop();
});

async function serveText(files) {
  const server = createServer((request, response) => {
    const [type, body] = files[request.url] ?? [];
    if (type === undefined) return void response.writeHead(404).end();
    response.writeHead(200, { "content-type": type }).end(body);
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const stop = () => new Promise((closed) => server.close(closed).closeAllConnections());
  return { url: `http://127.0.0.1:${server.address().port}/`, stop };
}

/**
 * Another host, which counts what it is told: pieces of a request, and datagrams. Not connections that stay empty: Chromium opens one
 * ahead of a navigation, before the policy forbids that.
 */
async function listen() {
  let heard = 0;
  const hear = () => {
    heard += 1;
  };
  const sockets = new Set();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", () => {
      hear();
      socket.end("HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n");
    });
  });
  await new Promise((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address();
  const datagrams = createSocket("udp4").on("message", hear);
  await new Promise((bound) => datagrams.bind(port, "0.0.0.0", bound));
  const stop = async () => {
    datagrams.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((closed) => server.close(closed));
  };
  return { url: `http://127.0.0.1:${port}/`, count: () => heard, stop };
}

/** Ways in which a script could send something away. Each is run in the page, with an address. */
const ATTEMPTS = {
  fetch: (url) => void fetch(url, { mode: "no-cors" }).catch(() => {}),
  XMLHttpRequest: (url) => {
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.send("x");
  },
  beacon: (url) => void navigator.sendBeacon(url, "x"),
  image: (url) => {
    new Image().src = url;
  },
  WebSocket: (url) => void new WebSocket(url.replace("http", "ws")),
  EventSource: (url) => void new EventSource(url),
  media: (url) =>
    void document.body.append(Object.assign(document.createElement("audio"), { src: url, preload: "auto" })),
  stylesheet: (url) =>
    void document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: url })),
  background: (url) => {
    document.body.style.backgroundImage = `url(${url})`;
  },
  script: (url) => void document.head.append(Object.assign(document.createElement("script"), { src: url })),
  import: (url) => void import(url).catch(() => {}),
  frame: (url) => void document.body.append(Object.assign(document.createElement("iframe"), { src: url })),
  object: (url) => void document.body.append(Object.assign(document.createElement("object"), { data: url })),
  prefetch: (url) =>
    void document.head.append(Object.assign(document.createElement("link"), { rel: "prefetch", href: url })),
  WebRTC: (url) => {
    const peer = new RTCPeerConnection({ iceServers: [{ urls: `stun:${new URL(url).host}` }] });
    peer.createDataChannel("x");
    peer.createOffer().then((offer) => peer.setLocalDescription(offer));
  },
  "WebRTC of an empty frame": (url) => {
    const { contentWindow } = document.body.appendChild(document.createElement("iframe"));
    const peer = new contentWindow.RTCPeerConnection({ iceServers: [{ urls: `stun:${new URL(url).host}` }] });
    peer.createDataChannel("x");
    peer.createOffer().then((offer) => peer.setLocalDescription(offer));
  },
  form: (url) => {
    const form = Object.assign(document.createElement("form"), { action: url, method: "post" });
    document.body.append(form);
    form.submit();
  },
  link: (url) => {
    const link = Object.assign(document.createElement("a"), { href: url });
    document.body.append(link);
    link.click();
  },
  "link to the top": (url) => {
    const link = Object.assign(document.createElement("a"), { href: url, target: "_top" });
    document.body.append(link);
    link.click();
  },
  "link to a new window": (url) => {
    const link = Object.assign(document.createElement("a"), { href: url, target: "_blank" });
    document.body.append(link);
    link.click();
  },
  window: (url) => void window.open(url),
  location: (url) => {
    location.href = url;
  },
  "top location": (url) => {
    top.location.href = url;
  },
};

/** Makes an attempt; how often another host heard of it. What throws was refused. */
async function heardOf(place, attempt) {
  const before = listener.count();
  await place.evaluate(attempt, listener.url).catch(() => {});
  await new Promise((wake) => setTimeout(wake, ON_ITS_WAY));
  return listener.count() - before;
}

for (const [name, attempt] of Object.entries(ATTEMPTS)) {
  test(`${name}: nothing leaves the playground, with or without headers from its host`, { skip }, async () => {
    const context = await world.browser.newContext();
    const tab = await context.newPage();
    await tab.goto(plain.url);
    assert.ok((await heardOf(tab, attempt)) > 0, "without a policy, the other host hears of it");
    await context.close();
    const pages = await Promise.all([world.url, bare.url].map((url) => open(world, { url })));
    const heard = await Promise.all(pages.map(({ frame }) => heardOf(frame, attempt)));
    assert.deepEqual(heard, [0, 0], "with the server's policy, with the page's own alone");
    for (const page of pages) await page.close();
  });
}

test("the playground's own files are not fetched either once it has loaded", { skip }, async () => {
  const { frame, requests, close } = await open(world);
  const before = [world.asked.length, requests.length];
  const error = await frame.evaluate(() =>
    fetch("icon.svg").then(
      () => "fetched",
      (failure) => failure.name,
    ),
  );
  assert.equal(error, "TypeError");
  assert.equal(world.asked.length, before[0]);
  await close();
});

test("the frame can read nothing of the page around it, and text can't become a script", { skip }, async () => {
  const { frame, close } = await open(world);
  const { origin, reads, evaluates, markup } = await frame.evaluate(() => {
    const outcome = (attempt) => {
      try {
        return String(attempt());
      } catch (error) {
        return error.name;
      }
    };
    return {
      origin: self.origin,
      reads: outcome(() => parent.document.title),
      evaluates: outcome(
        () => document.createElement("div").setAttribute("onclick", "1") ?? new Function("return 1")(),
      ),
      markup: outcome(() => {
        document.body.innerHTML = "<p>";
      }),
    };
  });
  assert.deepEqual([origin, reads, evaluates, markup], ["null", "SecurityError", "TypeError", "TypeError"]);
  await close();
});

test("the page loads its own files and nothing else, and asks for nothing more whatever is done with it", {
  skip,
}, async () => {
  const { frame, tab, requests, close } = await open(world);
  const names = (urls) => [...new Set(urls.map((url) => url.replace(world.url, "")))].sort();
  assert.deepEqual(names(requests), [
    "",
    "frame.css",
    "icon.svg",
    "playground.css",
    "playground.html",
    "playground.js",
  ]);
  const [served, heard] = [world.asked.length, listener.count()];
  const session = await tab.context().newCDPSession(tab);
  const sent = [];
  session.on("Network.requestWillBeSent", ({ request }) => sent.push(request.url));
  await session.send("Network.enable");
  requests.length = 0;

  for (const id of ["expired", "plan", "path", "none", "good"]) await example(frame, id);
  await frame.locator("#make summary").click();
  await frame.locator("#algorithm").selectOption("RS256");
  await frame.getByRole("button", { name: "Sign", exact: true }).click();
  await showsCode(frame, null);
  const config = await frame.locator("#config").inputValue();
  await fill(frame, "config", config.replace("https://issuer.example/jwks.json", `${listener.url}jwks.json`));
  await showsCode(frame, null);
  await fill(frame, "url", `${listener.url}orders`);
  await showsCode(frame, "tenant_not_requested");
  await runBench(frame);

  assert.deepEqual([requests, sent, world.asked.slice(served), listener.count()], [[], [], [], heard]);
  await close();
});
