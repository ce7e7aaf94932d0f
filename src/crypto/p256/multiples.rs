//! Multiples of points: the windows that a table is made of, one at a time, and the few that a key without one needs.

use super::curve::Curve;
use super::inverse::Modulus;
use super::point::{Affine, Points};
use super::scalar::DIGITS_OF_8;
use super::words::{P, Words};

/// The field's modulus.
static FIELD: Modulus = Modulus::new(P);

/// Windows of a whole table, of 8 bits each.
pub(super) const WINDOWS: usize = DIGITS_OF_8;
/// Points of a window: a digit is at most 128 in magnitude.
const WINDOW_POINTS: usize = 128;

/// What [`Windows::grow`] makes: 8 doublings of 9 products, 64 additions of 10, and for the 65 pairs that become affine a
/// product each on the way to the one inversion and 6 on the way back, and 2 about it. No call makes more for tables, a
/// product of pairs being two field multiplications.
#[cfg(test)]
pub(super) const WINDOW_PRODUCTS: usize = 8 * 9 + 64 * 10 + 65 * (1 + 6) + 2;

/// One line of the processor's cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Entry(Affine);

/// A point times the powers of 2^8, as far as they are known: for each power its multiples by 1 to 128.
pub(super) struct Windows {
    entries: Vec<Entry>,
    /// The point times 2^(8·k), where k windows are known.
    next: Affine,
}

impl Windows {
    /// Bytes of a whole table.
    pub(super) const BYTES: usize = WINDOWS * WINDOW_POINTS * size_of::<Affine>();

    /// None are known of `point`.
    pub(super) const fn new(point: Affine) -> Self {
        Self { entries: Vec::new(), next: point }
    }

    pub(super) fn is_complete(&self) -> bool {
        self.entries.len() == WINDOWS * WINDOW_POINTS
    }

    /// How many windows are known.
    #[cfg(test)]
    pub(super) fn made(&self) -> usize {
        self.entries.len() / WINDOW_POINTS
    }

    /// The bytes that they take.
    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.entries.capacity() * size_of::<Affine>()
    }

    /// The point times `digit`·2^(8·`window`), up to the sign; `None` for the digit 0.
    pub(super) fn entry(&self, window: usize, digit: i16) -> Option<&Affine> {
        let multiple = usize::from(digit.unsigned_abs()).checked_sub(1)?;
        self.entries.get(window * WINDOW_POINTS + multiple).map(|entry| &entry.0)
    }

    /// Makes one more window.
    ///
    /// In one lane the multiples 2 to 65, in the other 64 to 127, by additions of the point; 128, and the 256 that is the
    /// next window's point, by doublings. No two equal points are ever added.
    pub(super) fn grow<C: Curve>(&mut self) {
        let point = self.next;
        let mut points = lift::<C>(&point, &point);
        C::double(&mut points);
        let two = points;
        for _ in 0..5 {
            C::double(&mut points);
        }
        let mut last = points;
        C::double(&mut last);
        let one_twenty_eight = last;
        C::double(&mut last);
        points = merge::<C>(&two, &points);
        let mut pairs = Vec::with_capacity(WINDOW_POINTS / 2 + 1);
        for _ in 0..WINDOW_POINTS / 2 {
            pairs.push(points);
            C::add(&mut points, &point, &point, [false; 2]);
        }
        pairs.push(merge::<C>(&one_twenty_eight, &last));
        let mut multiples = affine::<C>(&pairs);
        let Some([one_twenty_eight, next]) = multiples.pop() else { return };
        self.entries.reserve_exact(WINDOW_POINTS);
        self.entries.push(Entry(point));
        // Without 64 and 65, which the other lane has too.
        self.entries.extend(multiples.iter().take(WINDOW_POINTS / 2 - 2).map(|pair| Entry(pair[0])));
        self.entries.extend(multiples.iter().map(|pair| Entry(pair[1])));
        self.entries.push(Entry(one_twenty_eight));
        self.next = next;
    }
}

/// Two points times 1 to 8.
pub(super) type Near = [[Affine; 2]; 8];

/// The multiples of two points by 1 to 8.
pub(super) fn near<C: Curve>(low: &Affine, high: &Affine) -> Near {
    let mut points = lift::<C>(low, high);
    let mut pairs = Vec::with_capacity(7);
    C::double(&mut points);
    pairs.push(points);
    for _ in 3..=8 {
        C::add(&mut points, low, high, [false; 2]);
        pairs.push(points);
    }
    let mut near = [[*low, *high]; 8];
    for (entry, pair) in near.iter_mut().skip(1).zip(affine::<C>(&pairs)) {
        *entry = pair;
    }
    near
}

/// 2^128 times the point.
pub(super) fn half<C: Curve>(point: &Affine) -> Affine {
    let mut points = lift::<C>(point, point);
    for _ in 0..128 {
        C::double(&mut points);
    }
    affine::<C>(&[points]).first().map_or(*point, |pair| pair[0])
}

/// A point in the kernel's Montgomery form.
pub(super) fn entered<C: Curve>(point: &[Words; 2]) -> Affine {
    C::pack(&C::mul(&C::unpack(&point[0], &point[1]), &C::unpack(&C::ENTRY, &C::ENTRY)))
}

/// Both points with ZZ = 1.
pub(super) fn lift<C: Curve>(low: &Affine, high: &Affine) -> Points<C::Stored> {
    let one = C::unpack(&C::ONE, &C::ONE);
    Points { x: C::unpack(&low[0], &high[0]), y: C::unpack(&low[1], &high[1]), zz: one, zzz: one }
}

/// The first pair's low point and the second's high one.
pub(super) fn merge<C: Curve>(low: &Points<C::Stored>, high: &Points<C::Stored>) -> Points<C::Stored> {
    Points {
        x: C::merge(&low.x, &high.x),
        y: C::merge(&low.y, &high.y),
        zz: C::merge(&low.zz, &high.zz),
        zzz: C::merge(&low.zzz, &high.zzz),
    }
}

/// The same points, affine. None of them is the point at infinity.
///
/// One inversion for all (Montgomery's trick).
fn affine<C: Curve>(pairs: &[Points<C::Stored>]) -> Vec<[Affine; 2]> {
    // products[i] is that of the ZZZ before the pair i.
    let mut products = Vec::with_capacity(pairs.len());
    let mut product = C::unpack(&C::ONE, &C::ONE);
    for pair in pairs {
        products.push(product);
        product = C::mul(&product, &pair.zzz);
    }
    // 1/a = b/(a·b) beside 1/b = a/(a·b).
    let swapped = C::swapped(&product);
    let [both, _] = C::pack(&C::mul(&product, &swapped));
    // `both` is a·b·R, and R²/(a·b·R) is 1/(a·b) in Montgomery form.
    let inverse = FIELD.divide(C::ENTRY, both);
    let mut inverse = C::mul(&C::unpack(&inverse, &inverse), &swapped);
    let mut affine = Vec::with_capacity(pairs.len());
    for (pair, product) in pairs.iter().zip(&products).rev() {
        let inverse_zzz = C::mul(&inverse, product);
        inverse = C::mul(&inverse, &pair.zzz);
        // ZZ/ZZZ is 1/Z, and its square 1/ZZ.
        let inverse_zz = C::square(&C::mul(&inverse_zzz, &pair.zz));
        let [x_low, x_high] = C::pack(&C::mul(&inverse_zz, &pair.x));
        let [y_low, y_high] = C::pack(&C::mul(&inverse_zzz, &pair.y));
        affine.push([[x_low, y_low], [x_high, y_high]]);
    }
    affine.reverse();
    affine
}
