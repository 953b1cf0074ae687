//! The terminal, key by key.
//!
//! It keeps handling signals, so that Ctrl-C ends a game; then nothing is restored, which shells do
//! by themselves.

use crate::shell::lock;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use std::io::{IsTerminal, stdin};
use std::os::fd::AsFd;
use std::sync::Mutex;

/// How the terminal was set before we changed it.
static BEFORE: Mutex<Option<Termios>> = Mutex::new(None);

/// Adds what was typed; never waits. Adds nothing when the standard input is no terminal.
pub(super) fn read(echo: bool, typed: &mut Vec<u8>) {
    let stdin = stdin();
    if !stdin.is_terminal() || !prepare(echo) {
        return;
    }
    let mut chunk = [0; 256];
    let is_ready = |polled: Result<i32, nix::Error>| polled.is_ok_and(|count| count > 0);
    while is_ready(poll(&mut [PollFd::new(stdin.as_fd(), PollFlags::POLLIN)], PollTimeout::ZERO)) {
        match nix::unistd::read(&stdin, &mut chunk) {
            Ok(count @ 1..) => typed.extend_from_slice(&chunk[..count]),
            _ => break,
        }
    }
}

/// Makes the terminal hand over keys instead of lines; false when it cannot.
fn prepare(echo: bool) -> bool {
    let mut before = lock(&BEFORE);
    if before.is_none() {
        *before = tcgetattr(stdin()).ok();
    }
    let Some(original) = before.as_ref() else {
        return false;
    };
    let mut wanted = original.clone();
    wanted.local_flags.remove(LocalFlags::ICANON);
    wanted
        .local_flags
        .set(LocalFlags::ECHO, echo && original.local_flags.contains(LocalFlags::ECHO));
    match tcgetattr(stdin()) {
        Ok(current) if current == wanted => true,
        _ => tcsetattr(stdin(), SetArg::TCSANOW, &wanted).is_ok(),
    }
}

/// Sets the terminal as it was.
pub(crate) fn restore() {
    if let Some(before) = lock(&BEFORE).take() {
        // Nobody can be told, and nothing can be done, when it fails.
        let _ = tcsetattr(stdin(), SetArg::TCSANOW, &before);
    }
}
