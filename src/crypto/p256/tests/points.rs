//! Points and their multiples against the `p256` crate.

use super::super::known::H;
use super::super::multiples::{Comb, TEETH, WINDOWS, lift, merge};
use super::super::on_curve;
use super::super::point::Points;
use super::super::words::{G, ZERO, negated_mod_p};
use super::edges::with_y;
use super::*;

for_each_kernel! {
    sums_and_doubles_are_right
    what_cannot_be_added_leaves_zz_zero_for_good
    every_entry_of_the_windows_is_right
    every_entry_of_a_comb_is_right
    only_points_on_the_curve_are_taken
    the_generators_are_right
}

/// Numbers in Montgomery form back: times 1/R, as the product with 1.
fn left<C: Curve>(numbers: &[Words; 2]) -> [Words; 2] {
    C::pack(&C::mul(&C::unpack(&numbers[0], &numbers[1]), &C::unpack(&small(1), &small(1))))
}

/// Both points' x and y by big integers; `None` where ZZ is 0.
fn affine<C: Curve>(points: &Points<C::Stored>) -> [Option<[Words; 2]>; 2] {
    let [x, y, zz, zzz] = [&points.x, &points.y, &points.zz, &points.zzz].map(C::pack);
    [0, 1].map(|lane| {
        let over = |numerator: &Words, denominator: &Words| {
            let inverse = big(denominator).modpow(&(prime() - 2u8), &prime());
            words(&(big(numerator) * inverse % prime()))
        };
        assert_eq!(zz[lane] == ZERO, zzz[lane] == ZERO);
        (zz[lane] != ZERO).then(|| [over(&x[lane], &zz[lane]), over(&y[lane], &zzz[lane])])
    })
}

/// The points with a ZZ of its own each: x·z², y·z³, z², z³.
fn scaled<C: Curve>(points: [&ProjectivePoint; 2], z: &[Words; 2]) -> Points<C::Stored> {
    let [low, high] = points.map(|point| entered::<C>(&coordinates(point).unwrap()));
    let lifted = lift::<C>(&low, &high);
    let z = C::unpack(&z[0], &z[1]);
    let zz = C::square(&z);
    let zzz = C::mul(&z, &zz);
    Points { x: C::mul(&lifted.x, &zz), y: C::mul(&lifted.y, &zzz), zz, zzz }
}

fn sums_and_doubles_are_right<C: Tested>() {
    let mut random = Sequence::new();
    let mut sums = [random.point(), random.point()];
    let mut points = scaled::<C>([&sums[0], &sums[1]], &[random.element(), random.element()]);
    for _ in 0..cases(1_000) {
        random.next_case();
        if random.one_in(3) {
            C::double(&mut points);
            sums = sums.map(|sum| sum + sum);
        } else {
            let others = [random.point(), random.point()];
            let negative = [random.one_in(2), random.one_in(2)];
            let [low, high] = others.each_ref().map(|point| entered::<C>(&coordinates(point).unwrap()));
            C::add(&mut points, &low, &high, negative);
            sums =
                [0, 1].map(|lane| if negative[lane] { sums[lane] - others[lane] } else { sums[lane] + others[lane] });
        }
        assert_eq!(affine::<C>(&points), sums.each_ref().map(coordinates), "{random}");
        let (x, zz) = C::sum_of_both(&points);
        let [x, zz] = [C::pack(&x), C::pack(&zz)];
        let [sum, _] = coordinates(&(sums[0] + sums[1])).unwrap();
        let sum = entered::<C>(&[sum, sum])[0];
        for lane in [0, 1] {
            // X = x·ZZ, all three times R.
            let [x, zz] = left::<C>(&[x[lane], zz[lane]]);
            let [sum, _] = left::<C>(&[sum, sum]);
            assert_eq!(words(&(big(&sum) * big(&zz) % prime())), x, "{random}, lane {lane}");
        }
        if random.one_in(8) {
            let z = [random.element(), random.element()];
            points = scaled::<C>([&sums[0], &sums[1]], &z);
        }
    }
}

fn what_cannot_be_added_leaves_zz_zero_for_good<C: Tested>() {
    let mut random = Sequence::new();
    for _ in 0..20 {
        random.next_case();
        let (same, other, far) = (random.point(), random.point(), random.point());
        let [low, high] = [&same, &other].map(|point| entered::<C>(&coordinates(point).unwrap()));
        for negative in [false, true] {
            let mut points = scaled::<C>([&same, &far], &[random.element(), random.element()]);
            C::add(&mut points, &low, &high, [negative, false]);
            // Where the points are equal X is 0 too, where they are opposite it is not.
            assert_eq!(C::pack(&points.x)[0] == ZERO, !negative, "{random}");
            for _ in 0..3 {
                let [sum, right] = affine::<C>(&points);
                assert!(sum.is_none() && right.is_some(), "{random}");
                assert_eq!(C::pack(&C::sum_of_both(&points).1), [ZERO; 2], "{random}");
                C::add(&mut points, &high, &low, [false; 2]);
                C::double(&mut points);
            }
        }
        // The sum of equal points, and of opposite ones.
        for twin in [same, -same] {
            let points = scaled::<C>([&same, &twin], &[random.element(), random.element()]);
            assert_eq!(C::pack(&C::sum_of_both(&points).1), [ZERO; 2], "{random}");
        }
    }
}

