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
    #[inline(never)]
    pub(super) fn grow<C: Curve>(&mut self) {
        let point = self.next;
        let one = lift::<C>(&point, &point);
        let mut power = one;
        C::double(&mut power);
        let Some([two, _]) = affine::<C>(&[power]).pop() else { return };
        double::<C>(&mut power, WINDOW_BITS - 2);
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

/// 2^(33·k)·G for k from 1 to 7, from other arithmetic: a test holds them against the `p256` crate's. The doublings would be
/// most of a process's first verification.
const GENERATOR_TEETH: [[Words; 2]; TEETH - 1] = [
    [
        [0x336d_d1e7_c682_78c2, 0xa1dd_10b8_a60e_47c0, 0x6554_caa3_43ad_fa5a, 0x6177_9471_4786_4343],
        [0x9d03_ecb2_efab_d2cf, 0x3279_6999_2317_a1a6, 0x03bf_f005_c898_6473, 0x4ece_e7d5_a568_791f],
    ],
    [
        [0x015e_2e65_580b_2322, 0x4ecc_ac60_9651_3cca, 0xf957_1975_c0d5_934a, 0xa716_3c2b_9b97_3c17],
        [0x3933_b223_2197_ffe9, 0xb841_a4f4_e099_52d7, 0x6338_9991_545a_6b7a, 0x308a_9a79_7af3_1fa5],
    ],
    [
        [0x355c_95a1_fd69_8f73, 0xcb4c_b3a7_2a5c_98ea, 0x676e_37e7_fc8b_8d71, 0x9c7a_4efa_52a3_2680],
        [0x1224_43bd_120c_f142, 0x94b0_7cd5_ea87_9e7c, 0x16c4_24c1_d0ad_e69b, 0xa2c4_a71a_b215_0c7b],
    ],
    [
        [0x1ebd_8bac_137d_e736, 0xa2f8_d561_8688_ce24, 0x8937_542b_8cde_c18e, 0x9022_e314_949c_cf3e],
        [0xf4ef_5c08_44c4_2ecc, 0x7f49_366c_44ea_7657, 0x66d0_bb04_5226_ce08, 0x2fae_5e4f_2904_a394],
    ],
    [
        [0xad18_0dc0_caed_764b, 0x227f_1d75_86bd_4cb5, 0x2626_f6ca_66f6_a11f, 0x7e45_73da_81bc_84dc],
        [0x9c83_115f_17c2_f2f7, 0x2fed_f3c7_d11e_7fb4, 0xf1bb_9fc9_3651_b20b, 0x8cbb_effd_9606_9f25],
    ],
    [
        [0x919b_1597_b43c_7e8d, 0x0853_3abe_ef21_60f4, 0x9792_80de_26da_6cde, 0x92f9_a6f9_3fa3_7761],
        [0x7746_0555_52bf_1285, 0x7309_284e_cea3_1289, 0xed41_d3a6_f5e5_42df, 0xbf61_8d71_5147_afe8],
    ],
    [
        [0x1617_acdc_dbc1_0ba4, 0xbc7c_0ed1_7ff7_8b36, 0x6a3e_fdd5_ad26_52c1, 0x948f_395d_3e84_5445],
        [0x1a6b_40ca_6da2_be0f, 0x5a63_d297_ffd0_987c, 0x72a4_1300_a1b5_a9ef, 0x98ba_0006_d11a_e9b5],
    ],
];

impl Comb {
    /// What [`Comb::new`] makes: 231 doublings of 9 products and 4 pairs that become affine, with an inversion; and what
    /// [`Comb::of_teeth`] makes: 4 doublings of 9, 12 additions of 10, 4 and 16 pairs that become affine, each with an inversion.
    #[cfg(test)]
    pub(super) const PRODUCTS: usize = 231 * 9 + 4 * 9 + 12 * 10 + (4 + 4 + 16) * (1 + 6) + 3 * 2;

    /// The comb of `point`.
    pub(super) fn new<C: Curve>(point: &Affine) -> Self {
        let mut power = lift::<C>(point, point);
        let mut teeth = Vec::with_capacity(TEETH / 2);
        for tooth in 0..TEETH / 2 {
            if tooth > 0 {
                double::<C>(&mut power, TOOTH_BITS * TOOTH_DIGITS);
            }
            let low = power;
            double::<C>(&mut power, TOOTH_BITS * TOOTH_DIGITS);
            teeth.push(merge::<C>(&low, &power));
        }
        Self::of_teeth::<C>(&affine::<C>(&teeth))
    }

    /// The comb of G.
    pub(super) fn of_generator<C: Curve>() -> Self {
        let mut teeth = [[*C::generator(); 2]; TEETH / 2];
        for (tooth, point) in teeth.as_flattened_mut().iter_mut().skip(1).zip(&GENERATOR_TEETH) {
            *tooth = entered::<C>(point);
        }
        Self::of_teeth::<C>(&teeth)
    }

    /// The comb of a point, from the point times the powers of 2^33.
    fn of_teeth<C: Curve>(teeth: &[[Affine; 2]]) -> Self {
        let twice = |[low, high]: &[Affine; 2]| {
            let mut pair = lift::<C>(low, high);
            C::double(&mut pair);
            pair
        };
        let twice = affine::<C>(&teeth.iter().map(twice).collect::<Vec<_>>());
        let mut pairs = Vec::with_capacity(TEETH / 2 * TOOTH_POINTS);
        for ([low, high], [twice_low, twice_high]) in teeth.iter().zip(&twice) {
            pairs.extend(odd::<C>(lift::<C>(low, high), [twice_low, twice_high], TOOTH_POINTS));
        }
        let multiples = affine::<C>(&pairs);
        Self(core::array::from_fn(|tooth| core::array::from_fn(|i| multiples[tooth / 2 * TOOTH_POINTS + i][tooth % 2])))
    }

    /// The point times `digit`·2^(33·`tooth`), up to the sign. The digit is odd.
    pub(super) fn entry(&self, tooth: usize, digit: i16) -> Option<&Affine> {
        self.0.get(tooth)?.get(usize::from(digit.unsigned_abs() / 2))
    }
}

pub(super) fn double<C: Curve>(points: &mut Points<C::Stored>, times: usize) {
    for _ in 0..times {
        C::double(points);
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
