//! The deep tests in wasm, behind functions of numbers alone: what they say is read from memory. A trap is a failure too.

use std::cell::RefCell;

thread_local! {
    static TEXT: RefCell<String> = const { RefCell::new(String::new()) };
}

/// The oracles ask for no randomness; should they, they get none.
#[cfg(target_family = "wasm")]
mod randomness {
    fn none(_: &mut [u8]) -> Result<(), getrandom::Error> {
        Err(getrandom::Error::UNSUPPORTED)
    }
    getrandom::register_custom_getrandom!(none);
}

/// Runs the first cases of a group of the suite at this place: −1, or the case that went wrong.
#[unsafe(no_mangle)]
pub extern "C" fn run(place: u32, seed: u64, group: u32, cases: u32) -> i32 {
    match tollgate_fuzz::run(place as usize, seed, group, cases) {
        Ok(()) => -1,
        Err(mismatch) => {
            TEXT.set(mismatch.what);
            mismatch.case as i32
        }
    }
}

/// Puts "suite kernel" of a place where [`text`] finds it: nothing, where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn name(place: u32) {
    TEXT.set(
        tollgate_fuzz::suite(place as usize).map_or_else(String::new, |(suite, kernel, _)| format!("{suite} {kernel}")),
    );
}

/// Where the last text is.
#[unsafe(no_mangle)]
pub extern "C" fn text() -> *const u8 {
    TEXT.with_borrow(|text| text.as_ptr())
}

/// How long it is.
#[unsafe(no_mangle)]
pub extern "C" fn text_length() -> usize {
    TEXT.with_borrow(String::len)
}
