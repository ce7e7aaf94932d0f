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

const SCRIPTS: Readonly<Record<string, (all: readonly Typed[]) => string>> = {
  bash,
  // zsh understands bash's scripts when it is asked to.
  zsh: (all) => `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(all)}`,
  fish: (all) => {
    const lines = all.map(({ words, next }) => `    case '${words}'\n      printf '%s\\n' ${next.join(" ")}`);
    return `function __tollgate_next
  set -l words (commandline -opc | string match -v -- '-*')
  switch (string join ' ' -- $words[2..3])
${lines.join("\n")}
    case '*'
      switch "$words[2]"
${lines.map((line) => line.replaceAll(/^/gm, "    ")).join("\n")}
      end
  end
end
complete -c tollgate -f -a '(__tollgate_next)'
complete -c tollgate -F -n '__fish_seen_subcommand_from verify explain lint inspect mint diff init'`;
  },
};

function bash(all: readonly Typed[]): string {
  const cases = all.map(({ words, next }) => `    '${words}') next='${next.join(" ")}' ;;`);
  return `_tollgate() {
  local current=\${COMP_WORDS[COMP_CWORD]} words='' word next=''
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$words $word" in
      ${all
        .slice(1)
        .map(({ words }) => `' ${words}'`)
        .join("|")}|${all
        .slice(1)
        .filter(({ words }) => words.includes(" "))
        .map(({ words }) => `'${words}'`)
        .join("|")}) words="\${words:+$words }$word" ;;
    esac
  done
  case "$words" in
${cases.join("\n")}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -F _tollgate tollgate`;
}
