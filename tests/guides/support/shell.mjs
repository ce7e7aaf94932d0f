// One bash for a whole guide, so that its variables and servers last as they do for a reader. Judges nothing.

import { spawn } from "node:child_process";

/** No step of a guide takes this long. */
export const LIMIT_MILLISECONDS = 60_000;

export class Shell {
  #bash;
  #said = "";
  #count = 0;
  #heard = () => {};

  constructor(cwd, env) {
    // A group of its own, so that a server behind it is stopped with it.
    this.#bash = spawn("bash", ["--noprofile", "--norc"], { cwd, env, detached: true });
    this.#bash.on("error", () => this.#heard());
    for (const stream of [this.#bash.stdout, this.#bash.stderr]) {
      stream.setEncoding("utf8").on("data", (text) => {
        this.#said += text;
        this.#heard();
      });
    }
  }

  /** Runs a command to its end, or, with `&`, to its start: what was printed meanwhile, and its exit code. */
  async run(command) {
    this.#count += 1;
    const mark = `@@${this.#count}@@`;
    const from = this.#said.length;
    this.#bash.stdin.write(`{ ${command}\n} </dev/null; printf '\\n${mark}%s\\n' $?\n`);
    const ended = new RegExp(`\n${mark}(\\d+)\n`);
    const { index, 1: code } = await this.#until(() => ended.exec(this.#said.slice(from)), command);
    return { output: this.#said.slice(from, from + index), code: Number(code) };
  }

  stop() {
    try {
      process.kill(-this.#bash.pid, "SIGKILL");
    } catch {
      // It has ended by itself.
    }
  }

  #until(look, what) {
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`${what}: not done after a minute\n${this.#said}`)),
        LIMIT_MILLISECONDS,
      );
      this.#heard = () => {
        const seen = look();
        if (!seen) return;
        clearTimeout(late);
        resolve(seen);
      };
      this.#heard();
    });
  }
}
