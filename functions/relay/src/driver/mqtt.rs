//! Devices that subscribe to a topic of AWS IoT: a camera or a Shelly, usually behind a bridge.
//!
//! Acceptance by the broker does not prove that the device received a command. If the device publishes its state
//! (`status_topic`), the `mqtt` function records it, and only a status that is received after the command confirms it.
//! Otherwise acceptance by the broker counts as done, and the audit record shows that.

use std::time::Duration;

use camhook_ports::{Clock, Ports, PublishError, Publisher};
use camhook_site::{Mqtt, MqttStatus};
use camhook_state::topic_status;
use jiff::Timestamp;

use crate::{DeviceCommand, SendOutcome};

/// The interval at which the recorded status is read. The caller sets the timeout.
const POLL_INTERVAL: Duration = Duration::from_millis(200);

/// Publishes a command, and waits for the device's status if it has a status topic.
pub(super) async fn execute<P: Ports>(
    ports: &P,
    device: &Mqtt,
    command: DeviceCommand,
) -> Result<String, SendOutcome> {
    let payload = payload(device, command).ok_or_else(|| {
        SendOutcome::NotExecuted("the relay has no payload `toggle` in camhook.toml".to_owned())
    })?;
    let confirming = match &device.status {
        Some(status) => Some((status, Expected::of(ports, status, command).await?)),
        None => None,
    };
    let sent_at = ports.clock().now();
    ports.publisher().publish(&device.topic, &payload).await.map_err(|error| match error {
        PublishError::Refused(_) => SendOutcome::NotExecuted(error.to_string()),
        PublishError::Throttled(_) => SendOutcome::Deferred { reason: error.to_string(), retry_after: None },
        PublishError::Unconfirmed(_) => SendOutcome::Unconfirmed(error.to_string()),
    })?;
    match confirming {
        None => Ok("nothing; the broker has the message".to_owned()),
        Some((status, Expected::State(state))) => Ok(confirmation(ports, status, state, sent_at).await),
        Some((_, Expected::Unknown)) => Err(SendOutcome::Unconfirmed(
            "no status of the relay was known before the toggle, so none proves a change".to_owned(),
        )),
    }
}

/// A state of a relay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    On,
    Off,
}

impl State {
    /// The state that a payload reports, if it is one of the configured payloads.
    fn of(status: &MqttStatus, payload: &str) -> Option<Self> {
        match payload.trim() {
            payload if payload == status.on.trim() => Some(Self::On),
            payload if payload == status.off.trim() => Some(Self::Off),
            _ => None,
        }
    }
}

/// What confirms a command to a device that publishes its status.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Expected {
    /// A status with this state.
    State(State),
    /// No status: the state before a toggle is not known.
    Unknown,
}

