//! The signature check: x(u₁·G + u₂·Q) against r (FIPS 186-5 section 6.4.2). Variable time: everything in it is public.

use super::curve::Curve;
use super::multiples::{Near, Windows, lift, merge, near};
use super::point::{Affine, Points};
use super::scalar::{DIGITS_OF_4, DIGITS_OF_8, digits, multipliers};
use super::words::{self, N, ONE, P, Words, ZERO, negated_mod_p};

/// A point that multiples are taken of.
#[derive(Clone, Copy)]
pub(super) struct Base<'b> {
    /// The point, in the kernel's Montgomery form.
    pub(super) point: &'b Affine,
    /// How its multiples are made.
    pub(super) means: Means<'b>,
}

/// What is at hand of a point.
#[derive(Clone, Copy)]
pub(super) enum Means<'b> {
    /// All its windows.
    Windows(&'b Windows),
    /// 2^128 times the point, so that two halves of a multiplier share their doublings.
    Half(&'b Affine),
}

/// Whether (r, s) is a signature of the hash `e` under the key `q`. `r` and `s` are in [1, n).
pub(super) fn holds<C: Curve>(g: Base<'_>, q: Base<'_>, e: Words, r: Words, s: Words) -> bool {
    let (u1, u2) = multipliers(e, r, s);
    holds_for::<C>(g, q, u1, u2, r)
}

/// Whether x(u₁·G + u₂·Q) ≡ r modulo n.
pub(super) fn holds_for<C: Curve>(g: Base<'_>, q: Base<'_>, u1: Words, u2: Words, r: Words) -> bool {
    let quick = sum::<C>(g, q, u1, u2).and_then(|points| {
        let (x, zz) = C::sum_of_both(&points);
        x_is::<C>(&x, &zz, r)
    });
    // A sum on the way was one that the incomplete formulas can't make, or had nothing in it.
    quick.unwrap_or_else(|| {
        complete_sum::<C>(g, q, u1, u2).is_some_and(|point| x_is::<C>(&point.x, &point.zz, r) == Some(true))
    })
}

/// An entry to add, and whether its negative.
type Entry<'e> = Option<(&'e Affine, bool)>;

/// Two points whose sum is u₁·G + u₂·Q; `None` when one is the point at infinity.
fn sum<C: Curve>(g: Base<'_>, q: Base<'_>, u1: Words, u2: Words) -> Option<Points<C::Stored>> {
    let mut sums = Sums::<C> { points: None, some: [false; 2] };
    match (g.means, q.means) {
        (Means::Windows(g), Means::Windows(q)) => {
            let (u1, u2) = (digits::<8, DIGITS_OF_8>(u1), digits::<8, DIGITS_OF_8>(u2));
            touch(g, &u1);
            touch(q, &u2);
            for (window, (u1, u2)) in u1.into_iter().zip(u2).enumerate() {
                sums.add(entry(g, window, u1), entry(q, window, u2));
            }
        }
        (Means::Windows(g), Means::Half(half)) => {
            sums.add_by_doubling(&[(q.point, half, u2)]);
            sums.add_by_windows(g, u1);
        }
        (Means::Half(half), Means::Windows(q)) => {
            sums.add_by_doubling(&[(g.point, half, u1)]);
            sums.add_by_windows(q, u2);
        }
        (Means::Half(g_half), Means::Half(q_half)) => {
            sums.add_by_doubling(&[(g.point, g_half, u1), (q.point, q_half, u2)]);
        }
    }
    sums.points.filter(|_| sums.some == [true; 2])
}

/// Reads a word of each entry that a sum will use. Together they come out of memory at once; in the sum each would be waited
/// for, because an addition fills what the processor looks ahead.
fn touch(windows: &Windows, digits: &[i16; DIGITS_OF_8]) {
    let words =
        digits.iter().enumerate().filter_map(|(window, digit)| windows.entry(window, *digit)).map(|entry| entry[0][0]);
    core::hint::black_box(words.fold(0, |all, word| all ^ word));
}

fn entry(windows: &Windows, window: usize, digit: i16) -> Entry<'_> {
    windows.entry(window, digit).map(|entry| (entry, digit < 0))
}

/// Two sums, which begin with nothing.
struct Sums<C: Curve> {
    points: Option<Points<C::Stored>>,
    some: [bool; 2],
}

