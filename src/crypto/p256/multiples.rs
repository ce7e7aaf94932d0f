//! Odd multiples of points: the windows that a table is made of, one at a time, and the comb that a key without one needs.

use super::curve::Curve;
use super::inverse::Modulus;
use super::point::{Affine, Points};
use super::words::{P, Words};

/// The field's modulus.
static FIELD: Modulus = Modulus::new(P);

/// Bits of a digit whose multiple a window has.
pub(super) const WINDOW_BITS: usize = 8;
/// Windows of a whole table, as many as there are digits.
pub(super) const WINDOWS: usize = 256 / WINDOW_BITS;
/// Points of a window: the odd digits, without their signs.
const WINDOW_POINTS: usize = 1 << (WINDOW_BITS - 1);

/// What [`Windows::grow`] makes: 8 doublings of 9 products, 64 additions of 10, and for the 66 pairs that become affine a
/// product each on the way to the inversion and 6 on the way back, and 2 about each of the two inversions. No call makes more
/// for tables, a product of pairs being two field multiplications.
#[cfg(test)]
pub(super) const WINDOW_PRODUCTS: usize = 8 * 9 + 64 * 10 + 66 * (1 + 6) + 2 * 2;

/// One line of the processor's cache.
#[derive(Clone, Copy)]
#[repr(align(64))]
struct Entry(Affine);

/// A point times the powers of 2^8, as far as they are known: for each power its multiples by 1, 3, 5 to 255.
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

    /// The point times `digit`·2^(8·`window`), up to the sign; `None` where it is not known. The digit is odd.
    pub(super) fn entry(&self, window: usize, digit: i16) -> Option<&Affine> {
        self.entries.get(window * WINDOW_POINTS + usize::from(digit.unsigned_abs() / 2)).map(|entry| &entry.0)
    }

    /// Makes one more window: in one lane the multiples 1 to 127, in the other 129 to 255. No two equal points are ever added.
    pub(super) fn grow<C: Curve>(&mut self) {
        let point = self.next;
        let one = lift::<C>(&point, &point);
        let mut power = one;
        C::double(&mut power);
        let Some([two, _]) = affine::<C>(&[power]).pop() else { return };
        for _ in 1..WINDOW_BITS - 1 {
            C::double(&mut power);
        }
        let mut beyond = power;
        C::add(&mut beyond, &point, &point, [false; 2]);
        C::double(&mut power);
        let mut pairs = odd::<C>(merge::<C>(&one, &beyond), [&two, &two], WINDOW_POINTS / 2);
        pairs.push(power);
        let mut multiples = affine::<C>(&pairs);
        let Some([next, _]) = multiples.pop() else { return };
        self.entries.reserve_exact(WINDOW_POINTS);
        for lane in [0, 1] {
            self.entries.extend(multiples.iter().map(|pair| Entry(pair[lane])));
        }
        self.next = next;
    }
}

/// Bits of a digit whose multiple a comb has.
pub(super) const TOOTH_BITS: usize = 3;
/// Teeth of a comb.
pub(super) const TEETH: usize = 8;
/// Digits for which a tooth is used: with those of all teeth they are more bits than a scalar has.
pub(super) const TOOTH_DIGITS: usize = 11;
/// Points of a tooth: the odd digits, without their signs.
const TOOTH_POINTS: usize = 1 << (TOOTH_BITS - 1);

/// A point times the powers of 2^33, as many as a scalar has: each by 1, 3, 5 and 7. 2 KiB.
#[derive(Clone)]
pub(super) struct Comb([[Affine; TOOTH_POINTS]; TEETH]);

impl Comb {
    /// What [`Comb::new`] makes: 232 doublings of 9 products, 12 additions of 10, 8 and 16 pairs that become affine, each
    /// with an inversion.
    #[cfg(test)]
    pub(super) const PRODUCTS: usize = 232 * 9 + 12 * 10 + (8 + 16) * (1 + 6) + 2 * 2;

    /// The comb of `point`.
    pub(super) fn new<C: Curve>(point: &Affine) -> Self {
        let mut power = lift::<C>(point, point);
        let mut powers = Vec::with_capacity(TEETH);
        for tooth in 0..TEETH {
            if tooth > 0 {
                for _ in 1..TOOTH_BITS * TOOTH_DIGITS {
                    C::double(&mut power);
                }
            }
            let one = power;
            C::double(&mut power);
            powers.push(merge::<C>(&one, &power));
        }
        // Each tooth's point, and twice that.
        let powers = affine::<C>(&powers);
        let mut pairs = Vec::with_capacity(TEETH / 2 * TOOTH_POINTS);
        for [low, high] in powers.as_chunks().0 {
            pairs.extend(odd::<C>(lift::<C>(&low[0], &high[0]), [&low[1], &high[1]], TOOTH_POINTS));
        }
        let multiples = affine::<C>(&pairs);
        Self(core::array::from_fn(|tooth| core::array::from_fn(|i| multiples[tooth / 2 * TOOTH_POINTS + i][tooth % 2])))
    }

    /// The point times `digit`·2^(33·`tooth`), up to the sign. The digit is odd.
    pub(super) fn entry(&self, tooth: usize, digit: i16) -> Option<&Affine> {
        self.0.get(tooth)?.get(usize::from(digit.unsigned_abs() / 2))
    }
}

/// `count` pairs: the first, and each the one before it plus `twice`.
fn odd<C: Curve>(first: Points<C::Stored>, twice: [&Affine; 2], count: usize) -> Vec<Points<C::Stored>> {
    let mut last = first;
    let mut pairs = Vec::with_capacity(count + 1);
    pairs.push(first);
    for _ in 1..count {
        C::add(&mut last, twice[0], twice[1], [false; 2]);
        pairs.push(last);
    }
    pairs
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
