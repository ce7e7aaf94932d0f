//! Montgomery arithmetic by columns, for any kind of digit. Holds no arithmetic on digits itself: that is [`Digits`].
//!
//! A number is a row of digits to the base B = 2^bits, taken two at a time: a pair of digits. With M pairs,
//! R = B^(2M). Products are summed a column of pairs at a time: column c takes the 2 x 2 digit products of pairs i and
//! c - i. Two columns are summed together, so that each pair that is read is used twice.
//!
//! A Montgomery product of x and y is three products of which only halves are computed:
//!
//! 1. T = xy, columns 0 to 2M - 1. The low half, T mod R, is brought to digits; the high half is held as it is.
//! 2. q = T·n' mod R with n' = -1/n mod R: columns 0 to M - 1 only.
//! 3. U = (T + qn)/R: columns M to 2M - 1 of qn, plus the high half of T, plus what the low halves of T and qn send up.
//!    Those add up to a multiple of R, so column M - 1 alone tells which, and the columns below are never computed.
//!
//! No digit of q waits for the one before, as in the usual reduction, so the sums of a column run without a pause.
//!
//! Values: R >= 16n. With |x|, |y| <= 1.25n and |q| < 1.01R: |U| <= |xy|/R + |qn|/R < 0.1n + 1.01n < 1.25n. Signed
//! digits have |q| < 0.51R, so there |U| < 0.61n. Nothing is ever subtracted on the way.

#![expect(
    clippy::indexing_slicing,
    reason = "rows are cut to M pairs once for each product, and every index follows from M and the column"
)]

/// Two neighbouring digits, the lower first.
pub(super) type Pair<D> = [<D as Digits>::Limb; 2];

/// The arithmetic of one kind of digit. Every method is inlined into the column loops.
pub(super) trait Digits: Copy {
    /// A digit in memory.
    type Limb: Copy + Default;
    /// A pair of column sums in memory.
    type Held: Copy + Default;
    /// The running sums of two neighbouring columns of pairs, and what they send to the column above.
    type Sums: Copy;
    /// The sums of one column of pairs: two numbers.
    type Total: Copy;
    /// What goes from one column to the next.
    type Stream;

    /// Before column `column` of a product that has all columns; below M.
    fn stream(&self, column: usize) -> Self::Stream;
    /// No product yet.
    fn nothing(&self) -> Self::Sums;
    /// Adds the products of a pair and a pair to the lower of the two columns.
    fn lower(&self, sums: Self::Sums, a: &Pair<Self>, b: &Pair<Self>) -> Self::Sums;
    /// Adds the products of a pair and a pair to the upper of the two columns.
    fn upper(&self, sums: Self::Sums, a: &Pair<Self>, b: &Pair<Self>) -> Self::Sums;
    /// Every sum twice.
    fn doubled(&self, sums: Self::Sums) -> Self::Sums;
    /// Ends a column: `sums` has products in the lower column only.
    fn close<const RISING: bool>(&self, stream: &mut Self::Stream, sums: Self::Sums) -> Self::Total;
    /// Ends two columns.
    fn close_two<const RISING: bool>(&self, stream: &mut Self::Stream, sums: Self::Sums) -> [Self::Total; 2];
    /// After column M - 1: from here on columns get shorter. `held`: their totals go to [`Digits::hold`].
    fn turn(&self, stream: &mut Self::Stream, held: bool);
    /// Takes the excess of a total to the next column and leaves digits.
    fn digits(&self, stream: &mut Self::Stream, total: Self::Total) -> Pair<Self>;
    /// A total for later, with what the digits below it sent up.
    fn hold(&self, stream: &mut Self::Stream, total: Self::Total) -> Self::Held;
    /// A total and one that was held.
    fn with_held(&self, total: Self::Total, held: &Self::Held) -> Self::Total;
    /// Given the total of column M - 1 without the digits of T in it: what T and qn send up to column M.
    fn carry_of_low_halves(&self, stream: &mut Self::Stream, total: Self::Total, digits: &Pair<Self>);
}

/// What every product needs to know of a modulus.
#[derive(Clone, Copy)]
pub(super) struct Modulus<'a, Limb> {
    /// Bits in a digit.
    pub(super) bits: u32,
    /// n.
    pub(super) modulus: &'a [[Limb; 2]],
    /// -1/n mod R.
    pub(super) inverse: &'a [[Limb; 2]],
}

/// The most pairs that a number takes: 4096 bits and 4 more, in digits of 23 bits.
pub(super) const MAX_PAIRS: usize = 90;

