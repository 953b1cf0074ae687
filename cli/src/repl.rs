//! The conversation: each input is a program in the same machine, so globals stay (LANGUAGE.md
//! §21).
//!
//! An input may take several lines. The lines are compiled together; as long as the compiler says
//! that the text ended too early, another line is asked for. Locations count lines within the
//! input. When the standard input is no terminal there are no prompts, so that a transcript holds
//! only what the inputs print.

use crate::options::Options;
use crate::run::{End, Session};
use crate::shell::{Shell, restore_terminal};
use crate::source::Source;
use crate::{output, report};
use brisk_core::compile::CompileOptions;
use brisk_core::host::{Data, Values};
use brisk_core::{Dialect, Error, Program};
use rustyline::error::ReadlineError;
use rustyline::history::FileHistory;
use rustyline::{Config, Editor};
use std::io::{BufRead, IsTerminal};
use std::path::PathBuf;

/// Asks for an input.
const PROMPT: &str = "> ";
/// Asks for another line of it.
const PROMPT_MORE: &str = ">>> ";
/// Lines of history that are kept.
const HISTORY_LINES_MAX: usize = 1000;

/// What a person did.
enum Typed {
    Line(String),
    /// Dropped what was typed so far.
    Cleared,
    /// Left.
    End,
}

/// Where lines come from.
enum Reader {
    Terminal(Box<Editor<(), FileHistory>>),
    Plain,
}

/// Converses until the input ends; returns the exit status.
pub(crate) fn run(options: &Options) -> i32 {
    let mut session = match Session::new(options, Shell::new(None, None, options)) {
        Ok(session) => session,
        Err(error) => {
            report::note(&error.to_string());
            return 1;
        }
    };
    let mut reader = Reader::new();
    let status = converse(&mut session, &mut reader);
    std::mem::forget(session);
    status
}

fn converse(session: &mut Session, reader: &mut Reader) -> i32 {
    let mut lines: Vec<String> = Vec::new();
    loop {
        output::flush();
        let prompt = if lines.is_empty() { PROMPT } else { PROMPT_MORE };
        let is_end = match reader.line(prompt) {
            Typed::Line(line) => {
                lines.push(line);
                false
            }
            Typed::Cleared => {
                lines.clear();
                continue;
            }
            Typed::End => true,
        };
        let (text, result) = compile(&lines);
        if !is_end && result.as_ref().is_err_and(is_unfinished) {
            continue;
        }
        lines.clear();
        let status = enter(session, &Source::inline("<input>", &text), result);
        if status.is_some() || is_end {
            return status.unwrap_or(0);
        }
    }
}

/// Compiles the lines of an input. A break that the language allows only in conversations (spec
/// §21.2), such as after `=`, becomes a space; only then, since locations would count fewer lines.
fn compile(lines: &[String]) -> (String, Result<Program, Error>) {
    let options = CompileOptions { repl: true, ..CompileOptions::default() };
    let text = lines.join("\n");
    let result = Program::compile_with(&text, Dialect::V1, &options);
    if result.is_ok() || result.as_ref().is_err_and(is_unfinished) {
        return (text, result);
    }
    let joined = join_tolerantly(lines);
    match Program::compile_with(&joined, Dialect::V1, &options) {
        Err(error) if !is_unfinished(&error) => (text, result),
        better => (joined, better),
    }
}

fn join_tolerantly(lines: &[String]) -> String {
    let mut text = String::new();
    for (index, line) in lines.iter().enumerate() {
        text.push_str(line);
        let is_last = index + 1 == lines.len();
        match line.trim_end().as_bytes().last() {
            _ if is_last => {}
            Some(b'=' | b',' | b'(') => text.push(' '),
            _ => text.push('\n'),
        }
    }
    text
}

fn is_unfinished(error: &Error) -> bool {
    error.diagnostics().iter().any(|diagnostic| diagnostic.incomplete)
}

/// Runs an input and prints its value; returns a status when the conversation is over.
fn enter(session: &mut Session, source: &Source, result: Result<Program, Error>) -> Option<i32> {
    let program = match result {
        Ok(program) => program,
        Err(error) => {
            report::error(&error, source, None);
            return None;
        }
    };
    match session.run(&program) {
        End::Finished => {}
        End::Exited(status) => return Some(status & 255),
        End::Failed(error) => report::error(&error, source, Some(&mut *session)),
        End::Stopped(message) => report::note(&message),
    }
    if let Err(error) = print_result(session) {
        report::error(&error, source, None);
    }
    None
}

/// Prints the value of the last expression, unless it is null.
fn print_result(session: &mut Session) -> Result<(), Error> {
    match session.machine.take_implicit_result()? {
        None | Some(Data::Null) => {}
        Some(value) => {
            let text = session.machine.text_of(&value)?;
            output::print_line(&text);
        }
    }
    Ok(())
}

impl Reader {
    fn new() -> Reader {
        if !std::io::stdin().is_terminal() {
            return Reader::Plain;
        }
        let config = Config::builder().auto_add_history(true).max_history_size(HISTORY_LINES_MAX);
        match config.and_then(|config| Editor::with_config(config.build())) {
            Ok(mut editor) => {
                if let Some(path) = history_path() {
                    // There is none the first time.
                    let _ = editor.load_history(&path);
                }
                Reader::Terminal(Box::new(editor))
            }
            Err(_) => Reader::Plain,
        }
    }

    fn line(&mut self, prompt: &str) -> Typed {
        restore_terminal();
        match self {
            Reader::Terminal(editor) => match editor.readline(prompt) {
                Ok(line) => {
                    keep_history(editor);
                    Typed::Line(line)
                }
                Err(ReadlineError::Interrupted) => Typed::Cleared,
                Err(_) => Typed::End,
            },
            Reader::Plain => plain_line(),
        }
    }
}

/// Writes what is new in the history, at each line: a script that is interrupted ends the process.
/// History is a convenience, so failures are ignored.
fn keep_history(editor: &mut Editor<(), FileHistory>) {
    if let Some(path) = history_path() {
        let _ = path.parent().map(std::fs::create_dir_all);
        let _ = editor.append_history(&path);
    }
}

/// A line of an input that is no terminal. What is not UTF-8 is replaced.
fn plain_line() -> Typed {
    let mut line = Vec::new();
    match std::io::stdin().lock().read_until(b'\n', &mut line) {
        Ok(1..) => {
            let text = String::from_utf8_lossy(&line);
            Typed::Line(text.trim_end_matches(['\n', '\r']).to_string())
        }
        _ => Typed::End,
    }
}

/// Where the history is kept: by the rules for user-specific data of freedesktop.org.
fn history_path() -> Option<PathBuf> {
    let directory =
        |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let data = directory("XDG_DATA_HOME")
        .or_else(|| directory("HOME").map(|home| home.join(".local/share")));
    data.map(|data| data.join("brisk").join("history"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_inputs() {
        for (text, is_wanting) in [
            ("1+2", false),
            ("f = function(a)", true),
            ("f = function(a)\nreturn a\nend function", false),
            ("x = [1,", true),
            ("x =", true),
            ("x =\n5", false),
            ("f = function(a,\nb)\nend function", false),
            ("if 1 then", true),
            ("1 +", true),
            ("\"abc", false),
            ("null", false),
        ] {
            let lines: Vec<String> = text.split('\n').map(String::from).collect();
            let result = compile(&lines).1;
            assert_eq!(result.as_ref().is_err_and(is_unfinished), is_wanting, "{text}");
        }
    }
}
