//! The signature check: x(u₁·G + u₂·Q) against r (FIPS 186-5 section 6.4.2). Variable time: everything in it is public.

use super::curve::Curve;
use super::multiples::{Comb, TEETH, TOOTH_BITS, TOOTH_DIGITS, WINDOW_BITS, WINDOWS, Windows, double, lift};
use super::point::{Affine, Points};
use super::scalar::{multipliers, odd_digits};
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
    /// All its windows: additions alone.
    Windows(&'b Windows),
    /// Its comb: a few doublings too.
    Comb(&'b Comb),
}

/// Whether (r, s) is a signature of the hash `e` under the key `q`. `r` and `s` are in [1, n).
pub(super) fn holds<C: Curve>(g: Base<'_>, q: Base<'_>, e: Words, r: Words, s: Words) -> bool {
    let (u1, u2) = multipliers(e, r, s);
    holds_for::<C>([(g, u1), (q, u2)], r)
}

/// Whether x(u₁·G + u₂·Q) ≡ r modulo n.
pub(super) fn holds_for<C: Curve>(terms: [(Base<'_>, Words); 2], r: Words) -> bool {
    let quick = sum::<C>(terms).and_then(|points| {
        let (x, zz) = C::sum_of_both(&points);
        x_is::<C>(&x, &zz, r)
    });
    // A sum on the way was one that the incomplete formulas can't make.
    quick.unwrap_or_else(|| {
        complete_sum::<C>(terms).is_some_and(|point| x_is::<C>(&point.x, &point.zz, r) == Some(true))
    })
}

/// Two points whose sum is u₁·G + u₂·Q.
fn sum<C: Curve>(terms: [(Base<'_>, Words); 2]) -> Option<Points<C::Stored>> {
    let combs = terms.map(|(base, u)| match base.means {
        Means::Comb(comb) => Some((comb, odd_digits::<TOOTH_BITS, { TEETH * TOOTH_DIGITS }>(u))),
        Means::Windows(_) => None,
    });
    let windows = terms.map(|(base, u)| match base.means {
        Means::Windows(windows) => Some((windows, odd_digits::<WINDOW_BITS, WINDOWS>(u))),
        Means::Comb(_) => None,
    });
    for (windows, digits) in windows.iter().flatten() {
        touch(windows, digits);
    }
    let mut sums = Sums::<C>(None);
    for position in (0..TOOTH_DIGITS).rev() {
        sums.double(TOOTH_BITS);
        for (comb, digits) in combs.iter().flatten() {
            let entry = |tooth| {
                let digit = digits[tooth * TOOTH_DIGITS + position];
                Some((comb.entry(tooth, digit)?, digit < 0))
            };
            for tooth in (0..TEETH).step_by(2) {
                sums.add(entry(tooth)?, entry(tooth + 1)?);
            }
        }
    }
    for (windows, digits) in windows.iter().flatten() {
        sums.add_windows(windows, digits)?;
    }
    sums.0
}

/// Reads a word of each entry that a sum will use. Together they come out of memory at once; in the sum each would be waited
/// for, because an addition fills what the processor looks ahead.
fn touch(windows: &Windows, digits: &[i16; WINDOWS]) {
    let words =
        digits.iter().enumerate().filter_map(|(window, digit)| windows.entry(window, *digit)).map(|entry| entry[0][0]);
    core::hint::black_box(words.fold(0, |all, word| all ^ word));
}

/// An entry to add, and whether its negative.
type Entry<'e> = (&'e Affine, bool);

/// Two sums, one in each lane; none before the first entries.
struct Sums<C: Curve>(Option<Points<C::Stored>>);

impl<C: Curve> Sums<C> {
    fn add(&mut self, low: Entry<'_>, high: Entry<'_>) {
        match &mut self.0 {
            Some(points) => C::add(points, low.0, high.0, [low.1, high.1]),
            None => {
                let signed =
                    |(entry, negative): Entry<'_>| if negative { [entry[0], negated_mod_p(entry[1])] } else { *entry };
                self.0 = Some(lift::<C>(&signed(low), &signed(high)));
            }
        }
    }

    /// Out of line: no table is complete at first.
    #[inline(never)]
    fn add_windows(&mut self, windows: &Windows, digits: &[i16; WINDOWS]) -> Option<()> {
        let entry = |window| Some((windows.entry(window, digits[window])?, digits[window] < 0));
        for window in (0..WINDOWS).step_by(2) {
            self.add(entry(window)?, entry(window + 1)?);
        }
        Some(())
    }

    fn double(&mut self, times: usize) {
        if let Some(points) = &mut self.0 {
            double::<C>(points, times);
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
#[cold]
#[inline(never)]
fn complete_sum<C: Curve>(terms: [(Base<'_>, Words); 2]) -> Option<Points<C::Stored>> {
    let mut sum = None;
    for bit in (0..256).rev() {
        if let Some(sum) = &mut sum {
            C::double(sum);
        }
        for (base, u) in terms {
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