/// Room for a number.
pub(super) type Row<Limb> = [[Limb; 2]; MAX_PAIRS];

/// T, its low half as digits and its high half as held sums; and q.
pub(super) struct Product<Limb, Held> {
    pub(super) low: Row<Limb>,
    pub(super) high: [Held; MAX_PAIRS],
    quotient: Row<Limb>,
}

impl<Limb: Copy + Default, Held: Copy + Default> Product<Limb, Held> {
    pub(super) fn new() -> Self {
        Self {
            low: [[Limb::default(); 2]; MAX_PAIRS],
            high: [Held::default(); MAX_PAIRS],
            quotient: [[Limb::default(); 2]; MAX_PAIRS],
        }
    }
}

/// Adds a[i]·b[last - 1 - i] to the lower column and a[i]·b[last - i] to the upper, where b has one pair more than a.
#[inline(always)]
fn both_columns<D: Digits>(digits: &D, mut sums: D::Sums, a: &[Pair<D>], b: &[Pair<D>]) -> D::Sums {
    let last = a.len();
    // Two slices of the length that the loop has, so that it checks no bounds.
    let (below, above) = (&b[..last], &b[1..=last]);
    for i in 0..last {
        sums = digits.lower(sums, &a[i], &below[last - 1 - i]);
        sums = digits.upper(sums, &a[i], &above[last - 1 - i]);
    }
    sums
}

/// Columns 0 to M - 1 of ab, each given to `emit` in turn.
#[inline(always)]
fn low_half<D: Digits>(
    digits: &D,
    a: &[Pair<D>],
    b: &[Pair<D>],
    mut emit: impl FnMut(usize, &mut D::Stream, D::Total),
) -> D::Stream {
    let pairs = a.len();
    let mut stream = digits.stream(0);
    let mut column = 0;
    if pairs % 2 == 1 {
        let sums = digits.lower(digits.nothing(), &a[0], &b[0]);
        let total = digits.close::<true>(&mut stream, sums);
        emit(0, &mut stream, total);
        column = 1;
    }
    while column < pairs {
        let sums = both_columns(digits, digits.nothing(), &a[..=column], &b[..=column + 1]);
        let sums = digits.upper(sums, &a[column + 1], &b[0]);
        let [first, second] = digits.close_two::<true>(&mut stream, sums);
        emit(column, &mut stream, first);
        emit(column + 1, &mut stream, second);
        column += 2;
    }
    stream
}

/// Columns M to 2M - 1 of ab, each given to `emit` in turn as a number from 0 to M - 1. `stream` has turned.
#[inline(always)]
fn high_half<D: Digits>(
    digits: &D,
    stream: &mut D::Stream,
    a: &[Pair<D>],
    b: &[Pair<D>],
    mut emit: impl FnMut(usize, &mut D::Stream, D::Total),
) {
    let pairs = a.len();
    // The first pair of a that has a partner in the column.
    let mut first = 1;
    while first + 1 < pairs {
        let sums = both_columns(digits, digits.nothing(), &a[first + 1..], &b[first..]);
        let sums = digits.lower(sums, &a[first], &b[pairs - 1]);
        let [one, two] = digits.close_two::<false>(stream, sums);
        emit(first - 1, stream, one);
        emit(first, stream, two);
        first += 2;
    }
    if first < pairs {
        let sums = digits.lower(digits.nothing(), &a[first], &b[pairs - 1]);
        let total = digits.close::<false>(stream, sums);
        emit(first - 1, stream, total);
    }
    let total = digits.close::<false>(stream, digits.nothing());
    emit(pairs - 1, stream, total);
}

/// [`low_half`] of aa: what stands off the diagonal is summed once and doubled.
#[inline(always)]
fn low_half_of_square<D: Digits>(
    digits: &D,
    a: &[Pair<D>],
    mut emit: impl FnMut(usize, &mut D::Stream, D::Total),
) -> D::Stream {
    let pairs = a.len();
    let mut stream = digits.stream(0);
    let odd = pairs % 2;
    if odd == 1 {
        let sums = digits.lower(digits.nothing(), &a[0], &a[0]);
        let total = digits.close::<true>(&mut stream, sums);
        emit(0, &mut stream, total);
    }
    let mut column = odd;
    while column < pairs {
        // The diagonal crosses the even one of the two columns.
        let half = column.div_ceil(2);
        let mut sums = both_columns(digits, digits.nothing(), &a[..half], &a[half + 1 - odd..=column + 1]);
        if odd == 0 {
            sums = digits.upper(sums, &a[half], &a[half + 1]);
            sums = digits.doubled(sums);
            sums = digits.lower(sums, &a[half], &a[half]);
        } else {
            sums = digits.doubled(sums);
            sums = digits.upper(sums, &a[half], &a[half]);
        }
        let [first, second] = digits.close_two::<true>(&mut stream, sums);
        emit(column, &mut stream, first);
        emit(column + 1, &mut stream, second);
        column += 2;
    }
    stream
}

