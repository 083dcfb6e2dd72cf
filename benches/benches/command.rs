//! Measures processes of `ng query`: see `src/command.rs`.

use ng_benches::Session;
use ng_benches::command::{Commands, find_ng};

fn main() -> anyhow::Result<()> {
    let session = Session::from_env()?;
    let Some(ng) = find_ng() else {
        println!(
            "command: skipped, no ng found: build it (cargo build --release -p ng-cli), or set NG_BENCH_NG"
        );
        return Ok(());
    };
    let folder = session.folder(env!("CARGO_TARGET_TMPDIR"));
    let commands = Commands::new(ng, session.tokens(), session.threads(), &folder)?;
    session.run(commands.suite())
}
