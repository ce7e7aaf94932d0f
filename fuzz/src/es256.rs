//! ES256 against the `p256` crate. A deep case is a signature that holds, made without a verification, or one altered;
//! wherever a kernel does not say what that should give, and now and then where it does, the oracle decides.

use p256::ecdsa::signature::hazmat::PrehashVerifier;
use p256::ecdsa::{Signature, VerifyingKey};
use p256::elliptic_curve::PrimeField;
use p256::elliptic_curve::ops::Reduce;
use p256::elliptic_curve::sec1::{FromSec1Point, ToSec1Point};
use p256::{AffinePoint, FieldBytes, ProjectivePoint, Scalar, Sec1Point};
use tollgate::fuzzing::{ES256_KERNELS, Es256Key, keep_tables};

use crate::Mismatch;
use crate::sequence::Sequence;

/// What is asked of a key.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Signed {
    hash: [u8; 32],
    r: [u8; 32],
    s: [u8; 32],
}

/// A key, by each side.
struct Key {
    private: Scalar,
    oracle: VerifyingKey,
    ours: Es256Key,
}

fn scalar(bytes: [u8; 32]) -> Scalar {
    Scalar::reduce(&FieldBytes::from(bytes))
}

fn bytes_of(scalar: Scalar) -> [u8; 32] {
    scalar.to_repr().into()
}

fn coordinates(point: &ProjectivePoint) -> Option<([u8; 32], [u8; 32])> {
    let encoded = point.to_affine().to_sec1_point(false);
    let (x, y) = encoded.as_bytes().get(1..65)?.split_at(32);
    Some((x.try_into().ok()?, y.try_into().ok()?))
}

/// The oracle's verdict; false too where r or s is out of range.
fn verdict(key: &VerifyingKey, signed: &Signed) -> bool {
    Signature::from_scalars(signed.r, signed.s)
        .is_ok_and(|signature| key.verify_prehash(&signed.hash, &signature).is_ok())
}

fn key(kernel: &str, private: Scalar) -> Option<Key> {
    let point = ProjectivePoint::GENERATOR * private;
    let (x, y) = coordinates(&point)?;
    let oracle = VerifyingKey::from_affine(point.to_affine()).ok()?;
    Some(Key { private, oracle, ours: Es256Key::new(kernel, &x, &y)? })
}

/// The signature whose multipliers are u₁ = t − u₂·d and u₂, where R = t·G has this x; `None` where r or s were 0.
fn signature(private: Scalar, t: Scalar, x: [u8; 32], u2: Scalar) -> Option<Signed> {
    let r = scalar(x);
    let s = r * Option::<Scalar>::from(u2.invert())?;
    let (r, s, hash) = (bytes_of(r), bytes_of(s), bytes_of((t - u2 * private) * s));
    (r != [0; 32] && s != [0; 32]).then_some(Signed { hash, r, s })
}

/// A number that is short, long, made of runs, or has one digit.
fn multiplier(random: &mut Sequence) -> Scalar {
    let mut bytes: [u8; 32] = random.bytes(32).try_into().unwrap_or_default();
    match random.below(8) {
        0 => {
            let kept = random.below(32) as usize;
            bytes[..kept].fill(0);
        }
        1 => {
            let (place, digit) = (random.below(32) as usize, bytes[0]);
            bytes = [0; 32];
            bytes[place] = digit | 1;
        }
        2 => bytes.fill([0x7f, 0x80, 0x81, 0x77, 0x78, 0x88, 0xff][random.below(7) as usize]),
        _ => {}
    }
    let number = scalar(bytes);
    if random.one_in(4) { -number } else { number }
}

/// One thing about it changed, and whether that should matter: e counts modulo n, and −s is as good as s.
fn altered(random: &mut Sequence, good: &Signed) -> (Signed, bool) {
    let mut case = *good;
    let (byte, bit) = (random.below(32) as usize, random.below(8));
    match random.below(10) {
        0 => case.hash[byte] ^= 1 << bit,
        1 => case.r[byte] ^= 1 << bit,
        2 => case.s[byte] ^= 1 << bit,
        3 => core::mem::swap(&mut case.r, &mut case.s),
        4 => case.r = bytes_of(-scalar(good.r)),
        5 => {
            case.s = bytes_of(-scalar(good.s));
            return (case, true);
        }
        _ => return (case, true),
    }
    (case, case == *good)
}

