//! What to type into a camera's menus, and what stands between it and AWS.

use camhook_site::Source;

/// What a person does to make this source send, menus and fields as the vendor's page names them.
///
/// `None` for a source that does not come over MQTT.
#[must_use]
pub fn setup(source: &Source) -> Option<String> {
    let topic = source.topic.as_ref()?.as_str().trim_matches('/');
    let (prefix, client) = topic.rsplit_once('/').unwrap_or((topic, "a name of its own"));
    // A topic of one segment is the prefix of all cameras: their client ids stand behind it.
    let camera = if prefix == topic { format!("{topic}/…") } else { topic.to_owned() };
    let word = |standard: &str, default: &'static str| {
        source.parameters.get(standard).map_or(default, String::as_str).to_owned()
    };
    Some(format!(
        "INSTAR camera over MQTT, for the source {id}

AWS IoT wants a client certificate, and a camera has only a user and a password. So a Mosquitto broker in the
house takes the camera's messages and hands them on: docs/vendors/instar-mqtt.md says each step, and
infra/mosquitto/ has its configuration.

In the camera's web interface: Smarthome > MQTT

  Activate MQTT               on
  Use external MQTT Broker    on
  MQTT Server address         the machine in the house that runs Mosquitto
  MQTT Server Port (TLS)      8883
  Quality-of-Service (QoS)    1 (2 works as far as Mosquitto, AWS has none)
  Authentication              on
  Username                    the MQTT Client ID: each camera has a user of its own
  Password                    the one that you gave Mosquitto for it: at most 30 characters, letters, digits and
                              ! # ( ) * - . / ? @ [ ] ^ _ {{ | }} <
  MQTT Topic Prefix           {prefix}
  MQTT Client ID              {client}
  MQTT LWT                    status/{testament}
  MQTT LWT Online             {{\"val\":\"{online}\"}}
  MQTT LWT Offline            {{\"val\":\"{offline}\"}}

An older camera without a prefix and client id of its own publishes below instar/ and its LAN MAC address in
upper case without colons: then write topic = \"instar/10D1DC218F96\" in camhook.toml, with your camera's.

camhook reads {camera}/status/alarm/triggered, …/triggers, …/object and …/objects, and the last will.
Press Test below the settings, then look at `camhook events`.
When the whole line goes down, no last will arrives: give the source offline_after, and let the camera or the
bridge publish something more often than that.
",
        id = source.id,
        testament = word("testament", "testament"),
        online = word("online", "alive"),
        offline = word("offline", "dead"),
    ))
}
