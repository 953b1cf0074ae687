//! `sort` (INTRINSICS.md §6.5): stable, by element or by key.
//!
//! Keys are fetched once. When all are numbers, or all strings, each gets a *rank*, a 64-bit
//! integer in the same order: most comparisons are then of integers and touch nothing else. A list
//! of numbers is sorted as its ranks alone.
//!
//! Mixed keys have an order that is not transitive (`"10" < "9"`, 9 < 10, and 10 equals `"10"`), so
//! the merge sort here assumes nothing about it; the sorts of Rust's library may panic on such.

use crate::heap::AllocError;
use crate::host::Context;
use crate::semantics::compare::{compare_strings, order_numbers};
use crate::semantics::{lookup_chain, text};
use crate::value::{Gc, List, Refusal, Store, Value, math, number};
use crate::vm::Trap;
use alloc::vec::Vec;
use core::cmp::Ordering;

/// Elements that are sorted by insertion, before merging.
const RUN: usize = 16;
const SIGN: u64 = 1 << 63;

/// An element with its key.
#[derive(Clone, Copy)]
struct Item {
    /// In the order of the keys; for mixed keys, one of the constants below.
    rank: u64,
    key: Value,
    value: Value,
}

/// Ranks of mixed keys say what kind a key is. `OTHER` has its text as the key, if any is a string.
const NUMBER: u64 = 0;
const STRING: u64 = 1;
const OTHER: u64 = 2;
const NULL: u64 = 3;
/// Bits of the kind; above it is the place of a long text (see [`order_of_long_texts`]), or 0.
const KIND_BITS: u32 = 2;

/// Bytes of text for each element from which on texts are ordered before the elements are.
const LONG_TEXT: usize = 256;

pub(super) fn sort(c: &mut Context<'_>) -> Result<Value, Trap> {
    let Some(list) = c.arg(0).as_list() else { return Ok(c.arg(0)) };
    let (by_key, descending) = (c.arg(1), !c.truth(2));
    let len = list.len();
    if len < 2 {
        return Ok(c.arg(0));
    }
    c.charge_items(len.saturating_mul(levels(len)));
    // The buffers count as the script's memory while they are there: the items twice, and what
    // `order_of_long_texts` makes.
    let bytes = len * (2 * size_of::<Item>() + size_of::<Value>() + size_of::<(u64, u64)>());
    let store = &mut c.vm.store;
    store.heap.memory.charge(bytes).map_err(Refusal::Memory)?;
    let sorted = if by_key.is_null() && list.as_slice().iter().all(|v| has_exact_rank(*v)) {
        sort_numbers(store, list, descending)
    } else {
        sort_items(store, list, by_key, descending)
    };
    store.heap.memory.discharge(bytes);
    sorted?;
    Ok(c.arg(0))
}

/// Whether a value is a number that its rank can be turned back into; -0 has the rank of 0.
fn has_exact_rank(v: Value) -> bool {
    v.is_number() && v.bits() != SIGN
}

fn sort_numbers(store: &mut Store, list: Gc<List>, descending: bool) -> Result<(), Refusal> {
    let flip = if descending { u64::MAX } else { 0 };
    let mut ranks = buffer(list.len())?;
    ranks.extend(list.as_slice().iter().map(|v| rank_of_number(v.raw_f64()) ^ flip));
    ranks.sort_unstable();
    for (index, rank) in ranks.into_iter().enumerate() {
        store.list_set(list, index, Value::number(number_of_rank(rank ^ flip)));
    }
    Ok(())
}

