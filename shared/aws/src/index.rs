//! The event index: a DynamoDB table with two secondary indexes.
//!
//! An event has one to three items below `pk = event#ID`, numbered by `sk` from `0`, since it is found by up to five
//! keys and an item has two: `key1` is `all`, `area#…` or `plate#…` (index `ByKey1`), `key2` is `source#…` or
//! `camera#…` (index `ByKey2`). Both are sorted by `at`, the event's time and id. The items share their `pk`, so
//! writing an event again replaces it under all its keys. `parts` of item `0` is the number of items.
//!
//! Counts are items below `pk = count#MONTH`.

use std::collections::HashMap;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::query::builders::QueryFluentBuilder;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use camhook_ports::{
    DayCount, DayKey, EventIndex, IndexError, IndexItem, IndexKey, IndexKeys, IndexPage, PageEnd,
    PageRequest, Position,
};
use jiff::civil::Date;
use jiff::{RoundMode, Timestamp, TimestampRound, Unit};

use crate::objects::reason;
use crate::table::epoch_seconds;

/// The longest sort key of a count in bytes; DynamoDB takes 1,024.
const LONGEST_COUNT_KEY: usize = 512;

/// The maximum number of events in a page. Items are smaller than 1 kB, so most pages end below DynamoDB's 1 MB.
const LARGEST_PAGE: usize = 1000;

/// What failed when a page could not be read.
const READ_PAGE: &str = "read a page";

/// A table of DynamoDB with the event index.
#[derive(Debug, Clone)]
pub struct DynamoIndex {
    client: Client,
    table: Option<String>,
}

type Attributes = HashMap<String, AttributeValue>;

impl DynamoIndex {
    /// A table by its name; `None` where the caller was not given it, and every call fails.
    #[must_use]
    pub fn new(client: Client, table: Option<String>) -> Self {
        Self { client, table }
    }

    fn table(&self, action: &'static str) -> Result<&str, IndexError> {
        let unknown = || IndexError { action, reason: "the name of its table is not known".to_owned() };
        self.table.as_deref().ok_or_else(unknown)
    }

    async fn put_part(&self, part: Part<'_>) -> Result<Option<Attributes>, IndexError> {
        let action = "write an event";
        let written = self
            .client
            .put_item()
            .table_name(self.table(action)?)
            .set_item(Some(part.attributes()))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|error| IndexError { action, reason: reason(&error) })?;
        Ok(written.attributes)
    }

    async fn delete_part(&self, id: &str, number: usize) -> Result<Option<Attributes>, IndexError> {
        let action = "delete an event";
        let deleted = self
            .client
            .delete_item()
            .table_name(self.table(action)?)
            .set_key(Some(part_key(id, number)))
            .return_values(ReturnValue::AllOld)
            .send()
            .await
            .map_err(|error| IndexError { action, reason: reason(&error) })?;
        Ok(deleted.attributes)
    }

    /// A query of at most `limit` events of a key; the condition and the order are still to be set.
    fn query(&self, key: &IndexKey, limit: usize) -> Result<QueryFluentBuilder, IndexError> {
        let (index, attribute, value) = key_of(key);
        let limit = limit.clamp(1, LARGEST_PAGE);
        Ok(self
            .client
            .query()
            .table_name(self.table(READ_PAGE)?)
            .index_name(index)
            .expression_attribute_names("#key", attribute)
            .expression_attribute_names("#at", "at")
            .expression_attribute_values(":key", text(value))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX)))
    }
}

async fn read_page(query: QueryFluentBuilder) -> Result<IndexPage, IndexError> {
    let read =
        query.send().await.map_err(|error| IndexError { action: READ_PAGE, reason: reason(&error) })?;
    let items: Vec<IndexItem> = read.items().iter().filter_map(item).collect();
    let is_complete = read.last_evaluated_key.is_none() || items.is_empty();
    Ok(IndexPage { items, end: if is_complete { PageEnd::Complete } else { PageEnd::More } })
}

