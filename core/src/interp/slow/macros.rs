//! How slow paths are written.

macro_rules! slow {
    ($(#[$doc:meta])* $name:ident($pc:ident, $base:ident, $vm:ident) $body:block) => {
        $(#[$doc])*
        pub(in crate::interp) struct $name;
        impl Slow for $name {
            #[cold]
            #[inline(never)]
            unsafe fn run($pc: *const u64, $base: *mut Value, $vm: &mut Vm) -> State {
                // SAFETY: the trait's contract: operands name registers of this frame, constants of
                // its function, and cells of this machine, because the code was compiled or
                // verified, and linked for it.
                unsafe { $body }
            }
        }
    };
}

/// The value of a fallible expression; on an error the instruction fails. When memory is the
/// reason, everything unreachable is collected and the expression is tried once more: it must not
/// have changed anything when it fails.
macro_rules! attempt {
    ($vm:ident, $pc:ident, $base:ident, $value:expr) => {
        match $value {
            Ok(value) => value,
            Err(error) if error.kind() == ErrorKind::Limit => {
                gc::full($vm, $base);
                match $value {
                    Ok(value) => value,
                    Err(error) => return unwind::raise($vm, $pc, $base, error),
                }
            }
            Err(error) => return unwind::raise($vm, $pc, $base, error),
        }
    };
}

/// Returns to the cold copy when an operand needs attention.
macro_rules! attend {
    ($pc:ident, $base:ident, $($value:expr),+) => {
        if ($($value.needs_attention())||+)
            && let Some(state) = cold($pc, $base)
        {
            return state;
        }
    };
}

/// The result of a look-up, as `attempt!`, where a native object may answer by a hook; `$found` turns
/// what was found into a result of the same type. `$base` must be a `mut` variable: the stack may have
/// moved.
macro_rules! look_up {
    ($vm:ident, $pc:ident, $base:ident, $receiver:expr, $key:expr, $value:expr, $found:expr) => {
        match hooks::get($vm, $pc, &mut $base, $receiver, $key) {
            None => attempt!($vm, $pc, $base, $value),
            Some(Ok(found)) => $found($vm, found),
            Some(Err(error)) => return unwind::raise($vm, $pc, $base, error),
        }
    };
}

/// Stores a member or an element; a native object may do it by a hook. As `look_up!`.
macro_rules! store {
    ($vm:ident, $pc:ident, $base:ident, $receiver:expr, $key:expr, $value:expr, $origin:expr) => {
        match hooks::set($vm, $pc, &mut $base, $receiver, $key, $value) {
            None => attempt!(
                $vm,
                $pc,
                $base,
                property::set_index($vm, $receiver, $key, $value, $origin)
            ),
            Some(Ok(())) => {}
            Some(Err(error)) => return unwind::raise($vm, $pc, $base, error),
        }
    };
}
