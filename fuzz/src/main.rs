//! The deep tests natively: `deep names` for what there is, `deep PLACE SEED FIRST_GROUP CASES` for one. Prints the number of cases done after each group, and the
//! mismatch that it stops at.

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().nth(1).as_deref() == Some("names") {
        for (suite, kernel, _) in (0..).map_while(tollgate_fuzz::suite) {
            println!("{suite} {kernel}");
        }
        return ExitCode::SUCCESS;
    }
    let arguments: Vec<u64> = std::env::args().skip(1).filter_map(|argument| argument.parse().ok()).collect();
    let [place, seed, first_group, cases] = arguments[..] else {
        eprintln!("give four numbers: place, seed, first group, cases");
        return ExitCode::FAILURE;
    };
    let mut done = 0;
    while done < cases {
        let group = (first_group + done / u64::from(tollgate_fuzz::GROUP)) as u32;
        let more = (cases - done).min(tollgate_fuzz::GROUP.into());
        if let Err(mismatch) = tollgate_fuzz::run(place as usize, seed, group, more as u32) {
            println!("mismatch {group} {} {}", mismatch.case, mismatch.what);
            return ExitCode::FAILURE;
        }
        done += more;
        println!("done {done}");
    }
    ExitCode::SUCCESS
}
