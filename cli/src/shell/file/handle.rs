//! `file.open`, and the methods of a `FileHandle`.
//!
//! A handle is a map whose class holds the methods. It hides a native object that closes the file
//! when the handle becomes garbage.

use super::stream::Stream;
use crate::shell::Shell;
use crate::shell::slab::Slab;
use crate::shell::table::{Param, Row, hidden, map_of, row, set};
use brisk_core::host::{Context, Data, NativeResult, ObjectType, Values};
use std::sync::{Arc, LazyLock};

/// Tells the native objects of files from others: "file".
const FILE_TAG: u64 = 0x6669_6C65;

static FILE_TYPE: LazyLock<Arc<ObjectType>> =
    LazyLock::new(|| Arc::new(ObjectType::new(FILE_TAG).with_finalizer(close_number)));

/// Files, `None` once closed: the number stays that of the handle as long as there is a handle.
static FILES: Slab<Option<Stream>> = Slab::new();

const METHODS: &[Row] = &[
    row("isOpen", &[Param::Null("self")], is_open),
    row("close", &[Param::Null("self")], close),
    row("write", &[Param::Null("self"), Param::Text("data", "")], write),
    row("writeLine", &[Param::Null("self"), Param::Text("data", "")], write_line),
    row("read", &[Param::Null("self"), Param::Number("byteCount", -1.0)], read),
    row("readLine", &[Param::Null("self")], read_line),
    row("position", &[Param::Null("self")], position),
    row("atEnd", &[Param::Null("self")], at_end),
];

/// Opens a file; null when that fails.
pub(super) fn open(context: &mut Context<'_>, shell: &Arc<Shell>) -> NativeResult {
    let (path, mode) = (context.text_arg(0)?, context.text_arg(1)?);
    flush_all();
    let Some(stream) = Stream::open(&path, &mode) else {
        return Ok(Data::Null);
    };
    let class = shell.file_class.get_or(context, |context| map_of(context, shell, METHODS))?;
    let handle = context.new_map()?;
    set(context, &handle, "__isa", Data::Map(class))?;
    let number = FILES.insert(Some(stream));
    let object = context.new_object(&FILE_TYPE, number, None, 0)?;
    set(context, &handle, "_handle", Data::Object(object))?;
    Ok(Data::Map(handle))
}

/// Writes what waits, in all files.
pub(in crate::shell) fn flush_all() {
    FILES.for_each(|file| {
        if let Some(stream) = file {
            stream.flush();
        }
    });
}

fn close_number(number: usize) {
    drop(FILES.remove(number));
}

/// Does something with the file of `self`; `closed` when it is closed.
fn with_file(
    context: &mut Context<'_>,
    closed: Data,
    action: impl FnOnce(&mut Stream) -> Data,
) -> NativeResult {
    let number = hidden(context, 0, FILE_TAG)?;
    let result = number.and_then(|number| FILES.with(number, |file| file.as_mut().map(action)));
    Ok(result.flatten().unwrap_or(closed))
}

fn is_open(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    with_file(context, 0.into(), |_| 1.into())
}

fn close(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let stream = hidden(context, 0, FILE_TAG)?.and_then(|number| FILES.with(number, Option::take));
    Ok(stream.flatten().is_some().into())
}

fn write(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let text = context.text_arg(1)?;
    write_text(context, &text)
}

fn write_line(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let mut text = context.text_arg(1)?;
    text.push('\n');
    write_text(context, &text)
}

/// Writes; the result is the number of bytes.
fn write_text(context: &mut Context<'_>, text: &str) -> NativeResult {
    context.charge_bytes(text.len());
    // A text is shorter than 2^53 bytes.
    #[allow(clippy::cast_precision_loss)]
    with_file(context, 0.into(), |file| Data::Number(file.write(text.as_bytes()) as f64))
}

/// Reads this many bytes, or the rest. What is not UTF-8 is replaced.
fn read(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let count = usize::try_from(context.int(1)).unwrap_or(usize::MAX);
    with_file(context, Data::Null, |file| {
        String::from_utf8_lossy(&file.read(count)).into_owned().into()
    })
}

fn read_line(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    with_file(context, Data::Null, |file| match file.read_line() {
        Some(line) => {
            let line = line
                .strip_suffix(b"\n")
                .map_or(&line[..], |line| line.strip_suffix(b"\r").unwrap_or(line));
            String::from_utf8_lossy(line).into_owned().into()
        }
        None => Data::Null,
    })
}

fn position(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    // Positions are below 2^53.
    #[allow(clippy::cast_precision_loss)]
    with_file(context, 0.into(), |file| Data::Number(file.position() as f64))
}

fn at_end(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    with_file(context, 0.into(), |file| file.at_end().into())
}
