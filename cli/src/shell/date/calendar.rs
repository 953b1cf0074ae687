//! Days and their dates in the Gregorian calendar: arithmetic only.
//!
//! The algorithms are Howard Hinnant's, "chrono-Compatible Low-Level Date Algorithms": years begin
//! in March, so that leap days come last, and 400 years are always as long as others.

const SECONDS_PER_DAY: i64 = 86_400;

/// A moment of local time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Moment {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    /// From 0, Sunday.
    pub(super) weekday: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
    pub(super) second: i64,
}

impl Moment {
    /// From seconds since 1970-01-01 00:00:00 on the same clock.
    pub(super) fn from_seconds(seconds: i64) -> Moment {
        let days = seconds.div_euclid(SECONDS_PER_DAY);
        let rest = seconds.rem_euclid(SECONDS_PER_DAY);
        let shifted = days + 719_468;
        let era = shifted.div_euclid(146_097);
        let day_of_era = shifted.rem_euclid(146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let march_month = (5 * day_of_year + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Moment {
            year: year_of_era + era * 400 + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * march_month + 2) / 5 + 1,
            weekday: (days + 4).rem_euclid(7),
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
        }
    }
}

/// Seconds since 1970-01-01 00:00:00 on the same clock. Months and days out of range count on:
/// month 13 is the next January, day 0 the last of the month before.
pub(super) fn to_seconds(year: i64, month: i64, day: i64, seconds_of_day: i64) -> i64 {
    let year = year + (month - 1).div_euclid(12);
    let month = (month - 1).rem_euclid(12) + 1;
    let march_year = year - i64::from(month <= 2);
    let era = march_year.div_euclid(400);
    let year_of_era = march_year.rem_euclid(400);
    let march_month = (month + 9) % 12;
    let day_of_year = (153 * march_month + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    (era * 146_097 + day_of_era - 719_468) * SECONDS_PER_DAY + seconds_of_day
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for seconds in
            [-62_135_596_800_i64, -1, 0, 951_782_400, 946_684_800, 4_102_444_799, 1 << 40]
        {
            let m = Moment::from_seconds(seconds);
            let of_day = m.hour * 3600 + m.minute * 60 + m.second;
            assert_eq!(to_seconds(m.year, m.month, m.day, of_day), seconds);
        }
        let m = Moment::from_seconds(951_782_400);
        assert_eq!((m.year, m.month, m.day, m.weekday), (2000, 2, 29, 2));
    }

    #[test]
    fn out_of_range_counts_on() {
        assert_eq!(to_seconds(2020, 2, 30, 0), to_seconds(2020, 3, 1, 0));
        assert_eq!(to_seconds(2020, 13, 1, 0), to_seconds(2021, 1, 1, 0));
        assert_eq!(to_seconds(2020, 3, 0, 0), to_seconds(2020, 2, 29, 0));
    }
}
