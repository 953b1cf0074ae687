//! The lines of a source text that an error is about, with a mark below them.

use crate::source::Source;
use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};
use brisk_core::error::Diagnostic;
use std::ops::Range;

/// The excerpt for something wrong with the text, and how to mend it.
pub(crate) fn of_diagnostic(diagnostic: &Diagnostic, source: &Source) -> String {
    let text = &source.text;
    let mut start = floor_char(text, to_usize(diagnostic.span.start));
    let mut end = floor_char(text, to_usize(diagnostic.span.end)).max(start);
    if start == end {
        // A mark needs something to stand under; at the end of the text, what is last.
        match text[start..].chars().next() {
            Some(c) => end += c.len_utf8(),
            None => start = floor_char(text, text.trim_end().len().saturating_sub(1)),
        }
    }
    render(source, start..end, diagnostic.help.as_deref())
}

/// The excerpt for a line, counted from 1, and advice. The mark is below `name` where that stands
/// in the line once, else below all of it.
pub(crate) fn of_line(
    line: u32,
    source: &Source,
    name: Option<&str>,
    help: Option<&str>,
) -> String {
    let mut start = 0;
    for (index, text) in source.text.split_inclusive('\n').enumerate() {
        if index + 1 == to_usize(line) {
            let indent = text.len() - text.trim_start().len();
            let whole = indent.min(text.trim_end().len())..text.trim_end().len();
            let marked = name.and_then(|name| only_word(text, name)).unwrap_or(whole);
            return render(source, start + marked.start..start + marked.end, help);
        }
        start += text.len();
    }
    help.map_or_else(String::new, |help| format!("help: {help}\n"))
}

/// Where a word stands in a line, if it does once.
fn only_word(line: &str, word: &str) -> Option<Range<usize>> {
    let is_part = |c: char| c.is_alphanumeric() || c == '_';
    let mut places = line.match_indices(word).filter(|&(at, _)| {
        !line[..at].ends_with(is_part) && !line[at + word.len()..].starts_with(is_part)
    });
    match (places.next(), places.next()) {
        (Some((at, _)), None) => Some(at..at + word.len()),
        _ => None,
    }
}

fn render(source: &Source, range: Range<usize>, help: Option<&str>) -> String {
    let snippet = Snippet::source(source.text.as_str())
        .path(source.name.as_str())
        .annotation(AnnotationKind::Primary.span(range));
    let mut group = Group::with_level(Level::ERROR).element(snippet);
    if let Some(help) = help {
        group = group.element(Level::HELP.message(help));
    }
    let mut text = Renderer::styled().render(&[group]);
    text.push('\n');
    text
}

/// The last boundary between characters that is not behind `at`.
fn floor_char(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

fn to_usize(x: u32) -> usize {
    usize::try_from(x).unwrap_or(usize::MAX)
}