/// An integer in the order of the numbers; NaN is last, -0 is 0.
fn rank_of_number(x: f64) -> u64 {
    let bits = (x + 0.0).to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

fn number_of_rank(rank: u64) -> f64 {
    f64::from_bits(if rank & SIGN == 0 { !rank } else { rank & !SIGN })
}

/// The first eight bytes of a string. Equal ranks say nothing about what follows.
fn rank_of_string(v: Value) -> u64 {
    let mut first = [0; 8];
    if let Some(text) = v.text() {
        for (to, &byte) in first.iter_mut().zip(text.bytes()) {
            *to = byte;
        }
    }
    u64::from_be_bytes(first)
}

fn sort_items(
    store: &mut Store,
    list: Gc<List>,
    by_key: Value,
    descending: bool,
) -> Result<(), Refusal> {
    let mut items = buffer(list.len())?;
    let by_key = store.key(by_key)?;
    for index in 0..list.len() {
        let value = list.get(index).unwrap_or(Value::NULL);
        let key = if by_key.is_null() { value } else { key_of(store, value, by_key) };
        items.push(Item { rank: 0, key, value });
    }
    let mut spare = buffer(items.len())?;
    spare.extend_from_slice(&items);
    if items.iter().all(|item| item.key.is_number()) {
        let flip = if descending { u64::MAX } else { 0 };
        items.iter_mut().for_each(|item| item.rank = rank_of_number(item.key.raw_f64()) ^ flip);
        merge_sort(&mut items, &mut spare, |a, b| a.rank < b.rank);
    } else if items.iter().all(|item| item.key.is_string()) {
        let order = order_of_long_texts(store, &items)?;
        if order.is_empty() {
            items.iter_mut().for_each(|item| item.rank = rank_of_string(item.key));
            sort_compared(&mut items, &mut spare, descending, compare_ranked_strings);
        } else {
            let flip = if descending { u64::MAX } else { 0 };
            items.iter_mut().for_each(|item| item.rank = place_in(&order, item.key) ^ flip);
            merge_sort(&mut items, &mut spare, |a, b| a.rank < b.rank);
        }
    } else {
        rank_mixed(store, &mut items)?;
        let order = order_of_long_texts(store, &items)?;
        for item in items.iter_mut().filter(|item| item.key.is_string()) {
            item.rank |= place_in(&order, item.key) << KIND_BITS;
        }
        sort_compared(&mut items, &mut spare, descending, compare_mixed);
    }
    for (index, item) in items.iter().enumerate() {
        store.list_set(list, index, item.value);
    }
    Ok(())
}

/// What an element is sorted by: a map by its entry or an inherited one, a list by an element.
fn key_of(store: &mut Store, element: Value, by_key: Value) -> Value {
    if let Some(map) = element.as_map() {
        return lookup_chain(store, map, by_key).unwrap_or(Value::NULL);
    }
    let Some(list) = element.as_list() else { return element };
    let index = i64::from(math::to_i32_saturating(by_key.as_number().unwrap_or(0.0)));
    let len = super::searching::as_i64(list.len());
    let at = usize::try_from(if index < 0 { index + len } else { index });
    at.ok().and_then(|at| list.get(at)).unwrap_or(Value::NULL)
}

/// The strings among the keys by their bits, each with its place in the order of texts, from 1 on;
/// nothing when texts are short.
///
/// A list may hold few long texts very often: each is compared as often as its own number demands,
/// not that of the elements, so the time is in proportion to the memory that the texts take.
fn order_of_long_texts(store: &Store, items: &[Item]) -> Result<Vec<(u64, u64)>, Refusal> {
    let size = |item: &Item| item.key.as_str().map_or(0, |s| s.bytes().len());
    if items.iter().map(size).sum::<usize>() < LONG_TEXT * items.len() {
        note_texts(store, items.iter().map(|item| item.key), items.len());
        return Ok(Vec::new());
    }
    let mut texts: Vec<Value> = buffer(items.len())?;
    texts.extend(items.iter().map(|item| item.key).filter(|key| key.is_string()));
    texts.sort_unstable_by_key(|key| key.bits());
    texts.dedup();
    note_texts(store, texts.iter().copied(), texts.len());
    texts.sort_unstable_by(|&a, &b| compare_strings(a, b).unwrap_or(Ordering::Equal));
    let mut order = buffer(texts.len())?;
    let (mut place, mut last) = (0, None);
    for text in texts {
        place += u64::from(!last.is_some_and(|last| Store::str_equal(last, text)));
        order.push((text.bits(), place));
        last = Some(text);
    }
    order.sort_unstable();
    Ok(order)
}

/// The place of a string, or 0.
fn place_in(order: &[(u64, u64)], key: Value) -> u64 {
    let at = order.binary_search_by_key(&key.bits(), |&(bits, _)| bits);
    at.map_or(0, |at| order[at].1)
}

fn compare_ranked_strings(a: &Item, b: &Item) -> Ordering {
    let by_text = || compare_strings(a.key, b.key).unwrap_or(Ordering::Equal);
    a.rank.cmp(&b.rank).then_with(by_text)
}

/// Notes the work of comparing `count` texts: at most the whole ones, as often as one is merged.
fn note_texts(store: &Store, texts: impl Iterator<Item = Value>, count: usize) {
    const BYTES_PER_STEP: usize = 8;
    let steps = |text: Value| text.as_str().map_or(0, |s| s.bytes().len() / BYTES_PER_STEP);
    let all: usize = texts.map(steps).sum();
    store.shapes.note_work(all.saturating_mul(levels(count)));
}

/// Times that an element is merged.
fn levels(len: usize) -> usize {
    (usize::BITS - len.leading_zeros()) as usize
}

/// Says of each key what kind it is, and makes the texts that will be needed.
fn rank_mixed(store: &mut Store, items: &mut [Item]) -> Result<(), Refusal> {
    let any_string = items.iter().any(|item| item.key.is_string());
    for item in items {
        item.rank = match item.key {
            key if key.is_number() => NUMBER,
            key if key.is_string() => STRING,
            key if key.is_null() => NULL,
            _ => OTHER,
        };
        if item.rank == OTHER && any_string {
            item.key = text::to_string_value(store, item.key)?;
        }
    }
    Ok(())
}

/// Null comes last; when either is a string, both compare as strings; two numbers compare as
/// numbers; all else is equal.
fn compare_mixed(a: &Item, b: &Item) -> Ordering {
    let (kind_a, kind_b) = (a.rank & ((1 << KIND_BITS) - 1), b.rank & ((1 << KIND_BITS) - 1));
    match (kind_a, kind_b) {
        (NULL, _) | (_, NULL) => (kind_a == NULL).cmp(&(kind_b == NULL)),
        (NUMBER, NUMBER) => order_numbers(a.key.raw_f64(), b.key.raw_f64()),
        (STRING, NUMBER) => compare_with_number(a.key, b.key),
        (NUMBER, STRING) => compare_with_number(b.key, a.key).reverse(),
        (STRING, _) | (_, STRING) => match (a.rank >> KIND_BITS, b.rank >> KIND_BITS) {
            (0, _) | (_, 0) => compare_strings(a.key, b.key).unwrap_or(Ordering::Equal),
            (a, b) => a.cmp(&b),
        },
        _ => Ordering::Equal,
    }
}

fn compare_with_number(string: Value, x: Value) -> Ordering {
    let x = number::format_v1(x.raw_f64());
    string.text().map_or(Ordering::Equal, |text| text.bytes().cmp(x.as_bytes()))
}

/// Descending compares the other way round, so that equal elements keep their order.
fn sort_compared(
    items: &mut [Item],
    spare: &mut [Item],
    descending: bool,
    compare: fn(&Item, &Item) -> Ordering,
) {
    merge_sort(items, spare, |a, b| {
        if descending { compare(b, a).is_lt() } else { compare(a, b).is_lt() }
    });
}

/// Sorts stably; `spare` is as long as `items`. Any `less` will do: an inconsistent one gives some
/// order of the same elements.
fn merge_sort(items: &mut [Item], spare: &mut [Item], less: impl Fn(&Item, &Item) -> bool) {
    for run in items.chunks_mut(RUN) {
        insertion_sort(run, &less);
    }
    let len = items.len();
    let (mut from, mut to) = (items, spare);
    let mut width = RUN;
    let mut passes = 0;
    while width < len {
        for (source, target) in from.chunks(2 * width).zip(to.chunks_mut(2 * width)) {
            let (left, right) = source.split_at(width.min(source.len()));
            merge(left, right, target, &less);
        }
        core::mem::swap(&mut from, &mut to);
        width *= 2;
        passes += 1;
    }
    if passes % 2 == 1 {
        // The result is in what was the spare.
        to.copy_from_slice(from);
    }
}

fn insertion_sort(run: &mut [Item], less: &impl Fn(&Item, &Item) -> bool) {
    for at in 1..run.len() {
        let item = run[at];
        let mut to = at;
        while to > 0 && less(&item, &run[to - 1]) {
            run[to] = run[to - 1];
            to -= 1;
        }
        run[to] = item;
    }
}

fn merge(left: &[Item], right: &[Item], target: &mut [Item], less: &impl Fn(&Item, &Item) -> bool) {
    let in_order = match (left.last(), right.first()) {
        (Some(last), Some(first)) => !less(first, last),
        _ => true,
    };
    if in_order {
        let (start, end) = target.split_at_mut(left.len());
        start.copy_from_slice(left);
        end.copy_from_slice(right);
        return;
    }
    let (mut l, mut r) = (0, 0);
    for slot in target {
        let take_right = r < right.len() && (l == left.len() || less(&right[r], &left[l]));
        if take_right {
            *slot = right[r];
            r += 1;
        } else {
            *slot = left[l];
            l += 1;
        }
    }
}

fn buffer<T>(len: usize) -> Result<Vec<T>, Refusal> {
    let mut buffer = Vec::new();
    buffer.try_reserve_exact(len).map_err(|_| Refusal::Memory(AllocError::Refused))?;
    Ok(buffer)
}
