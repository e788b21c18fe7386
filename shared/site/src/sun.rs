//! Sunrise and sunset at a place.

use std::ops::Range;

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use solar_positioning::events::SolarEvents;
use solar_positioning::{Horizon, Location};

/// The Julian date of 1970-01-01T00:00:00Z.
const JULIAN_DATE_OF_UNIX_EPOCH: f64 = 2_440_587.5;
const SECONDS_PER_DAY: f64 = 86_400.0;
/// Terrestrial time less universal time, in seconds, as of 2026. It changes by less than a second a year, which
/// moves a sunset by less than a millisecond.
const DELTA_T: f64 = 69.2;
const HALF_DAY: f64 = 0.5;

/// A place on Earth.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    latitude: f64,
    longitude: f64,
}

impl Place {
    /// A place by its latitude (-90 to 90, north is positive) and longitude (-180 to 180, east is positive) in
    /// degrees; `None` when either is out of range.
    #[must_use]
    pub fn new(latitude: f64, longitude: f64) -> Option<Self> {
        let is_valid = (-90.0..=90.0).contains(&latitude) && (-180.0..=180.0).contains(&longitude);
        is_valid.then_some(Self { latitude, longitude })
    }
}

/// When the sun is above the horizon around the noon of a day: its upper edge, seen from sea level, with the usual
/// refraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Daylight {
    /// From sunrise to sunset. Near the polar circles, these may be on the neighbouring dates.
    Between {
        /// When the sun rises.
        sunrise: Timestamp,
        /// When the sun sets.
        sunset: Timestamp,
    },
    /// The sun does not set.
    PolarDay,
    /// The sun does not rise.
    PolarNight,
}

/// The daylight of a date at a place. `timezone` says when the date's noon is.
///
/// A day on which the sun only rises, or only sets, within twelve hours of its highest position counts as a polar
/// day. `None` outside the years 1 to 5999.
#[must_use]
pub fn daylight(place: Place, date: Date, timezone: &TimeZone) -> Option<Daylight> {
    let location = Location { latitude: place.latitude, longitude: place.longitude };
    let events = SolarEvents::new();
    let midnight = julian_date(date.to_zoned(timezone.clone()).ok()?.timestamp());
    let next_midnight =
        julian_date(date.checked_add(1.day()).ok()?.to_zoned(timezone.clone()).ok()?.timestamp());
    let transit =
        events.next_transit_from_julian(midnight, next_midnight, place.longitude, DELTA_T).ok().flatten();
    // In a zone that is far from the place's own time, the sun may be highest on another date.
    let noon = transit.unwrap_or(f64::midpoint(midnight, next_midnight));
    let around = events
        .for_interval_from_julian(noon - HALF_DAY, noon + HALF_DAY, location, DELTA_T, Horizon::SunriseSunset)
        .ok()?;
    let rise = around.rises.iter().rfind(|rise| **rise <= noon);
    let set = around.sets.iter().find(|set| **set > noon);
    match (rise, set) {
        (Some(rise), Some(set)) => {
            Some(Daylight::Between { sunrise: timestamp(*rise)?, sunset: timestamp(*set)? })
        }
        (None, None) if !around.always_above() => Some(Daylight::PolarNight),
        _ => Some(Daylight::PolarDay),
    }
}

/// When the sun rises and sets in a year: from the earliest to the latest time, in hours since the midnight of the date.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Seasons {
    pub(crate) sunrise: Range<f64>,
    pub(crate) sunset: Range<f64>,
}

/// When the sun rises and sets at a place in the course of a year, by the clocks of a zone. A few minutes more than the
/// days of that year have, never less, but near the polar circles at most eleven hours from noon and at least one.
pub(crate) fn seasons(place: Place, year: i16, timezone: &TimeZone) -> Seasons {
    /// What the equations below and the days between two steps leave out.
    const TOLERANCE: f64 = 0.2;
    const STEP_DAYS: i64 = 5;
    /// Of the sun's upper edge at sunrise, in degrees.
    const ALTITUDE: f64 = -0.833;
    const OBLIQUITY: f64 = 23.44;
    const DAYS_PER_YEAR: f64 = 365.25;
    let mut seasons =
        Seasons { sunrise: f64::INFINITY..f64::NEG_INFINITY, sunset: f64::INFINITY..f64::NEG_INFINITY };
    let (latitude, altitude) = (place.latitude.to_radians(), ALTITUDE.to_radians());
    for day in date(year, 1, 1).series(STEP_DAYS.days()).take_while(|day| day.year() == year) {
        let Ok(local) = day.at(12, 0, 0, 0).to_zoned(timezone.clone()) else { continue };
        let angle = |days: f64| (f64::from(day.day_of_year()) + days) / DAYS_PER_YEAR * std::f64::consts::TAU;
        // The sun's declination, and how many minutes it is late, by the usual approximations.
        let declination = -(OBLIQUITY.to_radians() * angle(10.0).cos());
        let orbit = angle(-81.0);
        let late_minutes = 7.53 * orbit.cos() + 1.5 * orbit.sin() - 9.87 * (2.0 * orbit).sin();
        let cosine =
            (altitude.sin() - latitude.sin() * declination.sin()) / (latitude.cos() * declination.cos());
        let half_day = (cosine.clamp(-1.0, 1.0).acos().to_degrees() / 15.0).clamp(1.0, 11.0);
        let offset = f64::from(local.offset().seconds()) / 3600.0;
        let mean_noon = (12.0 - place.longitude / 15.0 + offset).rem_euclid(24.0);
        let noon = mean_noon + late_minutes / 60.0;
        seasons.sunrise = extended(&seasons.sunrise, noon - half_day);
        seasons.sunset = extended(&seasons.sunset, noon + half_day);
    }
    let tolerant = |range: &Range<f64>| range.start - TOLERANCE..range.end + TOLERANCE;
    Seasons { sunrise: tolerant(&seasons.sunrise), sunset: tolerant(&seasons.sunset) }
}

