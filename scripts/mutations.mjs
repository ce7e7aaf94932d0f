// What scripts/mutants.mjs breaks: in the arithmetic a carry, a mask, a bound or a sign at a time, in the cache a check. Each
// text stands once in its file, which mutants.test.mjs holds; a change that no input can show has no place here.

/** @typedef {{ file: string, what: string, text: string, instead: string }} Mutation */

const p256 = (name, mutations) => mutations.map(([what, text, instead]) => mutation("p256", name, what, text, instead));
const rsa = (name, mutations) => mutations.map(([what, text, instead]) => mutation("rsa", name, what, text, instead));
const mutation = (folder, name, what, text, instead) => ({ file: `src/crypto/${folder}/${name}`, what, text, instead });

/** The checks of the cache of verified tokens, and of the verifier where it uses that. */
const CACHE = [
  ["cache.rs", "the text of a token", "entry.hash == hash && is_same(&entry.token, token)", "entry.hash == hash"],
  ["cache.rs", "the length of a token", "one.len() == other.len()", "true"],
  ["cache.rs", "the words of a token", "word(other))) == 0", "word(other))) != 1"],
  ["cache.rs", "the last bytes of a token", "&& one_rest == other_rest", ""],
  ["cache.rs", "age at a hit", "if self.is_stale(slot, now) {", "if false {"],
  ["cache.rs", "age of what is not asked for", "if self.is_stale(slot as Slot, now) {", "if false {"],
  ["cache.rs", "bound of age", "(0.0..self.seconds)", "(0.0..=self.seconds)"],
  ["cache.rs", "a clock that steps back", "(0.0..self.seconds)", "(-1e12..self.seconds)"],
  ["cache.rs", "step of the sweep", "if slot + 1 < self.slots.len() { slot + 1 } else { 0 }", "slot"],
  ["cache.rs", "turn of the sweep", "if slot + 1 < self.slots.len() { slot + 1 } else { 0 }", "slot + 1"],
  ["cache.rs", "bound of entries", "self.len() >= self.max_entries", "self.len() > self.max_entries"],
  ["cache.rs", "bound of bytes", "|| self.bytes + bytes > self.max_bytes", ""],
  ["cache.rs", "bound of one token's bytes", "if bytes > self.max_bytes {", "if bytes >= self.max_bytes {"],
  ["cache.rs", "what was kept of the same token", "self.remove(before);", "let _ = before;"],
  ["cache.rs", "bound of a chain", "self.shorten_chain(hash);", ""],
  ["cache.rs", "length of a chain", "1..MAX_CACHE_CHAIN", "0..MAX_CACHE_CHAIN"],
  ["cache.rs", "who makes room", "self.remove(self.oldest);", "self.remove(self.newest);"],
  ["cache.rs", "order of use", "self.use_now(slot);", ""],
  ["cache.rs", "what a new entry is known for", "is_known: false }", "is_known: true }"],
  ["cache.rs", "bytes that are free again", "self.bytes -= entry.bytes;", ""],
  ["cache.rs", "slot that is free again", "self.free.push(slot);", ""],
  ["cache.rs", "start of a chain", "*first = entry.next;", "*first = NONE;"],
  ["cache.rs", "middle of a chain", "before.next = entry.next;", "before.next = NONE;"],
  ["cache.rs", "least entries", "(1..=MAX_CACHE_ENTRIES)", "(0..=MAX_CACHE_ENTRIES)"],
  ["cache.rs", "most entries", "(1..=MAX_CACHE_ENTRIES)", "(1..=MAX_CACHE_ENTRIES + 1)"],
  ["cache.rs", "least bytes", "(MIN_CACHE_BYTES..=MAX_CACHE_BYTES)", "(MIN_CACHE_BYTES - 1..=MAX_CACHE_BYTES)"],
  ["cache.rs", "most bytes", "(MIN_CACHE_BYTES..=MAX_CACHE_BYTES)", "(MIN_CACHE_BYTES..=MAX_CACHE_BYTES + 1)"],
  ["cache.rs", "least seconds", "(1..=MAX_CACHE_SECONDS)", "(0..=MAX_CACHE_SECONDS)"],
  ["cache.rs", "most seconds", "(1..=MAX_CACHE_SECONDS)", "(1..=MAX_CACHE_SECONDS + 1)"],
  ["verifier.rs", "generation of the keys", "if issuer.keys.generation() != generation {", "if false {"],
  [
    "verifier.rs",
    "keys of a hit",
    "issuer.key(index, token.kid(), algorithm, now, attempt)?;\n        let held",
    "let held",
  ],
  ["verifier.rs", "what meets the rules no longer", "principal.inspect_err(|_| self.forget())?", "principal?"],
  [
    "verifier.rs",
    "refusals",
    "principal.inspect_err(|_| self.forget())?",
    "principal.inspect_err(|_| drop(Times::of(self.token.claims()).map(|times| self.keep(times))))?",
  ],
  ["verifier.rs", "times of what the host was told", "judged.inspect_err(|_| self.forget())?;", "drop(judged);"],
  ["verifier.rs", "end of what the host was told", "judged.inspect_err(|_| self.forget())?;", "judged?;"],
  ["verifier.rs", "what the host was told", "Held { slot, times, is_known: true }", "Held { slot, times, .. }"],
].map(([name, what, text, instead]) => ({ file: `src/${name}`, what, text, instead }));

