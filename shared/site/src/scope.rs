//! What is counted as the same: for deduplication, and for cooldowns.

use camhook_event::{Event, Kind, State};

use crate::{CooldownScope, Rule, Site};

/// A camera's id that is longer than this is hashed: a key of the state table has a limit.
const LONGEST_CAMERA: usize = 128;

impl Site {
    /// What several events about one thing have in common: for each rule, only the first of them acts. `None` where
    /// each event says something new: the end of something, a counter without a target, and what a device does not
    /// number.
    ///
    /// Events of two sources never share a key, whatever the devices send, unless a `[[camera]]` joins the sources. A
    /// plate belongs to the key, since some devices number all plates alike.
    #[must_use]
    pub fn dedupe_key(&self, event: &Event) -> Option<String> {
        let data = &event.data;
        let correlation = data.correlation.as_ref()?;
        let says_something_new = match data.kind {
            Kind::Counting => correlation.event_ids.is_empty() || correlation.target_ids.is_empty(),
            _ => false,
        };
        if data.state == Some(State::Stop) || says_something_new {
            return None;
        }
        let scope = match self.camera(event) {
            Some(camera) => format!("@{camera}"),
            None => data.source.to_string(),
        };
        let plate = data.plate.as_ref().map_or("", |plate| plate.text.as_str());
        Some(format!("{scope}\0{}\0{plate}", correlation.key))
    }

    /// What a rule's cooldown is counted for: the source of an event, or its camera. A name of `[[camera]]` counts as
    /// one camera.
    #[must_use]
    pub fn cooldown_scope(&self, rule: &Rule, event: &Event) -> String {
        let source = &event.data.source;
        let camera = match rule.cooldown_per {
            CooldownScope::Source => return source.to_string(),
            CooldownScope::Camera => event.data.camera.as_ref(),
        };
        if let Some(named) = self.camera(event) {
            return format!("@{named}");
        }
        match camera.map(|camera| camera.id.as_str()) {
            Some(id) if id.len() <= LONGEST_CAMERA => format!("{source}/{id}"),
            Some(id) => format!("{source}/#{}", camhook_event::EventId::of_sender_id(source.as_str(), id)),
            None => source.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn site() -> Site {
        let toml = r#"
            [[source]]
            id = "gate"
            vendor = "viewtron"
            auth = { token = "AAAAAAAAAAAAAAAAAAAAAA" }
            [[source]]
            id = "yard"
            vendor = "viewtron"
            auth = { token = "BBBBBBBBBBBBBBBBBBBBBB" }
            [[camera]]
            id = "drive"
            sources = ["gate/2", "yard/2"]
            [[channel]]
            id = "phone"
            kind = "ntfy"
            url = "https://ntfy.example.org/alarms"
            [[relay]]
            id = "light"
            driver = "shelly-gen2"
            url = "https://light.example.org"
            [[rule]]
            id = "notify"
            then = { notify = "phone" }
            cooldown = "1m"
            [[rule]]
            id = "switch"
            then = [{ notify = "phone" }, { relay = "light", action = "on" }]
            cooldown = "1m"
            [[rule]]
            id = "chosen"
            then = { notify = "phone" }
            cooldown = "1m"
            cooldown_per = "source"
        "#;
        crate::read(toml, "test").unwrap().0
    }

    fn event(source: &str, camera: &str, more: &Value) -> Event {
        let mut data = json!({
            "vendor": "viewtron", "source": source, "camera": { "id": camera }, "kind": "intrusion",
            "report": "detection", "received_at": "2026-11-23T08:00:00.000Z", "clock": "server",
            "correlation": { "key": "02:00:00:00:00:01:intrusion:6:7", "event_ids": ["6"], "target_ids": ["7"] },
        });
        data.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        serde_json::from_value(json!({
            "specversion": "1.0", "id": "0123456789abcdef0123456789abcdef", "source": format!("/viewtron/{source}"),
            "type": "camhook.event.v1", "subject": data["kind"], "time": "2026-11-23T08:00:00.000Z",
            "datacontenttype": "application/json", "data": data,
        }))
        .unwrap()
    }

    #[test]
    fn a_device_cannot_silence_another_by_sending_its_address() {
        let site = site();
        let key = |source, camera| site.dedupe_key(&event(source, camera, &json!({})));
        assert_ne!(key("gate", "1"), key("yard", "1"));
        assert_eq!(key("gate", "1"), key("gate", "1"));
        assert_eq!(key("gate", "2"), key("yard", "2"), "a [[camera]] joins them");
    }

    #[test]
    fn two_plates_with_one_number_are_two() {
        let site = site();
        let key = |plate: &str| {
            let plate = json!({ "kind": "plate", "plate": { "text": plate } });
            site.dedupe_key(&event("gate", "1", &plate)).unwrap()
        };
        assert_ne!(key("QQ 1"), key("QQ 2"));
        assert_eq!(key("QQ 1"), key("QQ 1"));
    }

    #[test]
    fn a_counter_is_deduplicated_by_its_target_alone() {
        let site = site();
        let key = |more| site.dedupe_key(&event("gate", "1", &more));
        assert!(key(json!({ "kind": "counting" })).is_some(), "one crossing in several posts");
        let without_target = json!({ "key": "x:counting:6:", "event_ids": ["6"] });
        assert_eq!(key(json!({ "kind": "counting", "correlation": without_target })), None);
        assert_eq!(key(json!({ "state": "stop" })), None);
        assert_eq!(key(json!({ "correlation": null })), None);
    }

    #[test]
    fn a_cooldown_counts_for_a_camera_unless_the_rule_moves_a_relay_or_says_otherwise() {
        let site = site();
        let scope = |rule, source, camera: &str| {
            site.cooldown_scope(site.rule(rule).unwrap(), &event(source, camera, &json!({})))
        };
        assert_eq!(scope("notify", "gate", "1"), "gate/1");
        assert_eq!(scope("notify", "gate", "2"), "@drive");
        assert_eq!(scope("notify", "yard", "2"), "@drive");
        assert_eq!(scope("switch", "gate", "1"), "gate");
        assert_eq!(scope("chosen", "gate", "1"), "gate");
        assert!(scope("notify", "gate", &"7".repeat(2000)).len() < 100);
    }
}
