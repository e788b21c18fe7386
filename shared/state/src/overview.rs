//! Relays, modes, snoozes and the verdict on the configuration, read in one call.

use std::collections::BTreeMap;

use camhook_ports::{Item, Key, State};
use serde::de::DeserializeOwned;

use crate::Error;
use crate::configuration::{self, ValidVersion, Validation};
use crate::control::{self, ModeRecord, StopRecord};
use crate::item::decode;
use crate::relay::{self, RelayRecord};
use crate::snooze::{self, Snooze, Snoozes};

/// What is read.
#[derive(Debug, Clone, Default)]
pub struct Selection<'a> {
    /// The ids of relays.
    pub relays: Vec<&'a str>,
    /// Areas, whose modes are read.
    pub areas: Vec<&'a str>,
    /// A version of camhook.toml.
    pub version: Option<&'a str>,
}

/// What was read. Relays and areas without an item are absent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overview {
    /// How the stop switch was set last; `None` when it never was.
    pub stop: Option<StopRecord>,
    /// The modes by area.
    pub modes: BTreeMap<String, ModeRecord>,
    /// The relays by id.
    pub relays: BTreeMap<String, RelayRecord>,
    /// The snoozes, including those that have ended and were not reported yet.
    pub snoozes: Vec<Snooze>,
    /// The verdict on the selected version; `None` when it was not checked yet.
    pub validation: Option<Validation>,
    /// The last valid version; `None` before any was found valid.
    pub valid_version: Option<ValidVersion>,
}

/// Reads the items in one call for each 100 of them.
///
/// # Errors
///
/// When the table fails.
pub async fn read<S: State>(state: &S, selection: &Selection<'_>) -> Result<Overview, Error> {
    let Selection { relays, areas, version } = selection;
    let mut keys = vec![control::stop_key(), snooze::key(), configuration::valid_key()];
    keys.extend(version.map(configuration::validation_key));
    keys.extend(relays.iter().copied().map(relay::key));
    keys.extend(areas.iter().flat_map(|area| [control::mode_key(area), control::old_mode_key(area)]));
    keys.sort();
    keys.dedup();
    let items = state.get_many(&keys).await?;
    let items: BTreeMap<Key, Item> = items.into_iter().map(|item| (item.key.clone(), item)).collect();
    let snoozes: Option<Snoozes> = find(&items, &snooze::key())?;
    let mut overview = Overview {
        stop: find(&items, &control::stop_key())?,
        modes: BTreeMap::new(),
        relays: BTreeMap::new(),
        snoozes: snoozes.unwrap_or_default().entries,
        validation: match version {
            Some(version) => find(&items, &configuration::validation_key(version))?,
            None => None,
        },
        valid_version: find(&items, &configuration::valid_key())?,
    };
    for relay in relays {
        if let Some(record) = find(&items, &relay::key(relay))? {
            overview.relays.insert((*relay).to_owned(), record);
        }
    }
    for area in areas {
        let mode = match find(&items, &control::mode_key(area))? {
            Some(mode) => Some(mode),
            None => find(&items, &control::old_mode_key(area))?,
        };
        if let Some(mode) = mode {
            overview.modes.insert((*area).to_owned(), mode);
        }
    }
    Ok(overview)
}

fn find<T: DeserializeOwned>(items: &BTreeMap<Key, Item>, key: &Key) -> Result<Option<T>, Error> {
    items.get(key).map(decode).transpose()
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryState;
    use jiff::Timestamp;

    use super::*;
    use crate::control::{SetBy, StopSwitch};
    use crate::snooze::SnoozeTarget;

    const NOW: Timestamp = Timestamp::constant(1_800_000_000, 0);

    #[tokio::test]
    async fn each_item_is_what_its_own_module_reads_and_all_take_one_call() {
        let state = MemoryState::default();
        control::set_stop_switch(&state, StopSwitch::Stopped, NOW, "ann").await.unwrap();
        control::set_mode(&state, "yard", "away", SetBy::Person("ann".to_owned()), NOW).await.unwrap();
        let gate = relay::read(&state, "gate").await.unwrap();
        let record = RelayRecord { on_until: Some(NOW), ..RelayRecord::default() };
        relay::write(&state, &gate, record.clone(), NOW).await.unwrap();
        snooze::set(&state, &SnoozeTarget::Rule("drive".to_owned()), NOW, NOW).await.unwrap();
        let valid = ValidVersion { version: "v1".to_owned(), since: NOW, sources: 1 };
        configuration::record_valid_version(&state, &valid).await.unwrap();
        let before = state.calls();
        let selection =
            Selection { relays: vec!["gate", "door"], areas: vec!["yard", "barn"], version: Some("v2") };
        let read = read(&state, &selection).await.unwrap();
        assert_eq!(state.calls() - before, 1);
        let expected = Overview {
            stop: control::stop_record(&state).await.unwrap(),
            modes: [("yard".to_owned(), control::mode_record(&state, "yard").await.unwrap().unwrap())].into(),
            relays: [("gate".to_owned(), record)].into(),
            snoozes: snooze::all(&state).await.unwrap(),
            validation: None,
            valid_version: Some(valid),
        };
        assert_eq!(read, expected);
    }
}