/// One of the items of an event.
struct Part<'a> {
    item: &'a IndexItem,
    number: usize,
    parts: usize,
    key1: Option<String>,
    key2: Option<String>,
}

impl Part<'_> {
    fn attributes(self) -> Attributes {
        let mut attributes = part_key(&self.item.position.id, self.number);
        attributes.insert("at".to_owned(), text(at(&self.item.position)));
        attributes.insert("expires".to_owned(), number(epoch_seconds(self.item.expires)));
        attributes.insert("data".to_owned(), text(self.item.data.to_string()));
        attributes.insert("parts".to_owned(), number(self.parts));
        attributes.extend(self.key1.map(|key| ("key1".to_owned(), text(key))));
        attributes.extend(self.key2.map(|key| ("key2".to_owned(), text(key))));
        attributes
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl std::fmt::Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

fn part_key(id: &str, number: usize) -> Attributes {
    HashMap::from([
        ("pk".to_owned(), text(format!("event#{id}"))),
        ("sk".to_owned(), text(number.to_string())),
    ])
}

/// The name of a key's index, the attribute that it is in, and its value.
fn key_of(key: &IndexKey) -> (&'static str, &'static str, String) {
    match key {
        IndexKey::All => ("ByKey1", "key1", "all".to_owned()),
        IndexKey::Area(area) => ("ByKey1", "key1", format!("area#{area}")),
        IndexKey::Plate(plate) => ("ByKey1", "key1", format!("plate#{plate}")),
        IndexKey::Source(source) => ("ByKey2", "key2", format!("source#{source}")),
        // The id of a source contains no slash.
        IndexKey::Camera { source, camera } => ("ByKey2", "key2", format!("camera#{source}/{camera}")),
    }
}

/// A time as text with milliseconds that sorts as the times do, rounded up.
fn sortable(time: Timestamp) -> String {
    let round = TimestampRound::new().smallest(Unit::Millisecond).mode(RoundMode::Ceil);
    time.round(round).unwrap_or(time).strftime("%Y-%m-%dT%H:%M:%S%.3fZ").to_string()
}

fn at(position: &Position) -> String {
    format!("{}#{}", sortable(position.time), position.id)
}

/// A text that sorts after every position that is before this one, and before this one: ids have 32 digits, so the
/// predecessor of the last character with `~` behind it is below this id and above each smaller one.
fn just_before(position: &Position) -> String {
    let mut text = at(position);
    let Some(last) = text.pop() else { return text };
    let smaller = u8::try_from(last).ok().and_then(|octet| octet.checked_sub(1)).map_or('/', char::from);
    text.push(smaller);
    text.push('~');
    text
}

fn string(attributes: &Attributes, name: &str) -> Option<String> {
    attributes.get(name)?.as_s().ok().cloned()
}

fn integer(attributes: &Attributes, name: &str) -> Option<i64> {
    attributes.get(name)?.as_n().ok()?.parse().ok()
}

fn item(attributes: &Attributes) -> Option<IndexItem> {
    let at = string(attributes, "at")?;
    let (time, id) = at.split_once('#')?;
    Some(IndexItem {
        position: Position { time: time.parse().ok()?, id: id.to_owned() },
        expires: Timestamp::from_second(integer(attributes, "expires")?).ok()?,
        data: serde_json::from_str(&string(attributes, "data")?).ok()?,
    })
}

fn parts(attributes: &Attributes) -> usize {
    integer(attributes, "parts").and_then(|parts| usize::try_from(parts).ok()).unwrap_or(1).min(3)
}

fn count_key(key: &DayKey) -> Attributes {
    let camera = key.camera.as_deref().unwrap_or_default();
    let mut name = format!("{:02}#{}#{camera}", key.day.day(), key.source);
    let end = (0..=LONGEST_COUNT_KEY.min(name.len())).rev().find(|end| name.is_char_boundary(*end));
    name.truncate(end.unwrap_or(0));
    HashMap::from([("pk".to_owned(), text(month(key.day))), ("sk".to_owned(), text(name))])
}

fn month(day: Date) -> String {
    format!("count#{}", day.strftime("%Y-%m"))
}

fn count(attributes: &Attributes) -> Option<DayCount> {
    Some(DayCount {
        key: DayKey {
            day: string(attributes, "day")?.parse().ok()?,
            source: string(attributes, "source")?,
            camera: string(attributes, "camera"),
        },
        events: integer(attributes, "events").and_then(|events| u64::try_from(events).ok()).unwrap_or(0),
    })
}

impl EventIndex for DynamoIndex {
    async fn put(&self, item: IndexItem, keys: &IndexKeys) -> Result<Option<IndexItem>, IndexError> {
        let (of_first, of_second): (Vec<_>, Vec<_>) =
            keys.all().iter().map(key_of).partition(|(index, _, _)| *index == "ByKey1");
        let total = of_first.len().max(of_second.len());
        let value = |keys: &[(_, _, String)], number: usize| keys.get(number).map(|(_, _, key)| key.clone());
        let mut previous = None;
        for number in 0..total {
            let (key1, key2) = (value(&of_first, number), value(&of_second, number));
            let replaced = self.put_part(Part { item: &item, number, parts: total, key1, key2 }).await?;
            previous = if number == 0 { replaced } else { previous };
        }
        let obsolete = previous.as_ref().map_or(0, parts);
        for number in total..obsolete {
            self.delete_part(&item.position.id, number).await?;
        }
        Ok(previous.as_ref().and_then(self::item))
    }

    async fn get(&self, id: &str) -> Result<Option<IndexItem>, IndexError> {
        let action = "read an event";
        let got = self
            .client
            .get_item()
            .table_name(self.table(action)?)
            .set_key(Some(part_key(id, 0)))
            .send()
            .await
            .map_err(|error| IndexError { action, reason: reason(&error) })?;
        Ok(got.item.as_ref().and_then(item))
    }

    async fn delete(&self, id: &str) -> Result<(), IndexError> {
        // Item 0 last: as long as it is there, its `parts` lead to the others.
        for number in (0..3).rev() {
            self.delete_part(id, number).await?;
        }
        Ok(())
    }

    async fn page(&self, request: PageRequest<'_>) -> Result<IndexPage, IndexError> {
        // Before and after the digits that a time begins with.
        let low = request.since.map_or_else(|| "0".to_owned(), sortable);
        let until = request.until.map_or_else(|| ":".to_owned(), sortable);
        let high = request.after.map_or_else(|| until.clone(), |after| just_before(after).min(until.clone()));
        if low > high {
            return Ok(IndexPage { items: Vec::new(), end: PageEnd::Complete });
        }
        let query = self
            .query(request.key, request.limit)?
            .key_condition_expression("#key = :key AND #at BETWEEN :low AND :high")
            .expression_attribute_values(":low", text(low))
            .expression_attribute_values(":high", text(high))
            .scan_index_forward(false);
        read_page(query).await
    }

    async fn newer(&self, key: &IndexKey, than: &Position, limit: usize) -> Result<IndexPage, IndexError> {
        let query = self
            .query(key, limit)?
            .key_condition_expression("#key = :key AND #at > :than")
            .expression_attribute_values(":than", text(at(than)))
            .scan_index_forward(true);
        read_page(query).await
    }

    async fn add(&self, key: &DayKey, events: i64, expires: Timestamp) -> Result<(), IndexError> {
        let action = "count";
        let mut update = self
            .client
            .update_item()
            .table_name(self.table(action)?)
            .set_key(Some(count_key(key)))
            .expression_attribute_names("#day", "day")
            .expression_attribute_names("#source", "source")
            .expression_attribute_names("#expires", "expires")
            .expression_attribute_names("#events", "events")
            .expression_attribute_values(":day", text(key.day.to_string()))
            .expression_attribute_values(":source", text(&key.source))
            .expression_attribute_values(":expires", number(epoch_seconds(expires)))
            .expression_attribute_values(":events", number(events));
        let mut set = "SET #day = :day, #source = :source, #expires = :expires".to_owned();
        if let Some(camera) = &key.camera {
            set.push_str(", #camera = :camera");
            update = update
                .expression_attribute_names("#camera", "camera")
                .expression_attribute_values(":camera", text(camera));
        }
        let updated = update.update_expression(format!("{set} ADD #events :events")).send().await;
        updated.map(drop).map_err(|error| IndexError { action, reason: reason(&error) })
    }

    async fn set_count(&self, count: &DayCount, expires: Timestamp) -> Result<(), IndexError> {
        let action = "set a count";
        let mut attributes = count_key(&count.key);
        attributes.insert("day".to_owned(), text(count.key.day.to_string()));
        attributes.insert("source".to_owned(), text(&count.key.source));
        attributes.extend(count.key.camera.as_ref().map(|camera| ("camera".to_owned(), text(camera))));
        attributes.insert("events".to_owned(), number(count.events));
        attributes.insert("expires".to_owned(), number(epoch_seconds(expires)));
        let put =
            self.client.put_item().table_name(self.table(action)?).set_item(Some(attributes)).send().await;
        put.map(drop).map_err(|error| IndexError { action, reason: reason(&error) })
    }

    async fn counts(&self, day: Date) -> Result<Vec<DayCount>, IndexError> {
        let action = "read counts";
        let mut pages = self
            .client
            .query()
            .table_name(self.table(action)?)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", text(month(day)))
            .into_paginator()
            .items()
            .send();
        let mut counts = Vec::new();
        while let Some(attributes) = pages.next().await {
            let attributes = attributes.map_err(|error| IndexError { action, reason: reason(&error) })?;
            counts.extend(count(&attributes));
        }
        Ok(counts)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn position(time: &str, id: &str) -> Position {
        Position { time: time.parse().unwrap(), id: id.to_owned() }
    }

    #[test]
    fn positions_sort_as_text_and_a_page_begins_just_before_the_last_one() {
        let texts: Vec<Position> = [
            ("2026-11-23T08:00:00Z", "0123456789abcdef0123456789abcd00"),
            ("2026-11-23T08:00:00Z", "0123456789abcdef0123456789abcd0f"),
            ("2026-11-23T08:00:00Z", "0123456789abcdef0123456789abcda0"),
            ("2026-11-23T08:00:00.001Z", "00000000000000000000000000000000"),
            ("2026-11-23T08:00:10Z", "0123456789abcdef0123456789abcdef"),
        ]
        .map(|(time, id)| position(time, id))
        .to_vec();
        for pair in texts.windows(2) {
            let bound = just_before(&pair[1]);
            assert!(at(&pair[0]) < at(&pair[1]));
            assert!(bound < at(&pair[1]), "{bound}");
            assert!(bound > at(&pair[0]), "{bound}");
        }
        assert!(("0"..":").contains(&at(&texts[0]).as_str()));
        assert_eq!(sortable("2026-11-23T08:00:00.0001Z".parse().unwrap()), "2026-11-23T08:00:00.001Z");
    }

    #[test]
    fn what_is_written_is_read_again() {
        let item = IndexItem {
            position: position("2026-11-23T08:00:00.120Z", "0123456789abcdef0123456789abcdef"),
            expires: "2027-02-21T08:00:00Z".parse().unwrap(),
            data: json!({ "kind": "plate", "plate": "ＩＢ36" }),
        };
        let part = Part { item: &item, number: 1, parts: 2, key1: Some("plate#IB36".to_owned()), key2: None };
        let attributes = part.attributes();
        assert_eq!(parts(&attributes), 2);
        assert_eq!(self::item(&attributes), Some(item));
    }

    #[test]
    fn the_key_of_a_count_has_a_limit_whatever_the_camera_is_called() {
        let day: Date = "2026-11-03".parse().unwrap();
        let key = DayKey { day, source: "gate".to_owned(), camera: Some("ü".repeat(600)) };
        let sk = string(&count_key(&key), "sk").unwrap();
        assert!(sk.len() <= LONGEST_COUNT_KEY && sk.starts_with("03#gate#ü"), "{sk}");
    }
}
