//! Output, time, identity, and what a script can ask about its machine (INTRINSICS.md §6.7–§7.7).

use super::{TABLE, type_maps};
use crate::host::Context;
use crate::semantics::text;
use crate::value::map::KeyOrigin;
use crate::value::{Gc, Map, Refusal, Value, content, number};
use crate::vm::{Trap, Vm};
use alloc::string::{String, ToString};

/// Longest time `wait` waits, in seconds: thirty years, which a host's timers can express.
const WAIT_SECONDS_MAX: f64 = 1e9;

/// `version.miniscript`: the version of the language.
const LANGUAGE_VERSION: &str = "1.6.2";
/// `version.buildDate`.
const BUILD_DATE: &str = match option_env!("BRISK_BUILD_DATE") {
    Some(date) => date,
    None => "2026-11-25",
};
/// `version.host`: the version of the engine as a number.
const HOST_VERSION: f64 = 0.1;
/// `version.hostName`.
const HOST_NAME: &str = "Brisk";

/// Writes a text, then a line break; or then `delimiter`, when it is something else. Null as the
/// delimiter writes nothing after the text.
pub(super) fn print(c: &mut Context<'_>) -> Result<Value, Trap> {
    let (v, delimiter) = (c.arg(0), c.arg(1));
    let line_break = delimiter == Value::ascii_char(b'\n');
    if line_break && let Some(text) = v.text() {
        c.charge_bytes(text.bytes().len());
        c.print(text.as_str(), true);
        return Ok(Value::NULL);
    }
    if line_break && let Some(x) = v.as_number() {
        c.print(number::format_v1(x).as_str(), true);
        return Ok(Value::NULL);
    }
    let mut out = String::new();
    text::print_text(&c.vm.store, v, &mut out)?;
    if !line_break {
        text::append(&c.vm.store, delimiter, text::Form::Plain, &mut out)?;
    }
    c.charge_bytes(out.len());
    c.print(&out, line_break);
    Ok(Value::NULL)
}

pub(super) fn time(c: &mut Context<'_>) -> Result<Value, Trap> {
    Ok(Value::number(c.vm.run_time()))
}

/// Not finished until the clock has reached the deadline, which is the state of the pending call.
pub(super) fn wait(c: &mut Context<'_>) -> Result<Value, Trap> {
    let now = c.now();
    let deadline = match c.partial().and_then(Value::as_number) {
        Some(deadline) if now >= deadline => return Ok(Value::NULL),
        Some(deadline) => deadline,
        None => {
            let seconds = c.number(0);
            // Not for NaN.
            let is_future = seconds > 0.0;
            now + if is_future { seconds.min(WAIT_SECONDS_MAX) } else { 0.0 }
        }
    };
    Err(Trap::Pending { state: Value::number(deadline), wake: Some(deadline) })
}

pub(super) fn yield_slice(_: &mut Context<'_>) -> Result<Value, Trap> {
    Err(Trap::Yield)
}

/// By value for numbers and strings, else the same object.
pub(super) fn ref_equals(c: &mut Context<'_>) -> Result<Value, Trap> {
    let (a, b) = (c.arg(0), c.arg(1));
    Ok(Value::boolean(match (a.as_number(), b.as_number()) {
        (Some(x), Some(y)) => x == y,
        _ => a == b || content::texts_equal(&c.vm.store.shapes, a, b),
    }))
}

pub(super) fn hash(c: &mut Context<'_>) -> Result<Value, Trap> {
    let hash = content::hash(&c.vm.store.shapes, c.arg(0));
    Ok(Value::number(f64::from(hash)))
}

/// The lines of the active calls, or what the host left in the global `_stackAtBreak`.
pub(super) fn stack_trace(c: &mut Context<'_>) -> Result<Value, Trap> {
    let key = c.vm.store.atom_from("_stackAtBreak")?;
    if let Some(at) = c.vm.globals.find(&c.vm.store.shapes, key) {
        let cell = &c.vm.globals.cells()[at];
        if cell.is_assigned() {
            return Ok(cell.value);
        }
    }
    let frames = c.stack_trace();
    c.charge_items(frames.len());
    let list = c.make_list(frames.len())?;
    for frame in &frames {
        let line = c.make_str(&frame.to_string())?;
        c.vm.store.list_push(list, line)?;
    }
    Ok(Value::list(list))
}

/// A map of all functions: those of the language, then those of the host.
pub(super) fn intrinsics(c: &mut Context<'_>) -> Result<Value, Trap> {
    if c.vm.intrinsics_map.is_null() {
        let map = c.make_map()?;
        fill_intrinsics(c.vm, map)?;
        c.vm.intrinsics_map = Value::map(map);
    }
    Ok(c.vm.intrinsics_map)
}

fn fill_intrinsics(vm: &mut Vm, map: Gc<Map>) -> Result<(), Refusal> {
    for index in 0..TABLE.len() {
        type_maps::add_intrinsic(vm, map, index)?;
    }
    for at in 0..vm.host_functions.len() {
        let (name, function) = vm.host_functions[at];
        vm.store.map_set(map, name, function, KeyOrigin::Literal)?;
    }
    Ok(())
}

pub(super) fn version(c: &mut Context<'_>) -> Result<Value, Trap> {
    if c.vm.version_map.is_null() {
        let map = c.make_map()?;
        let entries = [
            ("miniscript", c.make_str(LANGUAGE_VERSION)?),
            ("buildDate", c.make_str(BUILD_DATE)?),
            ("host", Value::number(HOST_VERSION)),
            ("hostName", c.make_str(HOST_NAME)?),
            ("hostInfo", Value::EMPTY),
        ];
        for (name, value) in entries {
            let key = c.vm.store.atom_from(name)?;
            c.vm.store.map_set(map, key, value, KeyOrigin::Literal)?;
        }
        c.vm.version_map = Value::map(map);
    }
    Ok(c.vm.version_map)
}
