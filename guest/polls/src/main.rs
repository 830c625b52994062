//! Gives components their polls, in place: `riptide-polls COMPONENT...`.

use std::process::ExitCode;

fn main() -> ExitCode {
    for path in std::env::args().skip(1) {
        let polled = std::fs::read(&path)
            .map_err(|error| error.to_string())
            .and_then(|component| riptide_polls::with_polls(&component))
            .and_then(|polled| std::fs::write(&path, polled).map_err(|error| error.to_string()));
        if let Err(problem) = polled {
            eprintln!("{path} can't be given polls: {problem}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
