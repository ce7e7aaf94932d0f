//! Field arithmetic against big integers, at random and with every limb as large as it may get.

use rsa::BigUint;

use super::*;

for_each_kernel! {
    what_is_unpacked_is_packed_again
    random_products_are_right
    products_of_the_largest_limbs_are_right
    limbs_of_every_size_pack_to_the_right_number
    merged_and_swapped_pairs_keep_their_elements
}

/// What is added, and what is taken away: Σ limbs[i]·2^(BITS·i).
fn value<C: Tested>(limbs: &[i64]) -> [BigUint; 2] {
    let mut value = [BigUint::from(0u8), BigUint::from(0u8)];
    for (place, limb) in limbs.iter().enumerate() {
        value[usize::from(*limb < 0)] += BigUint::from(limb.unsigned_abs()) << (place * C::BITS);
    }
    value
}

/// Modulo p.
fn residue([more, less]: &[BigUint; 2]) -> BigUint {
    (more + (prime() - less % prime())) % prime()
}

fn radix<C: Tested>() -> BigUint {
    power_of_two(C::BITS * C::LIMBS)
}

/// The value is within ±`times`·p/8.
fn is_within([more, less]: &[BigUint; 2], eighths: u64) -> bool {
    let (larger, smaller) = if more > less { (more, less) } else { (less, more) };
    (larger - smaller) * 8u8 <= prime() * eighths
}

/// Says that `found` is a product: congruent to `expected` times 1/R, small and with the limbs of one.
fn is_product<C: Tested>(found: &C::Stored, expected: [BigUint; 2], what: impl Display) {
    for ((limbs, packed), expected) in C::limbs(found).iter().zip(C::pack(found)).zip(expected) {
        let value = value::<C>(limbs);
        assert_eq!(residue(&value) * radix::<C>() % prime(), expected, "{what}");
        assert_eq!(words(&residue(&value)), packed, "packed, {what}");
        let [least, most] = C::PRODUCT;
        let (_, lower) = limbs.split_last().unwrap();
        assert!(lower.iter().all(|limb| (least..=most).contains(limb)), "{limbs:x?}, {what}");
        // Half of p beside (a·b − c·d)/R, and each of its two products is at most 64·p·p/R.
        let ratio = 1 << (C::BITS * C::LIMBS - 256);
        assert!(is_within(&value, 4 + 8 * 2 * 64 / ratio), "{limbs:x?}, {what}");
    }
}

/// An element with limbs from the first to the last of `range`, one in four of them at an end, and a value within ±8p.
fn element<C: Tested>(random: &mut Sequence, [least, most]: [i64; 2]) -> Vec<i64> {
    let mut limbs: Vec<i64> = (1..C::LIMBS)
        .map(|_| match random.below(8) {
            0 => least,
            1 => most,
            2 => *random.choose(&[0, 1, -1, least + 1, most - 1]),
            _ => least + (random.word() % (most - least + 1) as u64) as i64,
        })
        .map(|limb| limb.clamp(least, most))
        .collect();
    // 7·p is above this limb's worth, and what is below adds less than p.
    let highest = 7 << (256 - C::BITS * (C::LIMBS - 1));
    limbs.push(*random.choose(&[0, 1, -1, highest - 1, -highest + 1, highest / 3, -highest / 2]));
    if random.one_in(2) {
        let last = limbs.len() - 1;
        limbs[last] = (random.word() % (2 * highest as u64)) as i64 - highest;
    }
    limbs
}

fn pair<C: Tested>(random: &mut Sequence, range: [i64; 2]) -> ([Vec<i64>; 2], C::Stored) {
    let limbs = [element::<C>(random, range), element::<C>(random, range)];
    let stored = C::stored([&limbs[0], &limbs[1]]);
    (limbs, stored)
}

fn times_in_lanes<C: Tested>(a: &[Vec<i64>; 2], b: &[Vec<i64>; 2]) -> [BigUint; 2] {
    [0, 1].map(|lane| residue(&value::<C>(&a[lane])) * residue(&value::<C>(&b[lane])) % prime())
}

/// Products of what `mul`, `square` and `mul_sub` take: see `Pair`.
fn check_products<C: Tested>(factors: [&([Vec<i64>; 2], C::Stored); 4], what: &str) {
    let [carried, also_carried, loose, product] = factors;
    let expect = |a, b| times_in_lanes::<C>(a, b);
    is_product::<C>(
        &C::mul(&carried.1, &also_carried.1),
        expect(&carried.0, &also_carried.0),
        format_args!("carried, {what}"),
    );
    is_product::<C>(&C::mul(&loose.1, &product.1), expect(&loose.0, &product.0), format_args!("loose, {what}"));
    is_product::<C>(
        &C::mul(&product.1, &loose.1),
        expect(&product.0, &loose.0),
        format_args!("product by loose, {what}"),
    );
    is_product::<C>(&C::square(&carried.1), expect(&carried.0, &carried.0), format_args!("square, {what}"));
    let (first, second) = (expect(&carried.0, &also_carried.0), expect(&loose.0, &product.0));
    let difference = [0, 1].map(|lane| (&first[lane] + prime() - &second[lane]) % prime());
    let found = C::mul_sub(&carried.1, &also_carried.1, &loose.1, &product.1);
    is_product::<C>(&found, difference, format_args!("difference, {what}"));
}

