//! Tollgate's arithmetic against the `p256` and `rsa` crates: random cases for the deep tests, and what a fuzzer makes up.
//! Nothing is random that its seed does not say.

pub mod es256;
pub mod rs256;
mod sequence;

/// How many cases share their keys, and their tables. A case is made again with its whole group.
pub const GROUP: u32 = 1_000;

/// The suites, each with its kernels.
pub const SUITES: &[(&str, &[&str], Suite)] = &[
    ("ES256", tollgate::fuzzing::ES256_KERNELS, es256::group),
    ("RS256", tollgate::fuzzing::RS256_KERNELS, rs256::group),
];

/// Runs the first cases of a group in a kernel; `Err` says which went wrong, and what was in it.
pub type Suite = fn(kernel: &str, seed: u64, group: u32, cases: u32) -> Result<(), Mismatch>;

/// A case whose answer is not the oracle's.
#[derive(Debug)]
pub struct Mismatch {
    pub case: u32,
    pub what: String,
}

/// Runs the first cases of a group of the suite at this place; none is there with no such place.
pub fn run(place: usize, seed: u64, group: u32, cases: u32) -> Result<(), Mismatch> {
    let Some((_, kernel, run)) = suite(place) else { return Ok(()) };
    if !tollgate::fuzzing::gives_known_answers(kernel) {
        return Err(Mismatch { case: 0, what: "a known answer does not come out".to_owned() });
    }
    run(kernel, seed, group, cases)
}

/// The suite and the kernel at this place, counting through all of [`SUITES`]; a wasm module has no other names for them.
pub fn suite(place: usize) -> Option<(&'static str, &'static str, Suite)> {
    let all = SUITES.iter().flat_map(|(name, kernels, run)| kernels.iter().map(move |kernel| (*name, *kernel, *run)));
    all.into_iter().nth(place)
}
