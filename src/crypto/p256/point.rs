//! Points of P-256 in XYZZ coordinates, two independent ones side by side: x = X/ZZ, y = Y/ZZZ, ZZ³ = ZZZ². The formulas
//! are the Explicit-Formulas Database's "xyzz" ones for a = −3. They are incomplete: what they can't add leaves ZZ = 0, for good.

use super::pair::Pair;
use super::words::Words;

/// Two points. X and Y are loose or carried, ZZ and ZZZ are products.
#[derive(Clone, Copy)]
pub(super) struct Points<S> {
    pub(super) x: S,
    pub(super) y: S,
    pub(super) zz: S,
    pub(super) zzz: S,
}

/// An affine point in the kernel's Montgomery form: x and y, canonical.
pub(super) type Affine = [Words; 2];

/// Adds an affine point to each, or its negative. Where the two have the same x, ZZ becomes 0 modulo p.
#[inline(always)]
pub(super) fn add<F: Pair>(points: &mut Points<F::Stored>, low: &Affine, high: &Affine, negative: [bool; 2]) {
    let (zz, zzz) = (F::load(&points.zz), F::load(&points.zzz));
    let u = F::unpack(&low[0], &high[0]).mul(zz);
    let s = F::unpack(&low[1], &high[1]).negate_where(negative).mul(zzz);
    let x = F::load(&points.x);
    let p = u.sub(x).carried();
    let pp = p.square();
    let y = F::load(&points.y);
    let r = s.sub(y).carried();
    let rr = r.square();
    let ppp = p.mul(pp);
    let q = x.mul(pp);
    points.zz = zz.mul(pp).store();
    points.zzz = zzz.mul(ppp).store();
    let x = rr.sub(ppp).sub(q.add(q)).carried();
    points.x = x.store();
    points.y = r.mul_sub(q.sub(x).carried(), y, ppp).store();
}

/// Doubles each. A point of odd order has no double with ZZ = 0.
#[inline(always)]
pub(super) fn double<F: Pair>(points: &mut Points<F::Stored>) {
    let (x, y) = (F::load(&points.x), F::load(&points.y));
    let (zz, zzz) = (F::load(&points.zz), F::load(&points.zzz));
    let u = y.add(y).carried();
    let v = u.square();
    // M = 3·X² − 3·ZZ²
    let m = x.sub(zz).carried().mul(x.add(zz).carried());
    let m = m.add(m).add(m).carried();
    let w = u.mul(v);
    let s = x.mul(v);
    points.zz = v.mul(zz).store();
    points.zzz = w.mul(zzz).store();
    let x = m.square().sub(s.add(s)).carried();
    points.x = x.store();
    points.y = m.mul_sub(s.sub(x).carried(), y, w).store();
}

/// X and ZZ of the sum of the two points, in both lanes. Where they have the same x, ZZ is 0 modulo p.
#[inline(always)]
pub(super) fn sum_of_both<F: Pair>(points: &Points<F::Stored>) -> (F::Stored, F::Stored) {
    let (zz, zzz) = (F::load(&points.zz), F::load(&points.zzz));
    let u = F::load(&points.x).mul(zz.swapped());
    let s = F::load(&points.y).mul(zzz.swapped());
    // P and R are the other's less one's own: in the two lanes they differ by their sign only, and so do PPP and its
    // factor Q: U of the lane's own.
    let p = u.swapped().sub(u).carried();
    let r = s.swapped().sub(s).carried();
    let pp = p.square();
    let ppp = p.mul(pp);
    let q = u.mul(pp);
    let x = r.square().sub(ppp).sub(q.add(q)).carried();
    (x.store(), zz.mul(zz.swapped()).mul(pp).store())
}
