//! The command line: from arguments to [`Options`].
//!
//! Options come before the script; everything after it belongs to the script. That makes `brisk
//! tool.ms --help` the script's affair, as it is with other interpreters.

use brisk_core::DebugInfo;
use lexopt::{Arg, Parser, ValueExt};
use std::ffi::OsString;
use std::io::IsTerminal;
use std::path::PathBuf;

/// Exit status of a command line that makes no sense.
pub(crate) const STATUS_USAGE: i32 = 2;

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Runs MiniScript programs.

Usage:
  brisk [run] [OPTIONS] FILE [ARGS...]    run a program; '-' is the standard input
  brisk [run] [OPTIONS] -c CODE [ARGS...] run the program CODE
  brisk [repl] [OPTIONS]                  read and run what you type
  brisk check FILE...                     report everything that is wrong, run nothing
  brisk disasm FILE                       show the instructions of a program
  brisk build FILE [-o OUT] [--strip]     compile a program into a bytecode file, which can stand
                                          wherever FILE does; OUT is FILE with '.brk' unless given

Options:
  -c CODE               run CODE
  -o OUT                what to write ('build')
  --strip               leave out lines and names of functions ('build')
  --dialect v1|v2       language version (only v1 so far)
  --jit off|auto|eager|require
                        when to make machine code: never, for what is hot (the default), at once;
                        'require' is 'auto', and an error where there can be none
  --fuel N              stop after about N instructions
  --memory BYTES        most memory a program may use; k, m and g are units (default 1g)
  --stats               print figures of the run to the standard error
  --dump-ir             print what functions are compiled to, before they become machine code
  --dump-asm            print the machine code
  --perf-map            name machine code for perf (/tmp/perf-PID.map)
  --gdb                 name machine code for gdb
  --no-peeling          do not peel loops; for measuring
  --no-inlining         do not inline functions; for measuring
  --no-specialize       do not adapt instructions to what they meet; for measuring
  -h, --help            print this
  -V, --version         print the version

Exit status: 0, or that of 'exit'; 1 after an error of the program; 2 after a bad command line.
";

/// What to do.
#[derive(Debug, PartialEq)]
pub(crate) enum Command {
    /// Run a program.
    Run(Input),
    /// Converse.
    Repl,
    /// Report everything that is wrong with these files.
    Check(Vec<PathBuf>),
    /// Show instructions.
    Disasm(PathBuf),
    /// Make a bytecode file.
    Build(Build),
    /// Print [`HELP`].
    Help,
    /// Print the version.
    Version,
}

/// Where a program comes from.
#[derive(Debug, PartialEq)]
pub(crate) enum Input {
    /// A file.
    File(PathBuf),
    /// The command line.
    Code(String),
    /// The standard input.
    Stdin,
}

/// How to make a bytecode file.
#[derive(Debug, PartialEq)]
pub(crate) struct Build {
    /// The program; `-` is the standard input.
    pub(crate) file: PathBuf,
    /// Where the bytecode goes.
    pub(crate) output: PathBuf,
    /// What it says of the source.
    pub(crate) debug: DebugInfo,
}

/// A command line.
#[derive(Debug, PartialEq)]
pub(crate) struct Options {
    /// What to do.
    pub(crate) command: Command,
    /// What follows the script: its own arguments.
    pub(crate) args: Vec<String>,
    /// Fuel for the whole program, or for each input of a conversation.
    pub(crate) fuel: Option<u64>,
    /// Most bytes a machine may use.
    pub(crate) memory_bytes_max: Option<usize>,
    /// Print figures after the run.
    pub(crate) stats: bool,
    /// Let the interpreter specialize.
    pub(crate) quicken: bool,
    /// When to make machine code.
    pub(crate) jit: Jit,
    /// Print the LIR of what is compiled.
    pub(crate) dump_ir: bool,
    /// Print the bytes of what is compiled.
    pub(crate) dump_asm: bool,
    /// Peel innermost loops.
    pub(crate) peeling: bool,
    /// Inline small functions.
    pub(crate) inlining: bool,
    /// Tell `perf` the names of what is compiled.
    pub(crate) perf_map: bool,
    /// Tell debuggers the names of what is compiled.
    pub(crate) gdb: bool,
}

