// A process's own accounting of its CPU, from /proc. Measures no wall clock.

import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

let ticks;
/** Clock ticks a second, in which the kernel tells processes their CPU. */
function ticksPerSecond() {
  ticks ??= Number(spawnSync("getconf", ["CLK_TCK"], { encoding: "utf8" }).stdout) || 100;
  return ticks;
}

/** Seconds of CPU, user's and kernel's, that all threads of process `pid` have taken since it began, ended ones too. */
export function cpuSeconds(pid) {
  return secondsIn(readFileSync(`/proc/${pid}/stat`, "utf8"), ticksPerSecond());
}

/** proc_pid_stat(5): fields 14 and 15, counted after the command, which stands in brackets and may hold any character. */
export function secondsIn(stat, perSecond) {
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / perSecond;
}
