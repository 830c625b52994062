//! A moment of the calendar, and what it has in common with another.

/// Publication dates outside of these years are misread numbers or history.
const YEARS: std::ops::RangeInclusive<u32> = 1970..=2049;

/// A moment as precise as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    year: u32,
    month: u32,
    day: u32,
    pub time: Option<Time>,
}

/// A time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    hour: u32,
    minute: u32,
    second: u32,
    /// Minutes east of Greenwich.
    zone: Option<i32>,
}

impl Time {
    /// A time of day, none where there is no such time. A leap second is the one before it.
    pub fn new(hour: u32, minute: u32, second: u32, zone: Option<i32>) -> Option<Self> {
        (hour < 24 && minute < 60 && second <= 60).then_some(Self {
            hour,
            minute,
            second: second.min(59),
            zone,
        })
    }
}

impl Moment {
    /// A day of the calendar, none where there is no such day.
    pub fn new(year: u32, month: u32, day: u32) -> Option<Self> {
        let leap =
            year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let days = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            1..=12 => 31,
            _ => return None,
        };
        (YEARS.contains(&year) && (1..=days).contains(&day)).then_some(Self {
            year,
            month,
            day,
            time: None,
        })
    }

    /// Whether the time of day was written too.
    pub fn has_time(&self) -> bool {
        self.time.is_some()
    }

    /// Whether both are the same day of the calendar.
    pub fn same_day(&self, other: &Self) -> bool {
        (self.year, self.month, self.day) == (other.year, other.month, other.day)
    }

    /// Whether it is told in Greenwich's time.
    pub fn is_universal(&self) -> bool {
        self.time.is_some_and(|time| time.zone == Some(0))
    }

    /// Whether both are the same minute, each in its zone.
    pub fn same_instant(&self, other: &Self) -> bool {
        matches!((self.instant(), other.instant()), (Some(one), Some(other)) if one == other)
    }

    /// Whether this is the day, before or behind the other's, that it is somewhere on earth at the
    /// other, which is told in Greenwich's time.
    pub fn is_local_day_of(&self, universal: &Self) -> bool {
        const FURTHEST_EAST: u32 = 14;
        const FURTHEST_WEST: u32 = 12;
        universal
            .time
            .is_some_and(|time| match self.days() - universal.days() {
                1 => time.hour + FURTHEST_EAST >= 24,
                -1 => time.hour < FURTHEST_WEST,
                _ => false,
            })
    }

    /// Minutes since some moment long ago; none where the zone or the time is not known.
    fn instant(&self) -> Option<i32> {
        let time = self.time?;
        Some((self.days() * 24 + time.hour as i32) * 60 + time.minute as i32 - time.zone?)
    }

    /// Days since some day long ago.
    fn days(&self) -> i32 {
        // The year starts in March, so that the day that may be missing is its last.
        let (year, month) = if self.month > 2 {
            (self.year as i32, self.month as i32 - 3)
        } else {
            (self.year as i32 - 1, self.month as i32 + 9)
        };
        year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + self.day as i32
    }

    /// The moment in ISO 8601: the date, and time and zone where they were written.
    pub fn iso(&self) -> String {
        let mut iso = format!("{:04}-{:02}-{:02}", self.year, self.month, self.day);
        if let Some(time) = self.time {
            iso += &format!("T{:02}:{:02}:{:02}", time.hour, time.minute, time.second);
            match time.zone {
                Some(0) => iso.push('Z'),
                Some(zone) => {
                    let sign = if zone < 0 { '-' } else { '+' };
                    iso += &format!("{sign}{:02}:{:02}", zone.abs() / 60, zone.abs() % 60);
                }
                None => {}
            }
        }
        iso
    }
}
