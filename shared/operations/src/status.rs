//! The state of a whole stack at a glance, and what is wrong with it.
//!
//! The number of calls does not depend on the number of sources, as long as their presences fit one page of the table
//! (about 5000 sources).

use std::collections::BTreeMap;
use std::time::Duration;

use camhook_event::{CONFIG_KEY, PENDING_PREFIX};
use camhook_ports::{ActiveAlarm, Alarms, Clock, ObjectStore, Ports, Queue, QueueDepth, QueueDepths};
use camhook_site::{Site, Via};
use camhook_state::channel_status::{self, ChannelStatus};
use camhook_state::configuration::{ConfigurationVerdict, ValidVersion, Validation};
use camhook_state::control::StopSwitch;
use camhook_state::overview::{self, Overview};
use camhook_state::snooze::{Snooze, SnoozeTarget};
use futures_util::future::join;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::modes::{self, AreaMode};
use crate::relays::{self, Relays};
use crate::sources::{self, SourceState, SourceStatus, Sources};
use crate::{Error, queues};

/// The number of pending events that are counted. S3 lists 1000 in one call, and one more shows whether that was all.
const COUNTED: usize = 999;

/// A message that is older than this in a queue without intended delays is late.
const LATE_AFTER: Duration = Duration::from_secs(15 * 60);

/// The state of a stack.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status {
    /// When it was read.
    pub at: Timestamp,
    /// The time zone of the configuration in force; UTC without one.
    #[serde(skip)]
    pub timezone: TimeZone,
    /// The newest camhook.toml.
    pub configuration: ConfigurationStatus,
    /// The sources and agents of the configuration in force.
    #[serde(flatten)]
    pub sources: Sources,
    /// The events in `pending/`, which a queue refused.
    pub pending: usize,
    /// Whether there are more pending events than were counted.
    pub more_pending: bool,
    /// The queues with their depths; empty where they cannot be read.
    pub queues: Vec<QueueDepth>,
    /// The alarms whose state is ALARM; empty where they cannot be read.
    pub alarms: Vec<ActiveAlarm>,
    /// The relays and their switch.
    pub relays: Relays,
    /// The modes of areas.
    pub modes: Vec<AreaMode>,
    /// The channels with their last messages.
    pub channels: Vec<ChannelLine>,
    /// The snoozes that have not ended.
    pub snoozes: Vec<ActiveSnooze>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// The newest camhook.toml.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConfigurationStatus {
    /// Whether it is in force.
    pub state: ConfigurationState,
    /// Its version id; `None` in a bucket without versions, or where there is no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// When the watchdog checked it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub checked: Option<Timestamp>,
    /// Its errors, each with line, column and fix.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<String>,
    /// The version that is in force instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_force: Option<String>,
}

/// Whether the newest camhook.toml is in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigurationState {
    /// It is, and the watchdog found it valid.
    Valid,
    /// It is, and the watchdog has not checked it yet.
    Unchecked,
    /// It is invalid.
    Rejected,
    /// There is none.
    Missing,
}

/// A channel and its last messages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChannelLine {
    /// Its id.
    pub id: String,
    /// The kind of service.
    pub kind: &'static str,
    /// Its last messages.
    #[serde(flatten)]
    pub status: ChannelStatus,
}

