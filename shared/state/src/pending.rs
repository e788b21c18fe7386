//! Where the delivery of pending events goes on.
//!
//! `pending#cursor`, `-` holds the key of the last object that was tried. Without it, objects that cannot be delivered
//! would be tried again and again while those behind them wait.

use camhook_ports::{Condition, Key, State};
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::item::{decode, encode};

#[derive(Debug, Serialize, Deserialize)]
struct Cursor {
    after: String,
}

fn key() -> Key {
    Key::new("pending#cursor".to_owned(), "-")
}

/// The key of the last object that was tried; `None` before the first.
///
/// # Errors
///
/// When the table fails.
pub async fn cursor<S: State>(state: &S) -> Result<Option<String>, Error> {
    let item = state.get(&key()).await?;
    item.map(|item| decode::<Cursor>(&item).map(|cursor| cursor.after)).transpose()
}

/// Records the key of the last object that was tried.
///
/// # Errors
///
/// When the table fails.
pub async fn record_cursor<S: State>(state: &S, after: &str) -> Result<(), Error> {
    let key = key();
    let data = encode(&key, &Cursor { after: after.to_owned() })?;
    state.put(&key, data, None, Condition::None).await?;
    Ok(())
}
