//! The state table: DynamoDB.
//!
//! An item has the attributes `pk`, `sk`, `revision`, `expires` (seconds since 1970, the table's TTL
//! attribute) and one for each field of its data. DynamoDB deletes expired items days late: every condition
//! looks at `expires` itself.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure};
use camhook_ports::{Condition, Item, Key, PutOutcome, State, StateError};
use jiff::Timestamp;
use serde_json::{Map, Number, Value};

use crate::objects::reason;

/// The maximum number of keys in one call.
const BATCH: usize = 100;

/// How often the keys are requested that a throttled table left unread.
const BATCH_ATTEMPTS: usize = 4;

/// The pause before the second attempt; it doubles with each one.
const BATCH_PAUSE: Duration = Duration::from_millis(100);

const OWN_ATTRIBUTES: [&str; 4] = ["pk", "sk", "revision", "expires"];

/// One table of DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoState {
    client: Client,
    table: String,
}

type Attributes = HashMap<String, AttributeValue>;

impl DynamoState {
    /// A table by its name.
    #[must_use]
    pub fn new(client: Client, table: String) -> Self {
        Self { client, table }
    }
}

fn failed(key: &Key, reason: String) -> StateError {
    StateError { pk: key.pk.clone(), sk: key.sk.clone(), reason }
}

fn key_attributes(key: &Key) -> Attributes {
    HashMap::from([
        ("pk".to_owned(), AttributeValue::S(key.pk.clone())),
        ("sk".to_owned(), AttributeValue::S(key.sk.clone())),
    ])
}

fn number(value: impl Into<Number>) -> AttributeValue {
    AttributeValue::N(value.into().to_string())
}

/// Rounded up: an item never expires early.
pub(crate) fn epoch_seconds(time: Timestamp) -> i64 {
    time.as_second() + i64::from(time.subsec_nanosecond() > 0)
}

fn attribute(value: Value) -> AttributeValue {
    match value {
        Value::Null => AttributeValue::Null(true),
        Value::Bool(value) => AttributeValue::Bool(value),
        Value::Number(value) => number(value),
        Value::String(value) => AttributeValue::S(value),
        Value::Array(values) => AttributeValue::L(values.into_iter().map(attribute).collect()),
        Value::Object(fields) => {
            AttributeValue::M(fields.into_iter().map(|(name, value)| (name, attribute(value))).collect())
        }
    }
}

fn json(attribute: AttributeValue) -> Value {
    match attribute {
        AttributeValue::Bool(value) => Value::Bool(value),
        AttributeValue::N(digits) => digits.parse::<Number>().map_or(Value::String(digits), Value::Number),
        AttributeValue::S(value) => Value::String(value),
        AttributeValue::L(values) => Value::Array(values.into_iter().map(json).collect()),
        AttributeValue::M(fields) => {
            Value::Object(fields.into_iter().map(|(name, value)| (name, json(value))).collect())
        }
        _ => Value::Null,
    }
}

fn item(mut attributes: Attributes) -> Option<Item> {
    let AttributeValue::S(pk) = attributes.remove("pk")? else { return None };
    let AttributeValue::S(sk) = attributes.remove("sk")? else { return None };
    let integer = |attribute: Option<AttributeValue>| match attribute {
        Some(AttributeValue::N(digits)) => digits.parse::<i64>().ok(),
        _ => None,
    };
    let revision = integer(attributes.remove("revision")).and_then(|value| u64::try_from(value).ok());
    let expires = integer(attributes.remove("expires"));
    let data = attributes.into_iter().map(|(name, value)| (name, json(value))).collect();
    Some(Item {
        key: Key { pk, sk },
        data: Value::Object(data),
        revision: revision.unwrap_or(0),
        expires: expires.and_then(|seconds| Timestamp::from_second(seconds).ok()),
    })
}

/// The condition as an expression, with the names and values that it uses.
fn expression(condition: Condition) -> Option<(&'static str, &'static str, &'static str, AttributeValue)> {
    match condition {
        Condition::None => None,
        Condition::Absent { now } => Some((
            "attribute_not_exists(pk) OR #expires <= :now",
            "#expires",
            ":now",
            number(now.as_second()),
        )),
        Condition::Revision(revision) => {
            Some(("#revision = :revision", "#revision", ":revision", number(revision)))
        }
    }
}

impl State for DynamoState {
    async fn get(&self, key: &Key) -> Result<Option<Item>, StateError> {
        let got = self
            .client
            .get_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .consistent_read(true)
            .send()
            .await
            .map_err(|error| failed(key, reason(&error)))?;
        Ok(got.item.and_then(item))
    }