fn every_entry_of_the_windows_is_right<C: Tested>() {
    let mut random = Sequence::new();
    for (point, some) in [(ProjectivePoint::GENERATOR, 1), (random.point(), 9), (-random.point(), 13)] {
        let key = Key::<C>::new(point);
        let mut power = point;
        for window in 0..WINDOWS {
            let (mut multiple, twice) = (power, power + power);
            for digit in (1..=255_i16).step_by(2) {
                if digit % some == 0 || digit > 245 {
                    let entry = key.windows.entry(window, digit).unwrap();
                    assert_eq!(*entry, entered::<C>(&coordinates(&multiple).unwrap()), "{digit}·2^(8·{window})");
                    assert_eq!(key.windows.entry(window, -digit), Some(entry));
                }
                multiple += twice;
            }
            power = times(&power, &small(256));
        }
        assert_eq!(key.windows.entry(WINDOWS, 1), None);
    }
}

fn every_entry_of_a_comb_is_right<C: Tested>() {
    let mut random = Sequence::new();
    let (g, p, q) = (ProjectivePoint::GENERATOR, random.point(), -random.point());
    let comb_of = |point| Comb::new::<C>(&entered::<C>(&coordinates(&point).unwrap()));
    for (point, comb) in [(g, comb_of(g)), (g, Comb::of_generator::<C>()), (p, comb_of(p)), (q, comb_of(q))] {
        for tooth in 0..TEETH {
            let power = times(&point, &words(&power_of_two(33 * tooth)));
            for digit in [1, 3, 5, 7_i16] {
                let entry = comb.entry(tooth, digit).unwrap();
                let multiple = times(&power, &small(digit.unsigned_abs().into()));
                assert_eq!(*entry, entered::<C>(&coordinates(&multiple).unwrap()), "{digit}·2^(33·{tooth})");
                assert_eq!(comb.entry(tooth, -digit), Some(entry));
            }
        }
        assert_eq!((comb.entry(TEETH, 1), comb.entry(0, 9)), (None, None));
    }
}

fn the_generators_are_right<C: Tested>() {
    assert_eq!(coordinates(&ProjectivePoint::GENERATOR), Some(G));
    assert_eq!(coordinates(&times(&ProjectivePoint::GENERATOR, &words(&power_of_two(128)))), Some(H));
    assert_eq!(C::generator(), &entered::<C>(&G));
    assert_eq!(left::<C>(C::generator()), G);
}

fn only_points_on_the_curve_are_taken<C: Tested>() {
    let mut random = Sequence::new();
    let taken = |x: &Words, y: &Words| {
        use super::super::PublicKey;
        let [x, y] = [x, y].map(|number| bytes(number).into());
        PublicKey::new(C::KERNEL, &x, &y).is_some()
    };
    let edges = [small(0), small(1), small(2), words(&(prime() - 1u8)), P, words(&(prime() + 1u8)), [u64::MAX; 4], N];
    for x in edges {
        for y in edges {
            assert_eq!(taken(&x, &y), point(&x, &y).is_some(), "{x:x?} {y:x?}");
        }
        let Some([x, y]) = (big(&x) < prime()).then(|| with_x(&x)).flatten().and_then(|point| coordinates(&point))
        else {
            continue;
        };
        assert!(taken(&x, &y) && taken(&x, &negated_mod_p(y)), "{x:x?}");
    }
    // A point with p added to a coordinate is no other spelling of it.
    let beyond = |number: &Words| words(&(big(number) + prime()));
    let mut spelled_twice = [0, 0];
    for t in 0..12 {
        if let Some([x, y]) = with_x(&small(t)).as_ref().and_then(coordinates) {
            assert!(taken(&x, &y) && !taken(&beyond(&x), &y), "{x:x?}");
            spelled_twice[0] += 1;
        }
        if let Some([x, y]) = with_y(&small(t)).as_ref().and_then(coordinates) {
            assert!(taken(&x, &y) && !taken(&x, &beyond(&y)), "{y:x?}");
            spelled_twice[1] += 1;
        }
    }
    assert!(spelled_twice[0] > 2 && spelled_twice[1] > 2, "{spelled_twice:?}");
    for _ in 0..cases(300) {
        random.next_case();
        let [x, y] = coordinates(&random.point()).unwrap();
        assert!(taken(&x, &y), "{random}");
        assert!(taken(&x, &negated_mod_p(y)), "{random}");
        assert_eq!(taken(&y, &x), point(&y, &x).is_some(), "{random}");
        let bit = random.below(256);
        let mut flipped = y;
        flipped[bit as usize / 64] ^= 1 << (bit % 64);
        assert_eq!(taken(&x, &flipped), point(&x, &flipped).is_some(), "{random}");
        assert_eq!(on_curve::<C>(&[x, flipped]).is_some(), point(&x, &flipped).is_some(), "{random}");
        let low = [entered::<C>(&[x, y]), *C::generator()];
        let merged = merge::<C>(&lift::<C>(&low[0], &low[0]), &lift::<C>(&low[1], &low[1]));
        assert_eq!(affine::<C>(&merged), [Some([x, y]), Some(G)].map(Some).map(Option::unwrap), "{random}");
    }
}