fn extended(range: &Range<f64>, value: f64) -> Range<f64> {
    range.start.min(value)..range.end.max(value)
}

#[expect(clippy::cast_precision_loss, reason = "a Julian date in f64 is exact to less than a millisecond")]
fn julian_date(at: Timestamp) -> f64 {
    at.as_second() as f64 / SECONDS_PER_DAY + JULIAN_DATE_OF_UNIX_EPOCH
}

fn timestamp(julian_date: f64) -> Option<Timestamp> {
    let seconds = (julian_date - JULIAN_DATE_OF_UNIX_EPOCH) * SECONDS_PER_DAY;
    let since_epoch = SignedDuration::try_from_secs_f64(seconds.round()).ok()?;
    Timestamp::UNIX_EPOCH.checked_add(since_epoch).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Computed with PyEphem 4.2 (XEphem's libastro), the sun's centre at -50 arc minutes without refraction: the
    /// convention of the Astronomical Almanac.
    const ALMANAC: [(&str, f64, f64, &str, &str, &str); 20] = [
        ("Berlin", 52.52, 13.405, "2026-01-15", "2026-01-15T07:09:53Z", "2026-01-15T15:22:04Z"),
        ("London", 51.5074, -0.1278, "2026-03-20", "2026-03-20T06:03:24Z", "2026-03-20T18:13:30Z"),
        ("Madrid", 40.4168, -3.7038, "2026-06-21", "2026-06-21T04:44:46Z", "2026-06-21T19:48:30Z"),
        ("Oslo", 59.9139, 10.7522, "2026-08-10", "2026-08-10T03:19:28Z", "2026-08-10T19:23:35Z"),
        ("Reykjavik", 64.1466, -21.9426, "2026-11-29", "2026-11-29T10:40:14Z", "2026-11-29T15:51:21Z"),
        ("Athens", 37.9838, 23.7275, "2026-01-15", "2026-01-15T05:39:52Z", "2026-01-15T15:29:20Z"),
        ("New York", 40.7128, -74.006, "2026-03-20", "2026-03-20T10:59:18Z", "2026-03-20T23:08:11Z"),
        ("Los Angeles", 34.0522, -118.2437, "2026-06-21", "2026-06-21T12:42:04Z", "2026-06-22T03:07:39Z"),
        ("Anchorage", 61.2181, -149.9003, "2026-08-10", "2026-08-10T13:55:48Z", "2026-08-11T06:12:10Z"),
        ("Mexico City", 19.4326, -99.1332, "2026-11-29", "2026-11-29T12:53:00Z", "2026-11-29T23:56:41Z"),
        ("Quito", -0.1807, -78.4678, "2026-01-15", "2026-01-15T11:19:25Z", "2026-01-15T23:27:16Z"),
        ("Sao Paulo", -23.5505, -46.6333, "2026-03-20", "2026-03-20T09:10:13Z", "2026-03-20T21:17:18Z"),
        ("Cape Town", -33.9249, 18.4241, "2026-06-21", "2026-06-21T05:51:20Z", "2026-06-21T15:44:54Z"),
        ("Nairobi", -1.2921, 36.8219, "2026-08-10", "2026-08-10T03:36:08Z", "2026-08-10T15:40:06Z"),
        ("Dubai", 25.2048, 55.2708, "2026-11-29", "2026-11-29T02:45:42Z", "2026-11-29T13:28:25Z"),
        ("Delhi", 28.6139, 77.209, "2026-01-15", "2026-01-15T01:44:59Z", "2026-01-15T12:16:11Z"),
        ("Singapore", 1.3521, 103.8198, "2026-03-20", "2026-03-19T23:09:01Z", "2026-03-20T11:15:29Z"),
        ("Tokyo", 35.6762, 139.6503, "2026-06-21", "2026-06-20T19:25:49Z", "2026-06-21T10:00:27Z"),
        ("Sydney", -33.8688, 151.2093, "2026-08-10", "2026-08-09T20:39:47Z", "2026-08-10T07:21:48Z"),
        ("Auckland", -36.8509, 174.7645, "2026-11-29", "2026-11-28T16:55:59Z", "2026-11-29T07:22:30Z"),
    ];

    #[test]
    fn sunrise_and_sunset_are_within_a_minute_of_an_almanac() {
        for (name, latitude, longitude, date, sunrise, sunset) in ALMANAC {
            let place = Place::new(latitude, longitude).unwrap();
            // The zone of the place's own solar time: the almanac's rows are of that date.
            #[expect(clippy::cast_possible_truncation, reason = "at most twelve hours")]
            let hours = (longitude / 15.0).round() as i8;
            let timezone = TimeZone::fixed(jiff::tz::offset(hours));
            let found = daylight(place, date.parse().unwrap(), &timezone).unwrap();
            let Daylight::Between { sunrise: rises, sunset: sets } = found else {
                panic!("{name}: {found:?}")
            };
            for (found, expected) in [(rises, sunrise), (sets, sunset)] {
                let expected: Timestamp = expected.parse().unwrap();
                let error = found.duration_since(expected).unsigned_abs();
                assert!(error.as_secs() < 60, "{name} {date}: {found}, the almanac has {expected}");
            }
        }
    }

    #[test]
    fn polar_days_and_nights_have_neither() {
        let tromso = Place::new(69.6492, 18.9553).unwrap();
        let timezone = TimeZone::get("Europe/Oslo").unwrap();
        let of = |date: &str| daylight(tromso, date.parse().unwrap(), &timezone).unwrap();
        assert_eq!(of("2026-06-21"), Daylight::PolarDay);
        assert_eq!(of("2026-12-21"), Daylight::PolarNight);
        assert!(matches!(of("2026-03-20"), Daylight::Between { .. }));
    }

    #[test]
    fn a_sunset_after_midnight_belongs_to_the_evening_before() {
        let reykjavik = Place::new(64.1466, -21.9426).unwrap();
        let timezone = TimeZone::get("Atlantic/Reykjavik").unwrap();
        let found = daylight(reykjavik, "2026-06-21".parse().unwrap(), &timezone).unwrap();
        let Daylight::Between { sunset, .. } = found else { panic!("{found:?}") };
        assert!(sunset.to_string().starts_with("2026-06-22T00:0"), "{sunset}");
    }

    #[test]
    fn the_seasons_have_every_sunrise_and_sunset_of_a_year() {
        for (latitude, longitude, zone) in [
            (52.52, 13.405, "Europe/Berlin"),
            (59.914, 10.752, "Europe/Oslo"),
            (25.76, -80.19, "America/New_York"),
            (-1.29, 36.82, "Africa/Nairobi"),
            (-45.87, 170.5, "Pacific/Auckland"),
        ] {
            let place = Place::new(latitude, longitude).unwrap();
            let timezone = TimeZone::get(zone).unwrap();
            let Seasons { sunrise, sunset } = seasons(place, 2026, &timezone);
            let (mut first, mut last) = (f64::INFINITY, f64::NEG_INFINITY);
            for day in date(2026, 1, 1).series(7.days()).take_while(|day| day.year() == 2026) {
                let found = daylight(place, day, &timezone).unwrap();
                let Daylight::Between { sunrise: rises, sunset: sets } = found else { panic!("{found:?}") };
                let hours = |at: Timestamp| {
                    let time = at.to_zoned(timezone.clone()).time();
                    f64::from(time.hour()) + f64::from(time.minute()) / 60.0
                };
                assert!(sunrise.contains(&hours(rises)), "{zone} {day}: {rises}, {sunrise:?}");
                assert!(sunset.contains(&hours(sets)), "{zone} {day}: {sets}, {sunset:?}");
                (first, last) = (first.min(hours(rises)), last.max(hours(rises)));
            }
            assert!(
                first - sunrise.start < 0.5 && sunrise.end - last < 0.5,
                "{zone}: {first} {last} {sunrise:?}"
            );
        }
    }

    #[test]
    fn a_place_is_on_earth() {
        assert!(Place::new(90.0, -180.0).is_some());
        for (latitude, longitude) in [(90.1, 0.0), (0.0, 180.1), (f64::NAN, 0.0), (0.0, f64::INFINITY)] {
            assert_eq!(Place::new(latitude, longitude), None);
        }
    }
}