/// A snooze that has not ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ActiveSnooze {
    /// What is snoozed.
    #[serde(flatten)]
    pub target: SnoozeTarget,
    /// Until when.
    pub until: Timestamp,
    /// The number of messages that were not sent.
    pub suppressed: u32,
}

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "problem")]
pub enum Problem {
    /// There is no camhook.toml.
    ConfigurationMissing,
    /// The newest camhook.toml is invalid.
    ConfigurationRejected,
    /// A source has been silent for longer than its `offline_after`.
    SourceOffline {
        /// Its id.
        source: String,
        /// Its last contact.
        since: Timestamp,
    },
    /// The last post in the name of a source was refused.
    SourceRefused {
        /// Its id.
        source: String,
        /// The reason.
        reason: String,
        /// When it was refused.
        at: Timestamp,
    },
    /// A source with `offline_after` never posted anything.
    SourceNeverSeen {
        /// Its id.
        source: String,
    },
    /// Posts are in quarantine.
    Quarantined {
        /// How many.
        count: usize,
    },
    /// Events wait in `pending/`.
    Pending {
        /// How many.
        count: usize,
    },
    /// A queue has dead letters.
    DeadLetters {
        /// The queue.
        queue: Queue,
        /// How many.
        count: u64,
    },
    /// The oldest message of a queue waits too long.
    QueueLate {
        /// The queue.
        queue: Queue,
        /// The age of the message, in seconds.
        oldest_s: u64,
    },
    /// The depths of the queues cannot be read.
    QueuesUnknown {
        /// The cause.
        reason: String,
    },
    /// The state of an alarm is ALARM.
    Alarm(ActiveAlarm),
    /// The alarms cannot be read.
    AlarmsUnknown {
        /// The cause.
        reason: String,
    },
    /// All relays are disabled.
    RelaysDisabled {
        /// Since when.
        since: Timestamp,
        /// Who disabled them, as far as is known.
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// A device does not confirm that its relay is off.
    ReleaseUnconfirmed {
        /// The relay.
        relay: String,
        /// Since when.
        since: Timestamp,
    },
    /// An agent is offline, in a site that has relays for agents.
    AgentOffline {
        /// Its name.
        agent: String,
        /// Its last report.
        #[serde(skip_serializing_if = "Option::is_none")]
        since: Option<Timestamp>,
    },
    /// The last message of a channel failed.
    ChannelFailing {
        /// Its id.
        channel: String,
        /// When it failed.
        since: Timestamp,
        /// The reason, for a person.
        reason: String,
    },
}

/// Reads the state of a stack.
///
/// # Errors
///
/// When the bucket or the table fails. Depths of queues or alarms that cannot be read are a [`Problem`].
pub async fn read<P: Ports, M: QueueDepths + Alarms>(ports: &P, monitor: &M) -> Result<Status, Error> {
    let now = ports.clock().now();
    let InForce { configuration, site, overview } = in_force(ports).await?;
    let mut problems = Vec::new();
    match configuration.state {
        ConfigurationState::Missing => problems.push(Problem::ConfigurationMissing),
        ConfigurationState::Rejected => problems.push(Problem::ConfigurationRejected),
        ConfigurationState::Valid | ConfigurationState::Unchecked => {}
    }
    let sources = sources::list(ports, &site).await?;
    problems.extend(sources.sources.iter().filter_map(|source| source_problem(&site, source)));
    // In a site without relays for agents, an agent that reported once is no longer in use.
    let has_agents = site.relays().iter().any(|relay| relay.via == Via::Agent);
    for agent in sources.agents.iter().filter(|agent| has_agents && !agent.online) {
        problems.push(Problem::AgentOffline { agent: agent.name.clone(), since: agent.contact });
    }
    if sources.quarantined > 0 {
        problems.push(Problem::Quarantined { count: sources.quarantined });
    }
    let pending = ports.objects().list(PENDING_PREFIX, COUNTED).await?.len();
    if pending > 0 {
        problems.push(Problem::Pending { count: pending });
    }
    let (queues, alarms) = join(queues::list(monitor), monitor.active()).await;
    let queues = match queues {
        Ok(queues) => queues,
        Err(error) => {
            problems.push(Problem::QueuesUnknown { reason: error.to_string() });
            Vec::new()
        }
    };
    problems.extend(queues.iter().flat_map(queue_problems));
    let alarms = match alarms {
        Ok(alarms) => alarms,
        Err(error) => {
            problems.push(Problem::AlarmsUnknown { reason: error.to_string() });
            Vec::new()
        }
    };
    problems.extend(alarms.iter().cloned().map(Problem::Alarm));
    let relays = relays::of_overview(&site, &overview);
    if let (StopSwitch::Stopped, Some(since)) = (relays.switch, relays.since) {
        problems.push(Problem::RelaysDisabled { since, by: relays.by.clone() });
    }
    for relay in &relays.relays {
        if let Some(failures) = &relay.release_failures {
            problems.push(Problem::ReleaseUnconfirmed { relay: relay.id.clone(), since: failures.since });
        }
    }
    let channels = channels(ports, &site).await?;
    problems.extend(channels.iter().filter_map(channel_problem));
    let areas: Vec<&str> = site.areas().into_iter().collect();
    Ok(Status {
        at: now,
        timezone: site.timezone().clone(),
        configuration,
        sources,
        pending,
        more_pending: pending >= COUNTED,
        queues,
        alarms,
        relays,
        modes: modes::of_overview(&areas, &overview),
        channels,
        snoozes: snoozes(overview.snoozes, now),
        problems,
    })
}

/// The configuration in force, with the items that it names.
struct InForce {
    configuration: ConfigurationStatus,
    site: Site,
    overview: Overview,
}

async fn in_force<P: Ports>(ports: &P) -> Result<InForce, Error> {
    let newest = ports.objects().get(CONFIG_KEY).await?;
    let version = newest.as_ref().and_then(|newest| newest.version.clone());
    let parsed = newest.as_ref().map(|newest| parse(&newest.bytes));
    let site = match &parsed {
        Some(Ok(site)) => site.clone(),
        Some(Err(_)) | None => Site::default(),
    };
    let overview = read_overview(ports, &site, version.as_deref()).await?;
    let validation = overview.validation.as_ref();
    let checked = validation.map(|validation| validation.at);
    let (state, errors) = match (parsed, validation) {
        (None, _) => (ConfigurationState::Missing, Vec::new()),
        (Some(_), Some(Validation { verdict: ConfigurationVerdict::Invalid, errors, .. })) => {
            (ConfigurationState::Rejected, errors.clone())
        }
        (Some(Err(errors)), _) => (ConfigurationState::Rejected, errors),
        (Some(Ok(_)), Some(_)) => (ConfigurationState::Valid, Vec::new()),
        (Some(Ok(_)), None) => (ConfigurationState::Unchecked, Vec::new()),
    };
    let configuration = ConfigurationStatus { state, version, checked, errors, in_force: None };
    match (state, &overview.valid_version) {
        (ConfigurationState::Valid | ConfigurationState::Unchecked, _) => {
            Ok(InForce { configuration, site, overview })
        }
        (ConfigurationState::Rejected | ConfigurationState::Missing, Some(valid)) => {
            last_valid(ports, configuration, valid).await
        }
        (ConfigurationState::Rejected | ConfigurationState::Missing, None) => {
            Ok(InForce { configuration, site: Site::default(), overview })
        }
    }
}

async fn last_valid<P: Ports>(
    ports: &P,
    configuration: ConfigurationStatus,
    valid: &ValidVersion,
) -> Result<InForce, Error> {
    let stored = ports.objects().get_version(CONFIG_KEY, &valid.version).await?;
    let site = stored.and_then(|stored| parse(&stored.bytes).ok()).unwrap_or_default();
    let overview = read_overview(ports, &site, None).await?;
    let configuration = ConfigurationStatus { in_force: Some(valid.version.clone()), ..configuration };
    Ok(InForce { configuration, site, overview })
}

async fn read_overview<P: Ports>(ports: &P, site: &Site, version: Option<&str>) -> Result<Overview, Error> {
    let relays = site.relays().iter().map(|relay| relay.id.as_str()).collect();
    let selection = overview::Selection { relays, areas: site.areas().into_iter().collect(), version };
    Ok(overview::read(ports.state(), &selection).await?)
}

/// The site, or the errors of the file.
fn parse(bytes: &[u8]) -> Result<Site, Vec<String>> {
    let text = std::str::from_utf8(bytes).map_err(|error| vec![format!("{CONFIG_KEY}: {error}")])?;
    match camhook_site::read(text, CONFIG_KEY) {
        Ok((site, _)) => Ok(site),
        Err(problems) => Err(problems.iter().map(ToString::to_string).collect()),
    }
}

fn source_problem(site: &Site, status: &SourceStatus) -> Option<Problem> {
    let source = status.id.clone();
    match status.state {
        SourceState::Ok => None,
        SourceState::Offline => Some(Problem::SourceOffline { source, since: status.contact? }),
        SourceState::Refused => {
            let refusal = status.refusal.as_ref()?;
            Some(Problem::SourceRefused { source, reason: refusal.reason.clone(), at: refusal.at })
        }
        SourceState::Never => {
            site.source(&source)?.offline_after?;
            Some(Problem::SourceNeverSeen { source })
        }
    }
}

fn queue_problems(depth: &QueueDepth) -> Vec<Problem> {
    let QueueDepth { queue, dead_letters, oldest_s, .. } = *depth;
    let mut problems = Vec::new();
    if dead_letters > 0 {
        problems.push(Problem::DeadLetters { queue, count: dead_letters });
    }
    // Releases wait until a relay is switched off.
    let has_delays = matches!(queue, Queue::Releases | Queue::ReleasesLan);
    if let Some(oldest_s) = oldest_s.filter(|oldest_s| !has_delays && *oldest_s > LATE_AFTER.as_secs()) {
        problems.push(Problem::QueueLate { queue, oldest_s });
    }
    problems
}

async fn channels<P: Ports>(ports: &P, site: &Site) -> Result<Vec<ChannelLine>, Error> {
    let recorded = channel_status::all(ports.state()).await?;
    let mut recorded: BTreeMap<String, ChannelStatus> = recorded.into_iter().collect();
    let channels = site.channels().iter().map(|channel| {
        let status = recorded.remove(channel.id.as_str()).unwrap_or_default();
        ChannelLine { id: channel.id.to_string(), kind: channel.kind.name(), status }
    });
    Ok(channels.collect())
}

fn channel_problem(channel: &ChannelLine) -> Option<Problem> {
    let since = channel.status.failed.filter(|_| channel.status.is_failing())?;
    let reason = channel.status.reason.clone().unwrap_or_default();
    Some(Problem::ChannelFailing { channel: channel.id.clone(), since, reason })
}

fn snoozes(snoozes: Vec<Snooze>, now: Timestamp) -> Vec<ActiveSnooze> {
    let active = snoozes.into_iter().filter(|snooze| snooze.until > now);
    active.map(|Snooze { target, until, suppressed }| ActiveSnooze { target, until, suppressed }).collect()
}