impl<C: Curve> Sums<C> {
    fn add(&mut self, low: Entry<'_>, high: Entry<'_>) {
        if let (Some(points), Some(low), Some(high), [true, true]) = (&mut self.points, low, high, self.some) {
            C::add(points, low.0, high.0, [low.1, high.1]);
            return;
        }
        // A digit is 0, or a sum still is: lane by lane.
        let Some((filler, _)) = low.or(high) else { return };
        let absent = (filler, false);
        let ((low_entry, low_sign), (high_entry, high_sign)) = (low.unwrap_or(absent), high.unwrap_or(absent));
        let signed = |entry: &Affine, negative| if negative { [entry[0], negated_mod_p(entry[1])] } else { *entry };
        let first = lift::<C>(&signed(low_entry, low_sign), &signed(high_entry, high_sign));
        let before = self.points.unwrap_or(first);
        let mut after = before;
        C::add(&mut after, low_entry, high_entry, [low_sign, high_sign]);
        let next = |lane: usize, entry: Entry<'_>| match (entry, self.some[lane]) {
            (None, _) => before,
            (Some(_), false) => first,
            (Some(_), true) => after,
        };
        self.points = Some(merge::<C>(&next(0, low), &next(1, high)));
        self.some = [self.some[0] || low.is_some(), self.some[1] || high.is_some()];
    }

    /// Adds multiples of points of which no window is known: the lower half of each multiplier in one lane, the higher
    /// half in the other, four bits at a time.
    fn add_by_doubling(&mut self, terms: &[(&Affine, &Affine, Words)]) {
        let terms: Vec<(Near, [i16; DIGITS_OF_4])> =
            terms.iter().map(|(point, half, u)| (near::<C>(point, half), digits::<4, DIGITS_OF_4>(*u))).collect();
        for position in (0..DIGITS_OF_4 / 2).rev() {
            if let Some(points) = &mut self.points {
                for _ in 0..4 {
                    C::double(points);
                }
            }
            for (near, digits) in &terms {
                let entry = |lane: usize| {
                    let digit = digits[position + lane * DIGITS_OF_4 / 2];
                    let multiples = near.get(usize::from(digit.unsigned_abs()).checked_sub(1)?)?;
                    Some((&multiples[lane], digit < 0))
                };
                self.add(entry(0), entry(1));
            }
        }
    }

    /// Adds a multiple of a point of which all windows are known.
    fn add_by_windows(&mut self, windows: &Windows, u: Words) {
        let digits = digits::<8, DIGITS_OF_8>(u);
        for window in (0..DIGITS_OF_8).step_by(2) {
            self.add(entry(windows, window, digits[window]), entry(windows, window + 1, digits[window + 1]));
        }
    }
}

/// Whether x ≡ r modulo n, x being X/ZZ of the low element; `None` when ZZ is 0. No inversion: X against r·ZZ, and
/// against (r + n)·ZZ where r + n is below p.
pub(super) fn x_is<C: Curve>(x: &C::Stored, zz: &C::Stored, r: Words) -> Option<bool> {
    let sides = C::merge(x, &C::swapped(zz));
    let against = |r: Words| C::pack(&C::mul(&C::unpack(&ONE, &r), &sides));
    let [x, r_zz] = against(r);
    // r is not 0 modulo p, so the product is 0 only when ZZ is.
    if r_zz == ZERO {
        return None;
    }
    let (next, over) = words::add(r, N);
    Some(x == r_zz || !over && words::less(next, P) && x == against(next)[1])
}

/// u₁·G + u₂·Q bit by bit, with every sum looked at. `None` is the point at infinity.
fn complete_sum<C: Curve>(g: Base<'_>, q: Base<'_>, u1: Words, u2: Words) -> Option<Points<C::Stored>> {
    let mut sum = None;
    for bit in (0..256).rev() {
        if let Some(sum) = &mut sum {
            C::double(sum);
        }
        for (base, u) in [(g, u1), (q, u2)] {
            if u[bit / 64] >> (bit % 64) & 1 == 1 {
                sum = complete_add::<C>(sum, base.point);
            }
        }
    }
    sum
}

/// Both lanes do the same.
fn complete_add<C: Curve>(sum: Option<Points<C::Stored>>, point: &Affine) -> Option<Points<C::Stored>> {
    let lifted = lift::<C>(point, point);
    let Some(mut sum) = sum else { return Some(lifted) };
    C::add(&mut sum, point, point, [false; 2]);
    if C::pack(&sum.zz)[0] != ZERO {
        return Some(sum);
    }
    // The same x. Then X is R², which is 0 when y is the same too.
    let mut double = lifted;
    C::double(&mut double);
    (C::pack(&sum.x)[0] == ZERO).then_some(double)
}
