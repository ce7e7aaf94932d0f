//! Inverses modulo p and n by division steps (Bernstein and Yang, "Fast constant-time gcd computation and modular
//! inversion", 2019, section 11), in variable time: every input here is public.
//!
//! Thirty steps at a time are taken on the lowest 30 bits alone and gathered in a 2 × 2 matrix of integers, which is then
//! applied to the whole numbers.

use core::num::Wrapping;

use super::words::{self, Words};

const BITS: usize = 30;
const LIMBS: usize = 9;
const MASK: Wrapping<i64> = Wrapping((1 << BITS) - 1);

/// Σ limbs[i]·2^(30·i), limbs in [0, 2^30) but for the highest, which has the sign. Room for 2^269.
/// Nothing wraps; what the type says is that the machine need not look each time.
type Signed = [Wrapping<i64>; LIMBS];

/// An odd modulus below 2^256.
pub(super) struct Modulus {
    limbs: Signed,
    /// The inverse modulo 2^30.
    inverse: Wrapping<i64>,
}

/// (f, g) becomes (u·f + v·g, q·f + r·g)/2^30, |u| + |v| ≤ 2^30 and |q| + |r| ≤ 2^30.
struct Steps {
    u: Wrapping<i64>,
    v: Wrapping<i64>,
    q: Wrapping<i64>,
    r: Wrapping<i64>,
}

impl Modulus {
    pub(super) const fn new(words: Words) -> Self {
        // Newton's iteration doubles the right bits: 3, 6, 12, 24, 48.
        let lowest = words[0];
        let mut inverse = lowest;
        let mut i = 0;
        while i < 4 {
            inverse = inverse.wrapping_mul(2_u64.wrapping_sub(lowest.wrapping_mul(inverse)));
            i += 1;
        }
        Self { limbs: signed(words), inverse: Wrapping(inverse as i64 & MASK.0) }
    }

    /// `start`/`number` modulo the modulus, `number` being in [1, modulus) and prime to it, and `start` below it.
    ///
    /// 735 steps bring g to 0 for any number below 2^256 (loc. cit., theorem 11.2: (49·256 + 57)/17 = 741 for
    /// such a bound, 25 rounds of 30), and most numbers take 530.
    pub(super) fn divide(&self, start: Words, number: Words) -> Words {
        let (mut f, mut g) = (self.limbs, signed(number));
        // Throughout: f ≡ d·number/start and g ≡ e·number/start modulo the modulus.
        let (mut d, mut e) = ([Wrapping(0); LIMBS], signed(start));
        let mut delta = 1;
        for _ in 0..25 {
            if g == [Wrapping(0); LIMBS] {
                break;
            }
            let steps = take_steps(&mut delta, f[0], g[0]);
            self.apply_modulo(&mut d, &mut e, &steps);
            apply(&mut f, &mut g, &steps);
        }
        // Now f is 1 or −1.
        self.canonical(if f[LIMBS - 1].0 < 0 { negated(d) } else { d })
    }

    /// d and e stay in (−2·modulus, modulus).
    fn apply_modulo(&self, d: &mut Signed, e: &mut Signed, steps: &Steps) {
        // Where d or e is negative the modulus is added to it, so that what is combined lies in (−modulus, modulus), and
        // the combination, less a multiple of the modulus that clears the lowest 30 bits, in (−2·modulus, modulus)·2^30.
        let (sign_d, sign_e) = (d[LIMBS - 1] >> 63, e[LIMBS - 1] >> 63);
        let mut m = (steps.u & sign_d) + (steps.v & sign_e);
        let mut k = (steps.q & sign_d) + (steps.r & sign_e);
        let mut carry_d = steps.u * d[0] + steps.v * e[0];
        let mut carry_e = steps.q * d[0] + steps.r * e[0];
        m -= (self.inverse * (carry_d & MASK) + m) & MASK;
        k -= (self.inverse * (carry_e & MASK) + k) & MASK;
        carry_d = (carry_d + self.limbs[0] * m) >> BITS;
        carry_e = (carry_e + self.limbs[0] * k) >> BITS;
        for i in 1..LIMBS {
            // Three products of 2^30·2^30 (the highest limbs are smaller still) and a carry of 2^33.
            carry_d += steps.u * d[i] + steps.v * e[i] + self.limbs[i] * m;
            carry_e += steps.q * d[i] + steps.r * e[i] + self.limbs[i] * k;
            d[i - 1] = carry_d & MASK;
            e[i - 1] = carry_e & MASK;
            carry_d >>= BITS;
            carry_e >>= BITS;
        }
        d[LIMBS - 1] = carry_d;
        e[LIMBS - 1] = carry_e;
    }