impl Expected {
    /// A toggle is confirmed by the state other than the last one that was known before it: devices also repeat their
    /// status unasked.
    ///
    /// # Errors
    ///
    /// When the table fails. Nothing was sent.
    async fn of<P: Ports>(
        ports: &P,
        status: &MqttStatus,
        command: DeviceCommand,
    ) -> Result<Self, SendOutcome> {
        match command {
            DeviceCommand::On { .. } => return Ok(Self::State(State::On)),
            DeviceCommand::Off => return Ok(Self::State(State::Off)),
            DeviceCommand::Toggle => {}
        }
        let before = topic_status::find(ports.state(), &status.topic).await;
        let before = before.map_err(|error| SendOutcome::NotAttempted(error.to_string()))?;
        Ok(match before.and_then(|before| State::of(status, &before.payload)) {
            Some(State::On) => Self::State(State::Off),
            Some(State::Off) => Self::State(State::On),
            None => Self::Unknown,
        })
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

/// Waits without a timeout until the device's status confirms the command.
async fn confirmation<P: Ports>(
    ports: &P,
    status: &MqttStatus,
    expected: State,
    sent_at: Timestamp,
) -> String {
    loop {
        match topic_status::find(ports.state(), &status.topic).await {
            Ok(Some(found)) if found.at >= sent_at && State::of(status, &found.payload) == Some(expected) => {
                return found.payload;
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "failed to read the device's status"),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
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
        MqttStatus { topic: "gate/status".to_owned(), on: "1".to_owned(), off: "0".to_owned(), client: None }
    }

    #[tokio::test]
    async fn each_command_has_its_payload() {
        let ports = MemoryPorts::new(NOW.parse().unwrap());
        let pulse = DeviceCommand::On { off_after: Some(Duration::from_millis(4001)) };
        for command in [DeviceCommand::On { off_after: None }, DeviceCommand::Off, pulse] {
            execute(&ports, &device(None), command).await.unwrap();
        }
        let payloads: Vec<String> =
            ports.publisher.published().into_iter().map(|(_, payload)| payload).collect();
        assert_eq!(payloads, ["on", "off", "on,5"]);
        let toggled = execute(&ports, &device(None), DeviceCommand::Toggle).await;
        assert!(matches!(toggled, Err(SendOutcome::NotExecuted(_))), "{toggled:?}");
        assert_eq!(ports.publisher.published().len(), 3);
    }

    #[tokio::test]
    async fn a_refusal_of_the_broker_is_not_executed_and_its_silence_is_unconfirmed() {
        let ports = MemoryPorts::new(NOW.parse().unwrap());
        ports.publisher.fail(PublishError::Refused("no".to_owned()));
        assert!(matches!(
            execute(&ports, &device(None), DeviceCommand::Off).await,
            Err(SendOutcome::NotExecuted(_))
        ));
        ports.publisher.fail(PublishError::Unconfirmed("late".to_owned()));
        assert!(matches!(
            execute(&ports, &device(None), DeviceCommand::Off).await,
            Err(SendOutcome::Unconfirmed(_))
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn a_toggle_is_confirmed_by_the_state_other_than_the_last_known_one() {
        let now: Timestamp = NOW.parse().unwrap();
        let device = Mqtt { toggle: Some("toggle".to_owned()), ..device(Some(status())) };
        for (before, after, is_done) in [
            (Some("1"), "0", Some(true)),
            (Some("0"), "1\n", Some(true)),
            (Some("1"), "1", Some(false)),
            (Some("1"), "online", Some(false)),
            (None, "1", None),
            (Some("online"), "1", None),
        ] {
            let ports = MemoryPorts::new(now);
            let report = async |payload: &str, at: Timestamp| {
                let status = TopicStatus { payload: payload.to_owned(), at };
                topic_status::record(&ports.state, "gate/status", &status).await.unwrap();
            };
            if let Some(before) = before {
                report(before, now - Duration::from_secs(60)).await;
            }
            let sent =
                tokio::time::timeout(Duration::from_secs(4), execute(&ports, &device, DeviceCommand::Toggle));
            let reported = async {
                tokio::time::sleep(Duration::from_secs(1)).await;
                report(after, now + Duration::from_secs(1)).await;
            };
            let (sent, ()) = tokio::join!(sent, reported);
            match is_done {
                Some(true) => assert_eq!(sent.unwrap(), Ok(after.to_owned()), "{before:?}"),
                Some(false) => assert!(sent.is_err(), "{before:?} {after}: it waits for the other state"),
                None => assert!(matches!(sent, Ok(Err(SendOutcome::Unconfirmed(_)))), "{before:?}"),
            }
            assert_eq!(ports.publisher.published().len(), 1, "{before:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn only_a_status_after_the_command_confirms_it() {
        let ports = MemoryPorts::new(NOW.parse().unwrap());
        let now: Timestamp = NOW.parse().unwrap();
        let device = device(Some(status()));
        let report = async |payload: &str, at: Timestamp| {
            let status = TopicStatus { payload: payload.to_owned(), at };
            topic_status::record(&ports.state, "gate/status", &status).await.unwrap();
        };
        let on = DeviceCommand::On { off_after: None };
        let sent = async || tokio::time::timeout(Duration::from_secs(4), execute(&ports, &device, on)).await;
        report("1", now - Duration::from_secs(1)).await;
        assert!(sent().await.is_err(), "the status is older than the command");
        report("0", now).await;
        assert!(sent().await.is_err(), "it is off");
        report("1\n", now + Duration::from_secs(1)).await;
        assert_eq!(sent().await.unwrap(), Ok("1\n".to_owned()));
    }
}
