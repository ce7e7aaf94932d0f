// What a run was made on, for whoever compares it with another. Measures nothing.

import { arch, cpus, platform } from "node:os";

export function machine() {
  return {
    node: process.versions.node,
    v8: process.versions.v8,
    openssl: process.versions.openssl,
    cpu: cpus()[0]?.model.trim() ?? "unknown CPU",
    cores: cpus().length,
    os: `${platform()} ${arch()}`,
  };
}
