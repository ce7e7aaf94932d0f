// `tollgate completion`: a script with which a shell completes commands and options. Reads nothing but the commands themselves.

import type { Command } from "commander";
import { example, GOOD, Misuse, print } from "./io.js";

/** A command that can be typed: its words, and what may follow them. */
interface Typed {
  readonly words: string;
  readonly next: readonly string[];
}

export function addCompletion(program: Command): void {
  const command = program
    .command("completion")
    .summary("print a script for completion")
    .description("Prints a script that completes the commands and options of tollgate.")
    .argument("<shell>", "bash, zsh or fish")
    .action((shell: string) => {
      const script = SCRIPTS[shell];
      if (script === undefined) throw new Misuse("expected bash, zsh or fish");
      print(script(typedOf(program)));
      process.exitCode = GOOD;
    });
  example(
    command,
    'eval "$(npx tollgate completion bash)"',
    "npx tollgate completion fish > ~/.config/fish/completions/tollgate.fish",
  );
}

/** Every command below `command`, itself first. */
function typedOf(command: Command, words: readonly string[] = []): Typed[] {
  const options = command.options.map(({ long }) => long).filter((long) => long != null);
  const next = [...command.commands.map((one) => one.name()), ...options, "--help"];
  const inner = command.commands.flatMap((one) => typedOf(one, [...words, one.name()]));
  return [{ words: words.join(" "), next }, ...inner];
}

/** What of the words before the cursor is a command, in shell: options and files among them are passed over. */
function typedSoFar(all: readonly Typed[], words: string): string {
  const known = all.slice(1).map((one) => `'${one.words}'`);
  return `  for word in ${words}; do
    case "\${typed:+$typed }$word" in
      ${known.join("|")}) typed="\${typed:+$typed }$word" ;;
    esac
  done`;
}

function cases(all: readonly Typed[], line: (next: string) => string): string {
  return all.map(({ words, next }) => `    '${words}') ${line(next.join(" "))} ;;`).join("\n");
}

const SCRIPTS: Readonly<Record<string, (all: readonly Typed[]) => string>> = {
  bash: (all) => `_tollgate() {
  local current=\${COMP_WORDS[COMP_CWORD]} typed='' word next=''
${typedSoFar(all, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  case "$typed" in
${cases(all, (next) => `next='${next}'`)}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _tollgate tollgate`,
  zsh: (all) => `#compdef tollgate
_tollgate() {
  local typed='' word
${typedSoFar(all, `"\${(@)words[2,CURRENT-1]}"`)}
  case "$typed" in
${cases(all, (next) => `compadd -- ${next}`)}
  esac
  _files
}
compdef _tollgate tollgate`,
  fish: (all) => `function __tollgate_next
  set -l typed ''
  for word in (commandline -opc)[2..-1]
    switch (string trim -- "$typed $word")
      case ${all
        .slice(1)
        .map(({ words }) => `'${words}'`)
        .join(" ")}
        set typed (string trim -- "$typed $word")
    end
  end
  switch "$typed"
${all.map(({ words, next }) => `    case '${words}'\n      printf '%s\\n' ${next.join(" ")}`).join("\n")}
  end
end
complete -c tollgate -a '(__tollgate_next)'`,
};