fn random_products_are_right<C: Tested>() {
    let mut random = Sequence::new();
    for _ in 0..cases(4_000) {
        random.next_case();
        let factors = [
            pair::<C>(&mut random, C::CARRIED),
            pair::<C>(&mut random, C::CARRIED),
            pair::<C>(&mut random, [-C::LOOSE, C::LOOSE]),
            pair::<C>(&mut random, C::PRODUCT),
        ];
        check_products::<C>(factors.each_ref(), &random.to_string());
    }
}

fn products_of_the_largest_limbs_are_right<C: Tested>() {
    // Every limb but the highest at an end, or at one and the other in turn; the highest at an end, or 0.
    let extremes = |[least, most]: [i64; 2]| {
        let highest = 7 << (256 - C::BITS * (C::LIMBS - 1));
        let mut pairs = Vec::new();
        for (even, odd) in [(least, least), (most, most), (least, most), (most, least)] {
            for top in [-highest, 0, highest] {
                let mut limbs: Vec<i64> = (0..C::LIMBS).map(|i| if i % 2 == 0 { even } else { odd }).collect();
                limbs[C::LIMBS - 1] = top;
                let other: Vec<i64> = limbs.iter().map(|limb| if *limb == least { most } else { least }).collect();
                let mut other = other;
                other[C::LIMBS - 1] = -top;
                let stored = C::stored([&limbs, &other]);
                pairs.push(([limbs, other], stored));
            }
        }
        pairs
    };
    let carried = extremes(C::CARRIED);
    let loose = extremes([-C::LOOSE, C::LOOSE]);
    let products = extremes(C::PRODUCT);
    for (i, a) in carried.iter().enumerate() {
        for (j, b) in carried.iter().enumerate() {
            for (c, d) in [(i, j), (j, i), (carried.len() - 1 - i, j)] {
                check_products::<C>([a, b, &loose[c], &products[d]], &format!("extremes {i} {j} {c} {d}"));
            }
        }
    }
}

fn limbs_of_every_size_pack_to_the_right_number<C: Tested>() {
    let mut random = Sequence::new();
    for _ in 0..cases(1_000) {
        random.next_case();
        let (limbs, stored) = pair::<C>(&mut random, C::CARRIED);
        let expected = [0, 1].map(|lane| words(&residue(&value::<C>(&limbs[lane]))));
        assert_eq!(C::pack(&stored), expected, "{random}");
    }
    // Small multiples of p, and what lies beside them: where the number of subtractions changes.
    for multiple in 0..=8_u8 {
        for beside in [-2_i64, -1, 0, 1, 2] {
            for negative in [false, true] {
                let number = prime() * multiple + 2u8;
                let number = if beside < 0 { number - beside.unsigned_abs() } else { number + beside.unsigned_abs() };
                if number < BigUint::from(2u8) || number > prime() * 8u8 + 2u8 {
                    continue;
                }
                let number = number - 2u8;
                let mask = (BigUint::from(1u8) << C::BITS) - 1u8;
                let limbs: Vec<i64> =
                    (0..C::LIMBS)
                        .map(|i| {
                            if i + 1 < C::LIMBS { (&number >> (i * C::BITS)) & &mask } else { &number >> (i * C::BITS) }
                        })
                        .map(|limb| i64::try_from(words(&limb)[0]).unwrap())
                        .map(|limb| if negative { -limb } else { limb })
                        .collect();
                if C::KERNEL == Kernel::Scalar && negative {
                    // Carried limbs are not negative: only the value is.
                    continue;
                }
                let expected = words(&residue(&value::<C>(&limbs)));
                assert_eq!(C::pack(&C::stored([&limbs, &limbs])), [expected; 2], "{multiple}·p + {beside}");
            }
        }
    }
}

fn what_is_unpacked_is_packed_again<C: Tested>() {
    let mut random = Sequence::new();
    let ones = [u64::MAX; 4];
    let mut numbers = vec![small(0), small(1), P, N, ones, words(&(prime() - 1u8)), words(&(prime() + 1u8))];
    // A one and a zero at every bit.
    for bit in 0..256 {
        numbers.push(words(&power_of_two(bit)));
        numbers.push(words(&(power_of_two(256) - 1u8 - power_of_two(bit))));
    }
    numbers.extend((0..cases(500)).map(|_| random.words()));
    for pair in numbers.windows(2) {
        let unpacked = C::unpack(&pair[0], &pair[1]);
        let reduced = [0, 1].map(|lane| words(&(big(&pair[lane]) % prime())));
        assert_eq!(C::pack(&unpacked), reduced, "{pair:x?}");
        for (limbs, number) in C::limbs(&unpacked).iter().zip(pair) {
            assert_eq!(value::<C>(limbs), [big(number), BigUint::from(0u8)], "{number:x?}");
            assert!(limbs.iter().all(|limb| (0..1 << C::BITS).contains(limb)), "{limbs:x?}");
        }
    }
}

fn merged_and_swapped_pairs_keep_their_elements<C: Tested>() {
    let mut random = Sequence::new();
    let [a, b, c, d] = core::array::from_fn(|_| random.element());
    let (first, second) = (C::unpack(&a, &b), C::unpack(&c, &d));
    assert_eq!(C::pack(&C::merge(&first, &second)), [a, d]);
    assert_eq!(C::pack(&C::swapped(&first)), [b, a]);
    let one = C::unpack(&C::ONE, &C::ONE);
    assert_eq!(C::pack(&C::mul(&first, &one)), [a, b]);
    assert_eq!(big(&C::ONE), radix::<C>() % prime());
    assert_eq!(big(&C::ENTRY), radix::<C>() * radix::<C>() % prime());
}
