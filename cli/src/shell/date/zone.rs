//! Local time. The rules of time zones are `jiff`'s, which reads those of the system; without them
//! it is UTC.

use super::calendar;
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

fn zone() -> &'static TimeZone {
    static ZONE: OnceLock<TimeZone> = OnceLock::new();
    ZONE.get_or_init(|| TimeZone::try_system().unwrap_or(TimeZone::UTC))
}

/// Unix seconds of the moment that dates count from.
pub(super) fn epoch() -> i64 {
    static EPOCH: OnceLock<i64> = OnceLock::new();
    *EPOCH.get_or_init(|| from_local(calendar::to_seconds(2000, 1, 1, 0)))
}

/// Unix seconds now.
pub(super) fn now() -> i64 {
    unix_seconds(SystemTime::now())
}

/// Unix seconds of a moment.
pub(super) fn unix_seconds(time: SystemTime) -> i64 {
    let seconds =
        |duration: std::time::Duration| i64::try_from(duration.as_secs()).unwrap_or(i64::MAX);
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => seconds(after),
        Err(before) => -seconds(before.duration()),
    }
}

/// Seconds on the local clock, counted from 1970-01-01 00:00:00 local time.
pub(super) fn to_local(unix_seconds: i64) -> i64 {
    let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
    let known = Timestamp::from_second(unix_seconds.clamp(first, last)).unwrap_or_default();
    unix_seconds + i64::from(zone().to_offset(known).seconds())
}

/// The opposite. A time that the clock skips is taken as if it had not; one that comes twice is the
/// first.
pub(super) fn from_local(local_seconds: i64) -> i64 {
    let as_utc = Timestamp::from_second(local_seconds).ok();
    let civil: Option<DateTime> = as_utc.map(|timestamp| TimeZone::UTC.to_datetime(timestamp));
    let known = civil.and_then(|civil| zone().to_ambiguous_timestamp(civil).compatible().ok());
    match known {
        Some(timestamp) => timestamp.as_second(),
        // Outside of what is known, the offset of the nearest time that is.
        None => local_seconds - (to_local(local_seconds) - local_seconds),
    }
}