/// [`crate::Suite`] of ES256.
pub fn group(kernel: &str, seed: u64, group: u32, cases: u32) -> Result<(), Mismatch> {
    let mut random = Sequence::new(seed, group);
    keep_tables(true);
    let mismatch = |case: u32, what: String| Mismatch { case, what };
    // Private keys that are anything, and one small multiple of G, whose partial sums meet G's.
    let mut private = || Some(multiplier(&mut random)).filter(|d| *d != Scalar::ZERO).unwrap_or(Scalar::ONE);
    let privates = [private(), private(), private()];
    let close = Scalar::from(1 + random.below(300));
    let powers = [Scalar::from(1_u64 << 8), Scalar::from(1_u64 << 32) * Scalar::from(1_u64 << 32), Scalar::ONE];
    let close = close * powers[random.below(3) as usize];
    let keys: Option<Vec<Key>> =
        privates.into_iter().chain([if random.one_in(2) { -close } else { close }]).map(|d| key(kernel, d)).collect();
    let keys = keys.ok_or_else(|| mismatch(0, "a key was not taken".to_owned()))?;
    // R = t·G moves on by one of these: an addition, where a new multiple would be hundreds.
    let steps: Vec<(Scalar, ProjectivePoint)> =
        (0..8).map(|_| multiplier(&mut random)).map(|step| (step, ProjectivePoint::GENERATOR * step)).collect();
    let mut t = multiplier(&mut random);
    let mut sum = ProjectivePoint::GENERATOR * t;
    for case in 0..cases {
        // Tables are made at first, and there are none at the end.
        if case == crate::GROUP * 7 / 8 {
            keep_tables(false);
        }
        let key = &keys[random.below(4).min(random.below(4)) as usize];
        let step = &steps[random.below(8) as usize];
        (t, sum) = (t + step.0, sum + step.1);
        let u2 = multiplier(&mut random);
        let mut good = coordinates(&sum).and_then(|(x, _)| signature(key.private, t, x, u2));
        if random.one_in(64) {
            // u₁·G = u₂·Q, or one of the two is nothing or little.
            let doubled = u2 * key.private + u2 * key.private;
            let t = [doubled, u2 * key.private, u2 * key.private + Scalar::ONE, t][random.below(4) as usize];
            let sum = ProjectivePoint::GENERATOR * t;
            good = coordinates(&sum).and_then(|(x, _)| signature(key.private, t, x, u2));
        }
        let Some(good) = good else { continue };
        let (signed, expected) = altered(&mut random, &good);
        let found = key.ours.verifies(&signed.hash, &signed.r, &signed.s);
        if (found != expected || random.one_in(32)) && found != verdict(&key.oracle, &signed) {
            return Err(mismatch(case, format!("{found} for {signed:02x?}, d = {:02x?}", bytes_of(key.private))));
        }
    }
    Ok(())
}

/// Bytes of a fuzzer's input: what to do with them, then x, y, the hash, r and s.
pub const INPUT: usize = 1 + 5 * 32;

/// What the two sides say to a fuzzer's input.
///
/// # Panics
/// When they differ.
pub fn compare(data: &[u8]) {
    let Some((mode, rest)) = data.split_first() else { return };
    let Some(([x, y, hash, r, s], _)) = rest.as_chunks::<32>().0.split_first_chunk::<5>() else { return };
    let mut signed = Signed { hash: *hash, r: *r, s: *s };
    let (mut x, mut y) = (*x, *y);
    // Coordinates that a fuzzer makes up are no point's: it may give a private key, and what makes a signature hold.
    if mode & 1 == 1 {
        let d = scalar(x);
        let Some(point) = coordinates(&(ProjectivePoint::GENERATOR * d)) else { return };
        let t = scalar(y);
        (x, y) = point;
        if mode & 2 == 2 {
            let sum = coordinates(&(ProjectivePoint::GENERATOR * t));
            let Some(made) = sum.and_then(|(x, _)| signature(d, t, x, scalar(*s))) else { return };
            signed = made;
            for (byte, change) in signed.r.iter_mut().zip(r).filter(|_| mode & 4 == 4) {
                *byte ^= change;
            }
        }
    }
    let encoded = Sec1Point::from_affine_coordinates(&x.into(), &y.into(), false);
    let oracle = Option::<AffinePoint>::from(AffinePoint::from_sec1_point(&encoded))
        .and_then(|point| VerifyingKey::from_affine(point).ok());
    for kernel in ES256_KERNELS {
        let ours = Es256Key::new(kernel, &x, &y);
        assert_eq!(ours.is_some(), oracle.is_some(), "{kernel}: {x:02x?} {y:02x?}");
        let (Some(ours), Some(oracle)) = (ours, &oracle) else { continue };
        let expected = verdict(oracle, &signed);
        // Once by what tables there are; now and then often enough to make this key's own.
        keep_tables(mode & 8 == 8);
        for check in 0..if mode >> 4 == 15 { 68 } else { 1 } {
            let found = ours.verifies(&signed.hash, &signed.r, &signed.s);
            assert_eq!(found, expected, "{kernel}, check {check}: {signed:02x?} {x:02x?} {y:02x?}");
        }
    }
}
