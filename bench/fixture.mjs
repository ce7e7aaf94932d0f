// Results as main.mjs makes them, with numbers that were never measured, for the tests of what is printed and drawn.

import { mustHold } from "./musts.mjs";

const measured = (median, ratio, baseline = false) => ({ median, spread: 0.04, rounds: 3, ratio, baseline });
const row = (name, group, checks, ES256, RS256, more = {}) => ({
  name,
  group,
  checks,
  async: false,
  ES256,
  RS256,
  ...more,
});

const rounds = (each) => [each, each * 2, each];

/** By algorithm, contender and round. The second round hit a busy machine. */
export const times = {
  ES256: {
    "tollgate verifySync, relaxed SIMD": rounds(20),
    "tollgate, relaxed SIMD, no table": rounds(60),
    "tollgate, repeated token, cache": rounds(1),
    "fast-jwt, cache hit": rounds(4),
    "crypto.verify": rounds(50),
    "crypto.verify, ieee-p1363": rounds(80),
    "jose jwtVerify, local key set": rounds(200),
  },
  RS256: {
    "tollgate verifySync, relaxed SIMD": rounds(30),
    "tollgate, repeated token, cache": rounds(2),
    "fast-jwt, cache hit": rounds(4),
    "crypto.verify": rounds(15),
    "jose jwtVerify, local key set": rounds(100),
  },
};

const start = { processes: 11, importMs: 6, instantiateMs: 2.5, firstMs: 0.5, secondMs: 0.1, startMs: 3 };

export const once = {
  kernel: "relaxed-simd",
  start: { ES256: start, RS256: start },
  tails: [
    { contender: "tollgate", order: "one by one", count: 10_000, p50: 20, p99: 90, p999: 200, slowest: 900 },
    { contender: "tollgate", order: "in turn", count: 10_000, p50: 60, p99: 90, p999: 400, slowest: 950 },
    { contender: "native", order: "in turn", count: 10_000, p50: 60, p99: 70, p999: 120, slowest: 2_000 },
  ],
  module: { bytes: 300_000, gzipBytes: 60 * 1024 },
  memoryPerWarmKeyBytes: { ES256: 270 * 1024, RS256: 0 },
};

export const results = {
  environment: {
    node: "24.0.0",
    openssl: "3.5.0",
    cpu: "<A> & B",
    cores: 2,
    os: "linux x64",
    load: [0.1, 1],
    kernel: "relaxed-simd",
  },
  settings: { rounds: 3, tokens: 256, slice: 64, processes: 11, tokenBytes: { ES256: 465, RS256: 721 } },
  rows: [
    row("tollgate verifySync, relaxed SIMD", "tollgate", "whole", measured(20, 0.4), measured(30, 2)),
    row("crypto.verify", "native", "signature", measured(50, 1, true), measured(15, 1, true)),
    row("crypto.verify, ieee-p1363", "native", "signature", measured(80, 1.6), undefined),
    row("jose jwtVerify, local key set", "jose", "whole", measured(200, 4), measured(100, 6.7), { async: true }),
    row("fast-jwt, cache hit", "fast-jwt", "nothing: seen before", measured(4, 0.1), measured(4, 0.3), {
      picture: false,
    }),
    row("p256 / rsa crate in wasm", "crates", "signature", measured(1000, 20), measured(1500, 100)),
  ],
  once,
  mustHold: mustHold(times, once, "relaxed-simd"),
};
