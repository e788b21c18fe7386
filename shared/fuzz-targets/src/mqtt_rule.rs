use std::sync::LazyLock;

use camhook_mqtt::{RuleMessage, locate};
use camhook_ports::QueueRecord;
use camhook_site::Site;

static SITE: LazyLock<Site> = LazyLock::new(|| {
    super::site(
        "[[source]]\nid = \"house\"\nvendor = \"instar\"\ntopic = \"cameras\"\n\
         [[source]]\nid = \"yard\"\nvendor = \"instar\"\ntopic = \"cameras/yard\"\n",
    )
});

/// No message of the queue behind the IoT rule makes its reader panic, and a source receives topics below its own only.
pub(crate) fn mqtt_rule_read(input: &[u8]) {
    let Ok(body) = std::str::from_utf8(input) else { return };
    let record = QueueRecord {
        message_id: "fuzz".to_owned(),
        receipt_handle: "fuzz".to_owned(),
        body: body.to_owned(),
        receive_count: 1,
        replay: None,
    };
    let Ok(message) = RuleMessage::read(&record) else { return };
    assert!(!message.id.is_empty(), "every message has a name");
    let Some(source) = locate(&SITE, &message.topic) else { return };
    let prefix = source.topic.as_ref().expect("every source of this site has a topic").as_str();
    let below = message.topic.strip_prefix(prefix).expect("the topic is the source's");
    assert!(below.is_empty() || below.starts_with('/'), "a prefix ends with a segment");
}