/// When to make machine code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Jit {
    /// Never.
    Off,
    /// When something is hot.
    Auto,
    /// At once.
    Eager,
    /// When something is hot; where there is no machine code, nothing runs.
    Require,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            command: Command::Repl,
            args: Vec::new(),
            fuel: None,
            memory_bytes_max: None,
            stats: false,
            quicken: true,
            jit: Jit::Auto,
            dump_ir: false,
            dump_asm: false,
            peeling: true,
            inlining: true,
            perf_map: false,
            gdb: false,
        }
    }
}

/// The subcommands.
#[derive(Clone, Copy, PartialEq)]
enum Verb {
    Run,
    Repl,
    Check,
    Disasm,
    Build,
}

/// Reads a command line.
///
/// # Errors
///
/// A message for people.
pub(crate) fn parse(mut parser: Parser) -> Result<Options, String> {
    parse_all(&mut parser).map_err(|error| error.to_string())
}

fn parse_all(parser: &mut Parser) -> Result<Options, lexopt::Error> {
    let mut options = Options::default();
    let mut verb = None;
    let mut files: Vec<PathBuf> = Vec::new();
    let (mut output, mut debug) = (None, DebugInfo::Keep);
    while let Some(arg) = parser.next()? {
        match arg {
            Arg::Short('h') | Arg::Long("help") => return Ok(only(Command::Help)),
            Arg::Short('V') | Arg::Long("version") => return Ok(only(Command::Version)),
            Arg::Short('c') if matches!(verb, None | Some(Verb::Run)) => {
                let code = parser.value()?.string()?;
                options.command = Command::Run(Input::Code(code));
                options.args = rest(parser)?;
                return Ok(options);
            }
            Arg::Short('o') if verb == Some(Verb::Build) => {
                output = Some(PathBuf::from(parser.value()?));
            }
            Arg::Long("strip") if verb == Some(Verb::Build) => debug = DebugInfo::Strip,
            Arg::Long("dialect") => dialect(&parser.value()?)?,
            Arg::Long("jit") => options.jit = jit(&parser.value()?)?,
            Arg::Long("dump-ir") => options.dump_ir = true,
            Arg::Long("dump-asm") => options.dump_asm = true,
            Arg::Long("no-peeling") => options.peeling = false,
            Arg::Long("no-inlining") => options.inlining = false,
            Arg::Long("perf-map") => options.perf_map = true,
            Arg::Long("gdb") => options.gdb = true,
            Arg::Long("fuel") => options.fuel = Some(parser.value()?.parse()?),
            Arg::Long("memory") => options.memory_bytes_max = Some(bytes(&parser.value()?)?),
            Arg::Long("stats") => options.stats = true,
            Arg::Long("no-specialize") => options.quicken = false,
            Arg::Value(word) => match (verb, verb_of(&word)) {
                (None, Some(named)) => verb = Some(named),
                (Some(Verb::Check), _) => files.push(word.into()),
                (Some(Verb::Disasm | Verb::Build), _) if files.is_empty() => {
                    files.push(word.into())
                }
                (None | Some(Verb::Run), _) => {
                    options.command = Command::Run(input(word));
                    options.args = rest(parser)?;
                    return Ok(options);
                }
                _ => return Err(Arg::Value(word).unexpected()),
            },
            other => return Err(other.unexpected()),
        }
    }
    options.command = match verb {
        Some(Verb::Build) => Command::Build(build(files, output, debug)?),
        _ => without_script(verb, files)?,
    };
    Ok(options)
}

fn only(command: Command) -> Options {
    Options { command, ..Options::default() }
}

/// The command when there is neither a script nor code to run.
fn without_script(verb: Option<Verb>, mut files: Vec<PathBuf>) -> Result<Command, lexopt::Error> {
    match verb {
        None if std::io::stdin().is_terminal() => Ok(Command::Repl),
        None => Ok(Command::Run(Input::Stdin)),
        Some(Verb::Repl) => Ok(Command::Repl),
        Some(Verb::Check) if !files.is_empty() => Ok(Command::Check(files)),
        Some(Verb::Disasm) if !files.is_empty() => Ok(Command::Disasm(files.remove(0))),
        Some(_) => Err("a file is missing".into()),
    }
}

/// What `build` is to do.
fn build(
    files: Vec<PathBuf>,
    output: Option<PathBuf>,
    debug: DebugInfo,
) -> Result<Build, lexopt::Error> {
    let file = files.into_iter().next().ok_or("a file is missing")?;
    let output = match output {
        Some(output) => output,
        None if file.as_os_str() == "-" => return Err("-o is missing".into()),
        None => file.with_extension("brk"),
    };
    Ok(Build { file, output, debug })
}

