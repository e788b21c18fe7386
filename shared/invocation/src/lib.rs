//! What Lambda hands to a function, and what it takes from it: requests of API Gateway, batches of SQS.
//!
//! Plain data without the SDK, so that the conversion can be fuzzed and measured by itself.

#![warn(clippy::indexing_slicing)]

mod front;
mod gateway;
mod sqs_event;

pub use front::{FRONT_FIELD, Front};
pub use gateway::{HttpApiEvent, HttpApiReply};
pub use sqs_event::{BatchResponse, REPLAY_ATTRIBUTE, SqsEvent};