/// [`high_half`] of aa.
#[inline(always)]
fn high_half_of_square<D: Digits>(
    digits: &D,
    stream: &mut D::Stream,
    a: &[Pair<D>],
    mut emit: impl FnMut(usize, &mut D::Stream, D::Total),
) {
    let pairs = a.len();
    let odd = pairs % 2;
    let mut first = 1;
    while first + 1 < pairs {
        let half = (first + pairs - 1).div_ceil(2);
        let mut sums = both_columns(digits, digits.nothing(), &a[first + 1..half], &a[half + 1 - odd..]);
        sums = digits.lower(sums, &a[first], &a[pairs - 1]);
        if odd == 0 {
            sums = digits.upper(sums, &a[half], &a[half + 1]);
            sums = digits.doubled(sums);
            sums = digits.lower(sums, &a[half], &a[half]);
        } else {
            sums = digits.doubled(sums);
            sums = digits.upper(sums, &a[half], &a[half]);
        }
        let [one, two] = digits.close_two::<false>(stream, sums);
        emit(first - 1, stream, one);
        emit(first, stream, two);
        first += 2;
    }
    if first < pairs {
        let sums = digits.lower(digits.nothing(), &a[first], &a[first]);
        let total = digits.close::<false>(stream, sums);
        emit(first - 1, stream, total);
    }
    let total = digits.close::<false>(stream, digits.nothing());
    emit(pairs - 1, stream, total);
}

/// T = xy.
#[inline(always)]
pub(super) fn multiply<D: Digits>(digits: &D, product: &mut Product<D::Limb, D::Held>, x: &[Pair<D>], y: &[Pair<D>]) {
    let Product { low, high, .. } = product;
    let mut stream = low_half(
        digits,
        x,
        y,
        #[inline(always)]
        |column, stream, total| low[column] = digits.digits(stream, total),
    );
    digits.turn(&mut stream, true);
    high_half(
        digits,
        &mut stream,
        x,
        y,
        #[inline(always)]
        |column, stream, total| high[column] = digits.hold(stream, total),
    );
}

/// T = xx.
#[inline(always)]
pub(super) fn square<D: Digits>(digits: &D, product: &mut Product<D::Limb, D::Held>, x: &[Pair<D>]) {
    let Product { low, high, .. } = product;
    let mut stream = low_half_of_square(
        digits,
        x,
        #[inline(always)]
        |column, stream, total| low[column] = digits.digits(stream, total),
    );
    digits.turn(&mut stream, true);
    high_half_of_square(
        digits,
        &mut stream,
        x,
        #[inline(always)]
        |column, stream, total| high[column] = digits.hold(stream, total),
    );
}

/// T/R mod n.
#[inline(always)]
pub(super) fn reduce<D: Digits>(
    digits: &D,
    modulus: Modulus<'_, D::Limb>,
    product: &mut Product<D::Limb, D::Held>,
    to: &mut [Pair<D>],
) {
    let Modulus { modulus, inverse, .. } = modulus;
    let pairs = modulus.len();
    let Product { low, high, quotient } = product;
    let (low, high, quotient) = (&low[..pairs], &high[..pairs], &mut quotient[..pairs]);
    low_half(
        digits,
        low,
        inverse,
        #[inline(always)]
        |column, stream, total| quotient[column] = digits.digits(stream, total),
    );
    // Columns M - 2 and M - 1, for what they send up; the columns below are too low to change it.
    let mut stream = digits.stream(pairs - 2);
    let sums = both_columns(digits, digits.nothing(), &quotient[..pairs - 1], modulus);
    let sums = digits.upper(sums, &quotient[pairs - 1], &modulus[0]);
    let [_, total] = digits.close_two::<true>(&mut stream, sums);
    digits.carry_of_low_halves(&mut stream, total, &low[pairs - 1]);
    digits.turn(&mut stream, false);
    high_half(
        digits,
        &mut stream,
        quotient,
        modulus,
        #[inline(always)]
        |column, stream, total| to[column] = digits.digits(stream, digits.with_held(total, &high[column])),
    );
}