fn verb_of(word: &OsString) -> Option<Verb> {
    match word.to_str()? {
        "run" => Some(Verb::Run),
        "repl" => Some(Verb::Repl),
        "check" => Some(Verb::Check),
        "disasm" => Some(Verb::Disasm),
        "build" => Some(Verb::Build),
        _ => None,
    }
}

fn input(word: OsString) -> Input {
    if word == "-" { Input::Stdin } else { Input::File(word.into()) }
}

fn rest(parser: &mut Parser) -> Result<Vec<String>, lexopt::Error> {
    Ok(parser.raw_args()?.map(|arg| arg.to_string_lossy().into_owned()).collect())
}

fn dialect(word: &OsString) -> Result<(), lexopt::Error> {
    match word.to_str() {
        Some("v1") => Ok(()),
        Some("v2") => Err("dialect v2 is not supported yet".into()),
        _ => Err(format!("unknown dialect '{}'", word.to_string_lossy()).into()),
    }
}

fn jit(word: &OsString) -> Result<Jit, lexopt::Error> {
    match word.to_str() {
        Some("off") => Ok(Jit::Off),
        Some("auto") => Ok(Jit::Auto),
        Some("eager") => Ok(Jit::Eager),
        Some("require") => Ok(Jit::Require),
        _ => Err(format!("unknown value '{}' for --jit", word.to_string_lossy()).into()),
    }
}

/// A size such as `64k`, in bytes.
fn bytes(word: &OsString) -> Result<usize, lexopt::Error> {
    let text = word.to_string_lossy().to_ascii_lowercase();
    let (digits, shift) = match text.as_bytes().last() {
        Some(b'k') => (&text[..text.len() - 1], 10),
        Some(b'm') => (&text[..text.len() - 1], 20),
        Some(b'g') => (&text[..text.len() - 1], 30),
        _ => (text.as_str(), 0),
    };
    let count: Option<usize> = digits.parse().ok();
    match count.and_then(|n| n.checked_mul(1_usize << shift)) {
        Some(size) => Ok(size),
        None => Err(format!("bad size '{}'", word.to_string_lossy()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<Options, String> {
        parse(Parser::from_args(line.split(' ').map(String::from)))
    }

    #[test]
    fn options_stand_before_the_script() {
        let options = check("--fuel 10 run --memory 2k a.ms --fuel x").unwrap();
        assert_eq!(options.command, Command::Run(Input::File("a.ms".into())));
        assert_eq!(options.args, ["--fuel", "x"]);
        assert_eq!((options.fuel, options.memory_bytes_max), (Some(10), Some(2048)));
    }

    #[test]
    fn subcommands() {
        assert_eq!(check("-").unwrap().command, Command::Run(Input::Stdin));
        assert_eq!(check("repl").unwrap().command, Command::Repl);
        assert_eq!(
            check("check a b").unwrap().command,
            Command::Check(vec!["a".into(), "b".into()])
        );
        assert_eq!(check("disasm a").unwrap().command, Command::Disasm("a".into()));
        assert_eq!(check("-c 1 -c").unwrap().args, ["-c"]);
        let build = |file: &str, output: &str, debug| {
            Command::Build(Build { file: file.into(), output: output.into(), debug })
        };
        for (line, command) in [
            ("build a.ms", build("a.ms", "a.brk", DebugInfo::Keep)),
            ("build d.x/a", build("d.x/a", "d.x/a.brk", DebugInfo::Keep)),
            ("build a.ms -o b --strip", build("a.ms", "b", DebugInfo::Strip)),
            ("build --strip -ob a.brk", build("a.brk", "b", DebugInfo::Strip)),
            ("build - -o b", build("-", "b", DebugInfo::Keep)),
        ] {
            assert_eq!(check(line).unwrap().command, command, "{line}");
        }
    }

    #[test]
    fn nonsense() {
        assert_eq!(check("--dialect v2 a"), Err("dialect v2 is not supported yet".into()));
        for line in [
            "--bogus a",
            "--memory x a",
            "--memory 99999999999g a",
            "--fuel -1 a",
            "disasm a b",
            "check",
            "build",
            "build a b",
            "build -",
            "-o b build a",
            "--strip a",
            "run -o b a",
        ] {
            assert!(check(line).is_err(), "{line}");
        }
    }
}
