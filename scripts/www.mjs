// `npm run www`: builds the playground and serves it on the loopback, until Ctrl-C. `npm run www:build` only builds it.

import { parseArgs } from "node:util";
import { build } from "./build.mjs";
import { runMain, Trouble } from "./project.mjs";
import { setUp } from "./setup.mjs";
import { OUT } from "./www-files.mjs";
import { serve } from "./www-server.mjs";

const HELP = `npm run www -- [options]

Builds the playground and serves it on 127.0.0.1, until Ctrl-C: paste a token, a key set, a configuration and a request, and see
why the gate lets it pass or not. The page runs the gate in your browser, and sends nothing.

  --port N    the port to listen on (default: a free one)
  --help      this text

Example: npm run www -- --port 8080

npm run www:build writes the same files to dist/www and serves nothing. They name each other relatively, so any
web server has them at any path. Opened as files they do not run: the frame that keeps them in may load none.
`;

function asked() {
  try {
    const { values, positionals } = parseArgs({
      options: { port: { type: "string", default: "0" }, help: { type: "boolean", default: false } },
      allowPositionals: true,
    });
    const port = Number(values.port);
    if (!/^\d+$/.test(values.port) || port > 65_535) throw new Trouble("--port takes a number from 0 to 65535");
    const unknown = positionals.find((word) => word !== "build");
    if (unknown) throw new Trouble(`${unknown} is not known; see \`npm run www -- --help\``);
    return { port, help: values.help, isBuildOnly: positionals.length > 0 };
  } catch (error) {
    throw error instanceof Trouble
      ? error
      : new Trouble(`${error.message.split(". ")[0]}; see \`npm run www -- --help\``);
  }
}

async function started(port) {
  try {
    return await serve(OUT, port);
  } catch (error) {
    throw new Trouble(`port ${port} can't be used (${error.code}): stop what uses it, or take another with --port`);
  }
}

await runMain(async () => {
  const { port, help, isBuildOnly } = asked();
  if (help) {
    process.stdout.write(HELP);
    return 0;
  }
  await setUp("build");
  await build("www");
  if (isBuildOnly) {
    console.log("The playground is in dist/www");
    return 0;
  }
  const { url, stop } = await started(port);
  console.log(`\nThe playground is at ${url} (Ctrl-C ends it)`);
  // Ctrl-C can arrive twice, from the terminal and from npm: the second must not cut the first one's work short.
  await new Promise((asked) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, asked);
  });
  await stop();
  return 0;
});
