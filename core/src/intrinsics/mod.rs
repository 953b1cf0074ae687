//! MiniScript's functions, a file per family, one table of names (INTRINSICS.md, dialect v1).
//!
//! `for_each_intrinsic!` is the table: name, parameters with their defaults, function. From it come
//! [`TABLE`], sorted by name, and [`index_of`]. A function takes the `Context` of its call and does
//! not know how it was called. Texts of errors are in `error.rs`.
//!
//! Not here: functions that need a shell (`import`, `file`, `exec`, `input`, …), which belong to
//! the host that offers them; and `globals`, `locals`, `outer`, which are language.

mod editing;
mod lists;
mod numeric;
mod searching;
mod sort;
mod strings;
mod system;
pub mod type_maps;

#[cfg(test)]
mod tests;

pub use type_maps::type_map_entries;

use crate::vm::NativeFn;

/// Value of a parameter without an argument.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Default {
    /// `null`.
    Null,
    /// A number.
    Number(f64),
    /// A string.
    Str(&'static str),
}

/// A function of the language.
pub struct Intrinsic {
    /// Its name.
    pub name: &'static str,
    /// Its parameters and their defaults.
    pub params: &'static [(&'static str, Default)],
    /// What it does.
    pub function: NativeFn,
}

/// Calls a macro with one row per intrinsic: `name(parameter = default, …) = function;`, sorted by
/// name. A parameter without a default is null.
macro_rules! for_each_intrinsic {
    ($mac:ident) => {
        $mac! {
            abs(x = Number(0.0)) = numeric::abs;
            acos(x = Number(0.0)) = numeric::acos;
            asin(x = Number(0.0)) = numeric::asin;
            atan(y = Number(0.0), x = Number(1.0)) = numeric::atan;
            bitAnd(i = Number(0.0), j = Number(0.0)) = numeric::bit_and;
            bitOr(i = Number(0.0), j = Number(0.0)) = numeric::bit_or;
            bitXor(i = Number(0.0), j = Number(0.0)) = numeric::bit_xor;
            ceil(x = Number(0.0)) = numeric::ceil;
            char(codePoint = Number(65.0)) = strings::char;
            code(self) = strings::code;
            cos(radians = Number(0.0)) = numeric::cos;
            floor(x = Number(0.0)) = numeric::floor;
            funcRef() = type_maps::func_ref;
            hasIndex(self, index) = searching::has_index;
            hash(obj) = system::hash;
            indexOf(self, value, after) = searching::index_of;
            indexes(self) = lists::indexes;
            insert(self, index, value) = editing::insert;
            intrinsics() = system::intrinsics;
            join(self, delimiter = Str(" ")) = strings::join;
            len(self) = lists::len;
            list() = type_maps::list;
            log(x, base = Number(10.0)) = numeric::log;
            lower(self) = strings::lower;
            map() = type_maps::map;
            number() = type_maps::number;
            pi() = numeric::pi;
            pop(self) = lists::pop;
            print(s = Str(""), delimiter = Str("\n")) = system::print;
            pull(self) = lists::pull;
            push(self, value) = lists::push;
            range(from = Number(0.0), to = Number(0.0), step) = lists::range;
            refEquals(a, b) = system::ref_equals;
            remove(self, k) = editing::remove;
            replace(self, oldval, newval, maxCount) = editing::replace;
            rnd(seed) = numeric::rnd;
            round(x = Number(0.0), decimalPlaces = Number(0.0)) = numeric::round;
            shuffle(self) = lists::shuffle;
            sign(x = Number(0.0)) = numeric::sign;
            sin(radians = Number(0.0)) = numeric::sin;
            slice(seq, from = Number(0.0), to) = lists::slice;
            sort(self = Number(0.0), byKey, ascending = Number(1.0)) = sort::sort;
            split(self, delimiter = Str(" "), maxCount = Number(-1.0)) = strings::split;
            sqrt(x = Number(0.0)) = numeric::sqrt;
            stackTrace() = system::stack_trace;
            str(x) = strings::str;
            string() = type_maps::string;
            sum(self) = lists::sum;
            tan(radians = Number(0.0)) = numeric::tan;
            time() = system::time;
            upper(self) = strings::upper;
            val(self = Number(0.0)) = strings::val;
            values(self) = lists::values;
            version() = system::version;
            wait(seconds = Number(1.0)) = system::wait;
            yield() = system::yield_slice;
        }
    };
}

macro_rules! default_of {
    () => {
        Default::Null
    };
    ($kind:ident($value:expr)) => {
        Default::$kind($value)
    };
}

macro_rules! make_table {
    ($($name:ident($($param:ident $(= $kind:ident($value:expr))?),*) = $function:path;)*) => {
        /// All intrinsics, sorted by name.
        pub static TABLE: &[Intrinsic] = &[$(
            Intrinsic {
                name: stringify!($name),
                params: &[$((stringify!($param), default_of!($($kind($value))?))),*],
                function: $function,
            },
        )*];
    };
}

for_each_intrinsic!(make_table);

/// The place of an intrinsic in [`TABLE`].
pub fn index_of(name: &str) -> Option<usize> {
    TABLE.binary_search_by(|intrinsic| intrinsic.name.cmp(name)).ok()
}
