//! `_dateVal` and `_dateStr` (INTRINSICS.md §9.8).
//!
//! | File | Owns |
//! |---|---|
//! | `calendar` | days and their dates: arithmetic only |
//! | `zone` | local time |
//! | `parse` | from text |
//! | `format` | to text |
//!
//! A date is a number of seconds since 2000-01-01 00:00:00 local time, which really passed: between
//! winter and summer an hour is missing, as in the reference.

mod calendar;
mod format;
mod parse;
mod zone;

use super::Shell;
use brisk_core::host::{Context, Data, NativeResult};
use calendar::Moment;
use std::sync::Arc;
use std::time::SystemTime;

/// The format of `_dateStr` without one.
pub(super) const DEFAULT_FORMAT: &str = "yyyy-MM-dd HH:mm:ss";

/// Dates beyond are shown as the nearest one inside, in seconds: about three million years, which
/// no arithmetic here overflows.
const DATE_SECONDS_MAX: f64 = 1e14;

/// A text as a date; a number is one; null is now.
pub(super) fn date_val(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    Ok(Data::Number(argument(context)?))
}

/// A date as text.
pub(super) fn date_str(context: &mut Context<'_>, _: &Arc<Shell>) -> NativeResult {
    let date = argument(context)?;
    let pattern = context.text_arg(1)?;
    Ok(format::format(&moment(date), &pattern).into())
}

/// Argument 0 as a date.
fn argument(context: &mut Context<'_>) -> Result<f64, brisk_core::host::NativeError> {
    match context.value(0)? {
        Data::Null => Ok(to_date(zone::now())),
        Data::Number(date) => Ok(date),
        _ => {
            let today = zone::to_local(zone::now());
            let local = parse::parse(&context.text_arg(0)?, today);
            Ok(to_date(zone::from_local(local)))
        }
    }
}

/// The local time of a date.
fn moment(date: f64) -> Moment {
    // In range after the clamp; NaN becomes 0.
    #[allow(clippy::cast_possible_truncation)]
    let seconds = date.floor().clamp(-DATE_SECONDS_MAX, DATE_SECONDS_MAX) as i64;
    Moment::from_seconds(zone::to_local(seconds + zone::epoch()))
}

/// Unix seconds as a date.
fn to_date(unix_seconds: i64) -> f64 {
    // Exact up to 2^53.
    #[allow(clippy::cast_precision_loss)]
    let date = (unix_seconds - zone::epoch()) as f64;
    date
}

/// The time of a file, in the default format.
pub(super) fn format_system_time(time: SystemTime) -> String {
    format::format(&Moment::from_seconds(zone::to_local(zone::unix_seconds(time))), DEFAULT_FORMAT)
}