    async fn get_many(&self, keys: &[Key]) -> Result<Vec<Item>, StateError> {
        let mut items = Vec::new();
        let Some(first) = keys.first() else { return Ok(items) };
        for batch in keys.chunks(BATCH) {
            let mut wanted: Vec<Attributes> = batch.iter().map(key_attributes).collect();
            let mut pause = BATCH_PAUSE;
            for _ in 0..BATCH_ATTEMPTS {
                let request =
                    KeysAndAttributes::builder().set_keys(Some(wanted)).consistent_read(true).build();
                let request = request.map_err(|error| failed(first, error.to_string()))?;
                let got = self.client.batch_get_item().request_items(&self.table, request).send().await;
                let got = got.map_err(|error| failed(first, reason(&error)))?;
                let found = got.responses.unwrap_or_default().into_values().flatten();
                items.extend(found.filter_map(item));
                let unprocessed = got.unprocessed_keys.unwrap_or_default().into_values();
                wanted = unprocessed.flat_map(|keys| keys.keys).collect();
                if wanted.is_empty() {
                    break;
                }
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
            if !wanted.is_empty() {
                return Err(failed(first, "the table is throttled: it left keys unread".to_owned()));
            }
        }
        Ok(items)
    }

    async fn put(
        &self,
        key: &Key,
        data: Value,
        expires: Option<Timestamp>,
        condition: Condition,
    ) -> Result<PutOutcome, StateError> {
        let Value::Object(fields) = data else {
            return Err(failed(key, "an item's data must be a JSON object".to_owned()));
        };
        let revision = match condition {
            Condition::None | Condition::Absent { .. } => 1,
            Condition::Revision(revision) => revision + 1,
        };
        let mut attributes: Attributes =
            fields.into_iter().map(|(name, value)| (name, attribute(value))).collect();
        attributes.extend(key_attributes(key));
        attributes.insert("revision".to_owned(), number(revision));
        if let Some(expires) = expires {
            attributes.insert("expires".to_owned(), number(epoch_seconds(expires)));
        }
        let mut request = self.client.put_item().table_name(&self.table).set_item(Some(attributes));
        if let Some((expression, name, placeholder, value)) = expression(condition) {
            request = request
                .condition_expression(expression)
                .expression_attribute_names(name, name.trim_start_matches('#'))
                .expression_attribute_values(placeholder, value)
                .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        }
        let error = match request.send().await {
            Ok(_) => return Ok(PutOutcome::Written(revision)),
            Err(error) => error,
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(refused)) => {
                Ok(PutOutcome::Refused(refused.item().cloned().and_then(item)))
            }
            _ => Err(failed(key, reason(&error))),
        }
    }

    async fn merge(
        &self,
        key: &Key,
        fields: Map<String, Value>,
        expires: Option<Timestamp>,
    ) -> Result<(), StateError> {
        let mut request = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .expression_attribute_names("#revision", "revision")
            .expression_attribute_values(":one", number(1));
        let mut assignments = Vec::new();
        for (index, (name, value)) in fields.into_iter().enumerate() {
            if OWN_ATTRIBUTES.contains(&name.as_str()) {
                return Err(failed(key, format!("`{name}` is an attribute of the table itself")));
            }
            assignments.push(format!("#f{index} = :f{index}"));
            request = request
                .expression_attribute_names(format!("#f{index}"), name)
                .expression_attribute_values(format!(":f{index}"), attribute(value));
        }
        let mut removed = "";
        request = request.expression_attribute_names("#expires", "expires");
        match expires {
            Some(expires) => {
                assignments.push("#expires = :expires".to_owned());
                request = request.expression_attribute_values(":expires", number(epoch_seconds(expires)));
            }
            None => removed = " REMOVE #expires",
        }
        let set =
            if assignments.is_empty() { String::new() } else { format!("SET {}", assignments.join(", ")) };
        let updated = request.update_expression(format!("{set}{removed} ADD #revision :one")).send().await;
        updated.map(drop).map_err(|error| failed(key, reason(&error)))
    }

    async fn delete(&self, key: &Key, condition: Condition) -> Result<bool, StateError> {
        let mut request = self
            .client
            .delete_item()
            .table_name(&self.table)
            .set_key(Some(key_attributes(key)))
            .return_values(aws_sdk_dynamodb::types::ReturnValue::AllOld);
        if let Some((expression, name, placeholder, value)) = expression(condition) {
            request = request
                .condition_expression(expression)
                .expression_attribute_names(name, name.trim_start_matches('#'))
                .expression_attribute_values(placeholder, value);
        }
        match request.send().await {
            Ok(deleted) => Ok(deleted.attributes.is_some_and(|attributes| !attributes.is_empty())),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(DeleteItemError::is_conditional_check_failed_exception) =>
            {
                Ok(false)
            }
            Err(error) => Err(failed(key, reason(&error))),
        }
    }

    async fn query(&self, pk: &str) -> Result<Vec<Item>, StateError> {
        let key = Key::new(pk, "*");
        let mut pages = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression("pk = :pk")
            .expression_attribute_values(":pk", AttributeValue::S(pk.to_owned()))
            .consistent_read(true)
            .into_paginator()
            .items()
            .send();
        let mut items = Vec::new();
        while let Some(attributes) = pages.next().await {
            let attributes = attributes.map_err(|error| failed(&key, reason(&error)))?;
            items.extend(item(attributes));
        }
        Ok(items)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let data = serde_json::json!({ "state": "taken", "n": 3, "half": 0.5, "ids": ["a"], "deep": { "yes": true } });
        let Value::Object(fields) = data.clone() else { unreachable!() };
        let mut attributes: Attributes =
            fields.into_iter().map(|(name, value)| (name, attribute(value))).collect();
        let key = Key::new("claim#1", "rule#0");
        attributes.extend(key_attributes(&key));
        attributes.insert("revision".to_owned(), number(2));
        attributes.insert("expires".to_owned(), number(1_800_000_000));
        let read = item(attributes).unwrap();
        assert_eq!((read.key, read.revision, read.data), (key, 2, data));
        assert_eq!(read.expires, Timestamp::from_second(1_800_000_000).ok());
    }

    #[test]
    fn an_item_never_expires_early() {
        assert_eq!(epoch_seconds("1970-01-01T00:00:01.001Z".parse().unwrap()), 2);
        assert_eq!(epoch_seconds("1970-01-01T00:00:01Z".parse().unwrap()), 1);
    }
}