/** @type {Mutation[]} */
export const MUTATIONS = [
  ...CACHE,
  ...p256("fused.rs", [
    [
      "carry of the reduction",
      "L::add_i(t[i + 1], L::shr::<BITS>(t[i]))",
      "L::add_i(t[i + 1], L::shr::<{ BITS + 1 }>(t[i]))",
    ],
    ["mask of a digit", "const MASK: u64 = (1 << BITS) - 1;", "const MASK: u64 = (1 << (BITS - 1)) - 1;"],
    ["bound below a column", "const BIAS: u64 = 1 << 56;", "const BIAS: u64 = 1 << 44;"],
    ["bound of exact sums", "(3_u128 << 95) as f64", "(3_u128 << 94) as f64"],
    ["sign within p", "L::sub_i(t[i + 5], L::shl::<4>(q))", "L::add_i(t[i + 5], L::shl::<4>(q))"],
    ["sign of a difference", "let high = L::fnma(a, b, self.high);", "let high = L::fma(a, b, self.high);"],
    ["mask of a byte", "L::both_i(0xff)", "L::both_i(0x7f)"],
    ["sign of the offset", "8 => 0_u64.wrapping_sub(1 << 7),", "8 => 1 << 7,"],
    ["bound of the centred limbs", "6..=10 => 1 << 43,", "6..=9 => 1 << 43,"],
    ["sign of an entry", "if negative { -1.0 } else { 1.0 }", "if negative { 1.0 } else { -1.0 }"],
    ["factor of a square", "column.add(a.0[i], double[j])", "column.add(a.0[i], a.0[j])"],
  ]),
  ...p256("limbs.rs", [
    ["carry of the reduction", "t[i + 1] += t[i] >> BITS;", "t[i + 1] += t[i] >> (BITS + 1);"],
    ["carry of the limbs", "+= limbs[i] >> BITS;", "+= limbs[i] >> (BITS + 1);"],
    ["mask of a digit", "Wrapping((1 << BITS) - 1)", "Wrapping((1 << BITS) - 2)"],
    ["sign within p", "t[i + 7] -= q << 21;", "t[i + 7] += q << 21;"],
    ["bound of the result", "start[8] = Wrapping(1 << 28);", "start[8] = Wrapping(1 << 27);"],
    ["sign of a difference", "t[i + j] -= c[i] * d[j]", "t[i + j] += c[i] * d[j]"],
    ["factor of a square", "(a[j] + a[j])", "a[j]"],
  ]),
  ...p256("inverse.rs", [
    ["bound of the steps", "for _ in 0..25 {", "for _ in 0..18 {"],
    [
      "mask of the multiple",
      "m -= (self.inverse * (carry_d & MASK) + m) & MASK;",
      "m -= (self.inverse * (carry_d & MASK) + m) & (MASK >> 1);",
    ],
    ["sign of a step", "(v, r) = (r, -v);", "(v, r) = (r, v);"],
    ["sign of the result", "if f[LIMBS - 1].0 < 0 { negated(d) }", "if f[LIMBS - 1].0 > 0 { negated(d) }"],
    ["carry into the highest limb", "d[LIMBS - 1] = carry_d;", "d[LIMBS - 1] = carry_d & MASK;"],
    ["carry of f", "f[LIMBS - 1] = carry_f;", "f[LIMBS - 1] = carry_f & MASK;"],
  ]),
  ...p256("scalar.rs", [
    ["carry of a digit", "carry = (digit * n[0] + t[0]) >> 32;", "carry = (digit * n[0]) >> 32;"],
    ["mask of a limb", "Wrapping(0xffff_ffff)", "Wrapping(0x7fff_ffff)"],
    ["carry above the product", "if t[8] == zero && below { product }", "if below { product }"],
    ["bits from the next word", "word << 1 << (63 - shift)", "word << (63 - shift)"],
    ["bound of the highest digit", "if i + 1 < DIGITS { 1 << BITS }", "if i < DIGITS { 1 << BITS }"],
    ["sign of the digits", "(words::sub(N, scalar).0, -1)", "(words::sub(N, scalar).0, 1)"],
  ]),
  ...p256("words.rs", [
    ["bound of a canonical number", "while high > 0 || !less(words, P) {", "while high > 0 {"],
    ["carry of a difference", "[!b[0], !b[1], !b[2], !b[3]], 1)", "[!b[0], !b[1], !b[2], !b[3]], 0)"],
    ["carry of a limb", "let limb = limb + carry;", "let limb = *limb | carry;"],
  ]),
  ...p256("point.rs", [
    ["sign of P", "let p = u.sub(x).carried();", "let p = x.sub(u).carried();"],
    ["carry that a square needs", "let r = s.sub(y).carried();", "let r = s.sub(y);"],
    ["factor of M", "m.add(m).add(m).carried()", "m.add(m).carried()"],
    ["sign of Y", "m.mul_sub(s.sub(x).carried(), y, w)", "m.mul_sub(x.sub(s).carried(), y, w)"],
    ["sign of the sum's X", "let x = r.square().sub(ppp)", "let x = r.square().add(ppp)"],
  ]),
  ...p256("multiples.rs", [
    ["bound of the doublings", "(&mut power, WINDOW_BITS - 2);", "(&mut power, WINDOW_BITS - 1);"],
    [
      "bound between teeth",
      "let low = power;\n            double",
      "let low = power;\n            C::double(&mut power);\n            double",
    ],
    ["twice a tooth", "C::double(&mut pair);", ""],
    [
      "order of G's teeth",
      ".iter_mut().skip(1).zip(&GENERATOR_TEETH)",
      ".iter_mut().skip(1).zip(GENERATOR_TEETH.iter().rev())",
    ],
    ["lane of a tooth", "* TOOTH_POINTS + i][tooth % 2]", "* TOOTH_POINTS + i][0]"],
  ]),
  ...p256("verify.rs", [
    ["bound of r + n", "!over && words::less(next, P) &&", "!over &&"],
    ["carry of r + n", "!over && words::less(next, P) &&", "words::less(next, P) &&"],
    [
      "sign of a first entry",
      "{ [entry[0], negated_mod_p(entry[1])] } else { *entry }",
      "{ *entry } else { [entry[0], negated_mod_p(entry[1])] }",
    ],
    ["sign of a window's digit", "digits[window] < 0", "digits[window] > 0"],
    ["sign of a tooth's digit", "digit < 0", "digit > 0"],
    ["order of the positions", "for position in (0..TOOTH_DIGITS).rev() {", "for position in 0..TOOTH_DIGITS {"],
    ["sum that collided", "quick.unwrap_or_else(|| {", "quick.unwrap_or_else(|| if true { false } else {"],
    [
      "point and its opposite",
      "(C::pack(&sum.x)[0] == ZERO).then_some(double)",
      "(C::pack(&sum.x)[0] != ZERO).then_some(double)",
    ],
  ]),
  ...p256("tables.rs", [
    ["bound of idleness", "self.now - oldest.used >= IDLE_CHECKS", "self.now - oldest.used >= 1"],
    ["bound of the memory", "if self.tables.len() < self.room {", "if self.tables.len() <= self.room {"],
  ]),
  ...p256("known.rs", [["answer of the check", "SUM) == Some(true)", "SUM) != None"]]),
  ...p256("mod.rs", [
    ["bound of s", "in_range(r) && in_range(s) &&", "in_range(r) &&"],
    ["bound of a coordinate", "less(*coordinate, P)", "*coordinate != P"],
  ]),
  ...rsa("scalar.rs", [
    ["carry of a digit", "stream.carry = sum >> BITS;", "stream.carry = sum >> (BITS + 1);"],
    ["mask of a digit", "const MASK: u64 = (1 << BITS) - 1;", "const MASK: u64 = (1 << BITS) - 2;"],
    [
      "bound of the carry between halves",
      "(total[0] >> BITS) + (1 << (BITS - 1))) >> BITS",
      "(total[0] >> BITS)) >> BITS",
    ],
    ["product of the upper column", "add(add(s3, a0, b1), a1, b0)", "add(add(s3, a0, b1), a1, b1)"],
  ]),
  ...rsa("exact.rs", [
    ["rounding of a total", "3.0 * (1u64 << 51) as f64 * base", "3.0 * (1u64 << 50) as f64 * base"],
    ["sign of the rest", "(L::sub_f(sum, above),", "(L::add_f(sum, above),"],
    [
      "carry of a column",
      "(stream.first, stream.second) = (first, second);",
      "(stream.first, stream.second) = (first, first);",
    ],
    ["bound of a digit's bits", "<= 24 * 126 - 4 { 24 }", "<= 24 * 200 - 4 { 24 }"],
  ]),
  ...rsa("fused.rs", [
    ["carry of a column", "let carries = L::shr::<BITS>(total);", "let carries = L::shr::<{ BITS + 1 }>(total);"],
    [
      "mask of a digit",
      "mask: L::load_i(black_box(&[(1 << BITS) - 1; 2])),",
      "mask: L::load_i(black_box(&[(1 << BITS) - 2; 2])),",
    ],
    ["bound of a signed digit", "const BIAS: u64 = (1 << 62) + (1 << 50);", "const BIAS: u64 = 1 << 62;"],
    ["sign of the offset", "L::sub_i(stream.offset, self.rise)", "L::add_i(stream.offset, self.rise)"],
    ["carry at the turn", "L::add_i(stream.offset, L::shl::<1>(self.own))", "L::add_i(stream.offset, self.own)"],
    ["bound of a split", "const C: f64 = 3.0 * (1u128 << 102) as f64;", "const C: f64 = 3.0 * (1u128 << 99) as f64;"],
  ]),
  ...rsa("columns.rs", [
    ["bound of a column", "for i in 0..last {", "for i in 1..last {"],
    ["turn of a reduction", "digits.turn(&mut stream, false);", "digits.turn(&mut stream, true);"],
  ]),
  ...rsa("power.rs", [
    ["sign that needs n added", "[0, 1, -1].into_iter()", "[0, -1].into_iter()"],
    ["sign that needs n taken away", "[0, 1, -1].into_iter()", "[0, 1].into_iter()"],
    ["carry of a signed row", "carry = (*digit + (1 << (bits - 1))) >> bits;", "carry = *digit >> bits;"],
  ]),
  ...rsa("words.rs", [
    ["carry of an addition", "carry = u32::from(over);", "carry = 0;"],
    ["bound of a power of two", "if carry == 1 || !borrow {", "if !borrow {"],
    ["place of a digit's bytes", "start / 8 + 8", "start / 8 + 9"],
    ["shift of a digit", "eight >> (start % 8) & mask", "eight & mask"],
  ]),
  ...rsa("mod.rs", [["bound of s and m", "*number < *self.modulus", "*number <= *self.modulus"]]),
];
