//! Whatever listens to a topic of AWS IoT: a camera or a Shelly, as a rule behind a bridge.
//!
//! That the broker has a message says nothing of the device. Where the device publishes what it does (`status_topic`),
//! the function of the queue `mqtt` writes that down, and only a word that came after the command confirms it. Where
//! it does not, what the broker took is done, and the audit says so.

use std::time::Duration;

use camhook_ports::{Clock, Ports, PublishError, Publisher};
use camhook_site::{Mqtt, MqttStatus};
use camhook_state::topic_status;
use jiff::Timestamp;

use crate::{DeviceCommand, SendOutcome};

/// How long until the status is looked at again. Whoever waits gives up by himself.
const BETWEEN_LOOKS: Duration = Duration::from_millis(200);

/// Publishes a command, and waits for the device's word where there is one.
pub(super) async fn ask<P: Ports>(
    ports: &P,
    device: &Mqtt,
    command: DeviceCommand,
) -> Result<String, SendOutcome> {
    let payload = payload(device, command).ok_or_else(|| {
        SendOutcome::NotExecuted("the relay has no payload `toggle` in camhook.toml".to_owned())
    })?;
    let asked_at = ports.clock().now();
    ports.publisher().publish(&device.topic, &payload).await.map_err(|error| match error {
        PublishError::Refused(_) => SendOutcome::NotExecuted(error.to_string()),
        PublishError::NoWord(_) => SendOutcome::Unconfirmed(error.to_string()),
    })?;
    match &device.status {
        Some(status) => Ok(confirmation(ports, status, command, asked_at).await),
        None => Ok("nothing; the broker has the message".to_owned()),
    }
}

fn payload(device: &Mqtt, command: DeviceCommand) -> Option<String> {
    match command {
        DeviceCommand::On { off_after: Some(off_after) } => {
            let seconds = off_after.as_secs() + u64::from(off_after.subsec_nanos() > 0);
            Some(device.pulse.as_ref().map_or_else(|| device.on.clone(), |pulse| pulse.of(seconds)))
        }
        DeviceCommand::On { off_after: None } => Some(device.on.clone()),
        DeviceCommand::Off => Some(device.off.clone()),
        DeviceCommand::Toggle => device.toggle.clone(),
    }
}

/// Waits, for ever, until the device says what it was asked to do.
async fn confirmation<P: Ports>(
    ports: &P,
    status: &MqttStatus,
    command: DeviceCommand,
    asked_at: Timestamp,
) -> String {
    loop {
        match topic_status::find(ports.state(), &status.topic).await {
            Ok(Some(said)) if said.at >= asked_at && is_confirmed(status, command, &said.payload) => {
                return said.payload;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "what the device said cannot be looked at"),
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

fn is_confirmed(status: &MqttStatus, command: DeviceCommand, said: &str) -> bool {
    match command {
        DeviceCommand::On { .. } => said.trim() == status.on.trim(),
        DeviceCommand::Off => said.trim() == status.off.trim(),
        // Nobody knows in which state it was: any word is one about the new one.
        DeviceCommand::Toggle => true,
    }
}

#[cfg(test)]
mod tests {
    use camhook_ports::memory::MemoryPorts;
    use camhook_site::PulsePayload;
    use camhook_state::topic_status::TopicStatus;

    use super::*;

    const NOW: &str = "2026-11-23T08:00:00Z";

    fn device(status: Option<MqttStatus>) -> Mqtt {
        Mqtt {
            topic: "shellies/gate/command".to_owned(),
            on: "on".to_owned(),
            off: "off".to_owned(),
            pulse: PulsePayload::parse("on,{{ seconds }}"),
            toggle: None,
            status,
        }
    }

    fn status() -> MqttStatus {
        MqttStatus { topic: "gate/status".to_owned(), on: "1".to_owned(), off: "0".to_owned() }
    }

    #[tokio::test]
    async fn each_command_has_its_payload() {
        let ports = MemoryPorts::new(NOW.parse().unwrap());
        let pulse = DeviceCommand::On { off_after: Some(Duration::from_millis(4001)) };
        for command in [DeviceCommand::On { off_after: None }, DeviceCommand::Off, pulse] {
            ask(&ports, &device(None), command).await.unwrap();
        }
        let payloads: Vec<String> =
            ports.publisher.published().into_iter().map(|(_, payload)| payload).collect();
        assert_eq!(payloads, ["on", "off", "on,5"]);
        let toggled = ask(&ports, &device(None), DeviceCommand::Toggle).await;
        assert!(matches!(toggled, Err(SendOutcome::NotExecuted(_))), "{toggled:?}");
        assert_eq!(ports.publisher.published().len(), 3);
    }

    #[tokio::test]
    async fn what_the_broker_refused_had_no_effect_and_its_silence_says_nothing() {
        let ports = MemoryPorts::new(NOW.parse().unwrap());
        ports.publisher.fail(PublishError::Refused("no".to_owned()));
        assert!(matches!(
            ask(&ports, &device(None), DeviceCommand::Off).await,
            Err(SendOutcome::NotExecuted(_))
        ));
        ports.publisher.fail(PublishError::NoWord("late".to_owned()));
        assert!(matches!(
            ask(&ports, &device(None), DeviceCommand::Off).await,
            Err(SendOutcome::Unconfirmed(_))
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_word_that_came_after_the_command_confirms_it() {
        let ports = MemoryPorts::new(NOW.parse().unwrap());
        let now: Timestamp = NOW.parse().unwrap();
        let device = device(Some(status()));
        let say = async |payload: &str, at: Timestamp| {
            let said = TopicStatus { payload: payload.to_owned(), at };
            topic_status::record(&ports.state, "gate/status", &said).await.unwrap();
        };
        let on = DeviceCommand::On { off_after: None };
        let asked = async || tokio::time::timeout(Duration::from_secs(4), ask(&ports, &device, on)).await;
        say("1", now - Duration::from_secs(1)).await;
        assert!(asked().await.is_err(), "an old word is about something else");
        say("0", now).await;
        assert!(asked().await.is_err(), "it is off");
        say("1\n", now + Duration::from_secs(1)).await;
        assert_eq!(asked().await.unwrap(), Ok("1\n".to_owned()));
    }
}