    /// From (−2·modulus, 2·modulus) to [0, modulus).
    fn canonical(&self, mut number: Signed) -> Words {
        while number[LIMBS - 1].0 < 0 {
            number = sum(number, self.limbs);
        }
        loop {
            let less = sum(number, self.limbs.map(|limb| -limb));
            if less[LIMBS - 1].0 < 0 {
                return unsigned(number);
            }
            number = less;
        }
    }
}

/// Thirty division steps on the lowest 30 bits, many at once where g is even.
fn take_steps(delta: &mut i32, f: Wrapping<i64>, g: Wrapping<i64>) -> Steps {
    let [mut u, mut v, mut q, mut r] = [1, 0, 0, 1].map(Wrapping::<i32>);
    // Only the lowest bits count, and they are exact as long as steps are left.
    let [mut f, mut g] = [f, g].map(|number| Wrapping(number.0 as i32));
    let mut left = BITS;
    loop {
        // A one at bit `left` stops the count there.
        let zeros = (g.0 | (-1 << left)).trailing_zeros() as usize;
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        *delta += zeros as i32;
        left -= zeros;
        if left == 0 {
            break;
        }
        if *delta > 0 {
            *delta = -*delta;
            (f, g) = (g, -f);
            (u, q) = (q, -u);
            (v, r) = (r, -v);
        }
        // Until delta is positive again g only takes on multiples of f: as many as clear its lowest bits, at most 5 at
        // once (f·(f² − 2) is −1/f modulo 2^6).
        let steps = (1 - *delta).unsigned_abs().min(6).min(left as u32);
        let multiple = f * (f * f - Wrapping(2)) * g & Wrapping((1 << steps) - 1);
        g += f * multiple;
        q += u * multiple;
        r += v * multiple;
    }
    let [u, v, q, r] = [u, v, q, r].map(|entry| Wrapping(entry.0.into()));
    Steps { u, v, q, r }
}

fn apply(f: &mut Signed, g: &mut Signed, steps: &Steps) {
    // The lowest 30 bits of both are zero by how the steps were taken.
    let mut carry_f = (steps.u * f[0] + steps.v * g[0]) >> BITS;
    let mut carry_g = (steps.q * f[0] + steps.r * g[0]) >> BITS;
    for i in 1..LIMBS {
        carry_f += steps.u * f[i] + steps.v * g[i];
        carry_g += steps.q * f[i] + steps.r * g[i];
        f[i - 1] = carry_f & MASK;
        g[i - 1] = carry_g & MASK;
        carry_f >>= BITS;
        carry_g >>= BITS;
    }
    f[LIMBS - 1] = carry_f;
    g[LIMBS - 1] = carry_g;
}

const fn signed(words: Words) -> Signed {
    let mut limbs = [Wrapping(0); LIMBS];
    let mut i = 0;
    while i < LIMBS {
        let (word, shift) = (BITS * i / 64, BITS * i % 64);
        let mut bits = words[word] >> shift;
        if shift + BITS > 64 && word < 3 {
            bits |= words[word + 1] << (64 - shift);
        }
        limbs[i] = Wrapping(bits as i64 & MASK.0);
        i += 1;
    }
    limbs
}

/// Takes a number in [0, 2^256).
fn unsigned(limbs: Signed) -> Words {
    let mut words = words::ZERO;
    for (i, limb) in limbs.iter().enumerate() {
        let (word, shift) = (BITS * i / 64, BITS * i % 64);
        words[word] |= (limb.0 as u64) << shift;
        if shift + BITS > 64 && word < 3 {
            words[word + 1] |= limb.0 as u64 >> (64 - shift);
        }
    }
    words
}

fn sum(a: Signed, b: Signed) -> Signed {
    carried(core::array::from_fn(|i| a[i] + b[i]))
}

fn negated(number: Signed) -> Signed {
    carried(number.map(|limb| -limb))
}

fn carried(mut limbs: Signed) -> Signed {
    for i in 0..LIMBS - 1 {
        limbs[i + 1] += limbs[i] >> BITS;
        limbs[i] &= MASK;
    }
    limbs
}
