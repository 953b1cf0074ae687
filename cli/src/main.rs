//! The `brisk` command: runs MiniScript programs, talks to people, checks and explains source
//! texts.
//!
//! | File | Owns |
//! |---|---|
//! | `options` | the command line: from arguments to a [`options::Options`] |
//! | `run` | one program from its text to its exit status; the loop around a machine |
//! | `repl` | the conversation: prompts, input of several lines, history |
//! | `inspect` | `brisk check` and `brisk disasm` |
//! | `build` | `brisk build`: bytecode files |
//! | `source` | reading source texts and bytecode files |
//! | `output` | the standard output, buffered, and the only way out of the process |
//! | `report`, `excerpt`, `suggest` | errors as people see them |
//! | `shell/` | the functions a script has only here: `import`, `file`, `exec`, `input`, … |
//!
//! Start-up is measured, so nothing is prepared before it is needed, and the process ends without
//! taking the machine apart.

mod build;
mod excerpt;
mod inspect;
mod memory;
mod native;
mod options;
mod output;
mod repl;
mod report;
mod run;
mod shell;
mod source;
mod suggest;

use options::{Command, Options};

fn main() {
    memory::keep_freed();
    let status = match options::parse(lexopt::Parser::from_env()) {
        Ok(options) => execute(&options),
        Err(message) => {
            report::note(&format!("brisk: {message}\nTry 'brisk --help'."));
            options::STATUS_USAGE
        }
    };
    output::finish(status)
}

/// Does what the command line asks for; returns the exit status.
fn execute(options: &Options) -> i32 {
    match &options.command {
        Command::Help => output::print(options::HELP),
        Command::Version => output::print(concat!("brisk ", env!("CARGO_PKG_VERSION"), "\n")),
        Command::Run(input) => return run::run(options, input),
        Command::Repl => return repl::run(options),
        Command::Check(files) => return inspect::check(files),
        Command::Disasm(file) => return inspect::disasm(file),
        Command::Build(build) => return build::run(build),
    }
    0
}
