//! The account of a soak: what was sent, what is to have become of it, and what has.
//!
//! It knows the posts and what each stands for, and compares that with what is stored, what was in the queues, and what
//! the devices saw. It does not use what camhook counts.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use crate::devices::{Actuation, Message};
use crate::posts::{Expected, FIRST_MARK, Level};
use crate::site::{self, MAX_AGE_SECONDS};

/// How long after its deadline a command may arrive at a relay: that long a device may take to answer.
const DEVICE_LIMIT: Duration = Duration::from_secs(5);

/// How many unexplained things are described.
const DESCRIBED: usize = 200;

/// One delivery of a post.
#[derive(Debug, Clone)]
pub(crate) struct Attempt {
    /// The id that the gateway gave it.
    pub(crate) request_id: String,
    /// When it was sent.
    pub(crate) started: Timestamp,
    /// When its sender had an answer, or knew that there would be none.
    pub(crate) ended: Timestamp,
    /// The status of the answer; `None` when the function died.
    pub(crate) status: Option<u16>,
}

/// One post, or one MQTT message, however often it was delivered.
#[derive(Debug, Clone)]
pub(crate) struct Post {
    /// Its camera.
    pub(crate) camera: usize,
    /// What is to become of it.
    pub(crate) expected: Expected,
    /// Its deliveries.
    pub(crate) attempts: Vec<Attempt>,
    /// The time that the IoT rule gave it, by which its event is known; `None` for a webhook.
    pub(crate) rule_time: Option<Timestamp>,
}

impl Post {
    fn is_acknowledged(&self) -> bool {
        let accepted = |attempt: &Attempt| attempt.status.is_some_and(|status| (200..300).contains(&status));
        self.attempts.iter().any(accepted)
    }

    fn started(&self) -> Timestamp {
        self.attempts.iter().map(|attempt| attempt.started).min().unwrap_or(Timestamp::MAX)
    }

    fn ended(&self) -> Timestamp {
        self.attempts.iter().map(|attempt| attempt.ended).max().unwrap_or(Timestamp::MIN)
    }
}

/// What was seen of the messages in queues.
#[derive(Debug, Default, Clone)]
pub(crate) struct Queued {
    /// The ids of events in the queue `notify`.
    pub(crate) notify: BTreeSet<String>,
    /// The ids of events in the queue `relay`.
    pub(crate) relay: BTreeSet<String>,
    /// Messages that were delivered too often: dead letters.
    pub(crate) dead: Vec<String>,
}

/// Everything that is known when a soak is over.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    /// The posts, by their marks from [`FIRST_MARK`] on.
    pub(crate) posts: Vec<Post>,
    /// What was in the queues.
    pub(crate) queued: Queued,
    /// The stored events.
    pub(crate) records: Vec<Value>,
    /// The reasons of what is in the quarantine.
    pub(crate) quarantine: Vec<Value>,
    /// The audit of relays.
    pub(crate) audit: Vec<Value>,
    /// The messages that channels accepted.
    pub(crate) messages: Vec<Message>,
    /// The commands that relays carried out.
    pub(crate) actuations: Vec<Actuation>,
    /// The relays that are on.
    pub(crate) on: Vec<usize>,
    /// Objects under `pending/`, and messages in queues.
    pub(crate) pending: usize,
    /// How many bad configurations were put.
    pub(crate) bad_configurations: usize,
    /// How many functions were killed while they worked.
    pub(crate) kills: usize,
}

/// What came of a soak: its last line. Everything is counted by distinct id.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Report {
    /// Posts and MQTT messages.
    pub(crate) sent: usize,
    /// Those that were answered with success.
    pub(crate) acknowledged: usize,
    /// Those of them with a stored event.
    pub(crate) stored: usize,
    /// Those that are in the quarantine.
    pub(crate) quarantined: usize,
    /// Events that were in the queue `notify`.
    pub(crate) enqueued_notify: usize,
    /// Events that were in the queue `relay`.
    pub(crate) enqueued_relay: usize,
    /// Messages that a channel accepted.
    pub(crate) delivered: usize,
    /// Messages that a channel accepted again.
    pub(crate) repeated_messages: usize,
    /// Events that switched their relay.
    pub(crate) actuated: usize,
    /// Objects under `pending/` and messages in queues at the end.
    pub(crate) pending: usize,
    /// Commands that reached a relay after the event's `max_age`.
    pub(crate) late: usize,
    /// Commands that reached a relay although the event had switched it before.
    pub(crate) doubled: usize,
    /// Relays that are on and should be off.
    pub(crate) stuck: usize,
    /// Everything that should have happened and did not, or the other way round.
    pub(crate) unexplained: usize,
    /// Functions that were killed while they worked.
    pub(crate) kills: usize,
    /// What is unexplained, late or doubled.
    #[serde(skip)]
    pub(crate) findings: Vec<String>,
}

impl Report {
    /// What is wrong with it; nothing when all promises were kept.
    pub(crate) fn failures(&self) -> Vec<String> {
        let zeros = [
            ("pending", self.pending),
            ("late", self.late),
            ("doubled", self.doubled),
            ("stuck", self.stuck),
            ("unexplained", self.unexplained),
        ];
        let mut failures: Vec<String> = zeros
            .into_iter()
            .filter(|(_, count)| *count > 0)
            .map(|(name, count)| format!("{name} is {count}"))
            .collect();
        if self.repeated_messages > self.kills {
            failures.push(format!(
                "repeated_messages is {}, and functions were killed {} times",
                self.repeated_messages, self.kills
            ));
        }
        if self.stored == 0 || self.actuated == 0 || self.delivered == 0 {
            failures.push("nothing was stored, delivered or actuated".to_owned());
        }
        failures
    }

    fn find(&mut self, what: String) {
        if self.findings.len() < DESCRIBED {
            self.findings.push(what);
        }
    }

    fn unexplained(&mut self, what: String) {
        self.unexplained += 1;
        self.find(what);
    }
}

/// Compares what was sent with the outcome.
pub(crate) fn settle(evidence: &Evidence) -> Report {
    let cameras: Vec<String> = site::cameras().into_iter().map(|camera| camera.id).collect();
    let mut accountant = Accountant {
        evidence,
        cameras,
        ids: BTreeMap::new(),
        quarantined: BTreeSet::new(),
        report: Report::default(),
    };
    accountant.attribute_records();
    accountant.attribute_quarantine();
    accountant.check_posts();
    accountant.check_levels();
    accountant.check_tracking();
    accountant.check_messages();
    accountant.check_relays();
    accountant.check_alerts();
    let Evidence { queued, messages, .. } = evidence;
    let distinct: BTreeSet<(&str, &str)> =
        messages.iter().map(|message| (message.channel.as_str(), message.id.as_str())).collect();
    let mut report = accountant.report;
    for dead in &queued.dead {
        report.unexplained(format!("dead letter: {dead}"));
    }
    report.sent = evidence.posts.len();
    report.acknowledged = evidence.posts.iter().filter(|post| post.is_acknowledged()).count();
    report.enqueued_notify = queued.notify.len();
    report.enqueued_relay = queued.relay.len();
    report.delivered = distinct.len();
    report.repeated_messages = messages.len() - distinct.len();
    report.pending = evidence.pending;
    report.stuck = evidence.on.len();
    report.kills = evidence.kills;
    for relay in &evidence.on {
        report.find(format!("relay {relay} is on"));
    }
    report
}

struct Accountant<'a> {
    evidence: &'a Evidence,
    cameras: Vec<String>,
    /// The ids of the events of a post, by its position, with the record of each.
    ids: BTreeMap<usize, BTreeMap<String, &'a Value>>,
    /// The positions of the posts in the quarantine.
    quarantined: BTreeSet<usize>,
    report: Report,
}

impl Accountant<'_> {
    /// Finds the post of each stored event.
    fn attribute_records(&mut self) {
        let by_rule_time: BTreeMap<(&str, Timestamp), usize> = self
            .evidence
            .posts
            .iter()
            .enumerate()
            .filter_map(|(position, post)| {
                Some(((self.cameras[post.camera].as_str(), post.rule_time?), position))
            })
            .collect();
        let mut strays = Vec::new();
        for record in &self.evidence.records {
            let (id, source) = (text(&record["id"]), text(&record["data"]["source"]));
            let received_at = text(&record["data"]["received_at"]).parse::<Timestamp>().ok();
            let by_time = received_at.and_then(|at| by_rule_time.get(&(source, at)).copied());
            match by_time.or_else(|| marked(record, self.evidence.posts.len())) {
                Some(position) => {
                    self.ids.entry(position).or_default().insert(id.to_owned(), record);
                }
                None => strays.push(format!("nobody sent the event {id} of {source}: {record}")),
            }
        }
        strays.into_iter().for_each(|stray| self.report.unexplained(stray));
    }

    fn attribute_quarantine(&mut self) {
        let attempts = self.evidence.posts.iter().enumerate().flat_map(|(position, post)| {
            post.attempts.iter().map(move |attempt| (attempt.request_id.as_str(), position))
        });
        let positions: BTreeMap<&str, usize> = attempts.collect();
        for reason in &self.evidence.quarantine {
            match positions.get(text(&reason["request_id"])) {
                Some(position) => {
                    self.quarantined.insert(*position);
                }
                None => self.report.unexplained(format!("nobody sent what is in the quarantine: {reason}")),
            }
        }
    }

    /// Whether each post became what it stands for.
    fn check_posts(&mut self) {
        for (position, post) in self.evidence.posts.iter().enumerate() {
            let events = self.ids.get(&position).map_or(0, BTreeMap::len);
            let is_quarantined = self.quarantined.contains(&position);
            let is_acknowledged = post.is_acknowledged();
            self.report.stored += usize::from(is_acknowledged && events > 0);
            self.report.quarantined += usize::from(is_quarantined);
            let what = self.describe(position);
            let refused = post
                .attempts
                .iter()
                .find_map(|attempt| attempt.status.filter(|status| (400..500).contains(status)));
            match post.expected {
                Expected::Event | Expected::Relay(_) if is_acknowledged && events != 1 => {
                    self.report.unexplained(format!("acknowledged, and {events} events are stored: {what}"));
                }
                Expected::Heartbeat | Expected::Ignored | Expected::Refused if events > 0 => {
                    self.report.unexplained(format!("it is no event, and one is stored: {what}"));
                }
                Expected::Refused if is_acknowledged || is_quarantined => {
                    self.report.unexplained(format!("its secret is wrong, and it was accepted: {what}"));
                }
                Expected::Quarantine => {
                    let is_answered =
                        post.attempts.iter().any(|attempt| attempt.status.is_some_and(|status| status < 500));
                    if is_answered && !is_quarantined {
                        self.report.unexplained(format!("answered, and not in the quarantine: {what}"));
                    }
                    if events > 0 {
                        self.report.unexplained(format!("unreadable, and an event is stored: {what}"));
                    }
                }
                _ => {}
            }
            if is_quarantined && post.expected != Expected::Quarantine {
                self.report.unexplained(format!("in the quarantine: {what}"));
            }
            if let Some(status) = refused
                && !matches!(post.expected, Expected::Refused | Expected::Quarantine)
            {
                self.report.unexplained(format!("refused with {status}: {what}"));
            }
            if is_acknowledged {
                for id in self.ids.get(&position).into_iter().flat_map(BTreeMap::keys) {
                    for (queue, ids) in
                        [("notify", &self.evidence.queued.notify), ("relay", &self.evidence.queued.relay)]
                    {
                        if !ids.contains(id) {
                            self.report.unexplained(format!("never in the queue {queue}: {what}"));
                        }
                    }
                }
            }
        }
    }

    /// A level that is known to have changed is an event. One that repeats what is known, or follows a post whose fate
    /// its sender does not know, may be one.
    fn check_levels(&mut self) {
        let mut known: BTreeMap<usize, Level> = BTreeMap::new();
        for (position, post) in self.evidence.posts.iter().enumerate() {
            let Expected::Level(level) = post.expected else { continue };
            if !post.is_acknowledged() {
                known.remove(&post.camera);
                continue;
            }
            let before = known.insert(post.camera, level);
            let has_changed = before.is_some_and(|before| before != level);
            if has_changed && !self.ids.contains_key(&position) {
                let what = self.describe(position);
                self.report.unexplained(format!("a level changed, and no event is stored: {what}"));
            }
        }
    }

    /// Of a burst that was acknowledged as a whole, something is stored.
    fn check_tracking(&mut self) {
        let mut bursts: BTreeMap<u64, (usize, usize, usize)> = BTreeMap::new();
        for (position, post) in self.evidence.posts.iter().enumerate() {
            let Expected::Tracking { burst } = post.expected else { continue };
            let (failed, stored, first) = bursts.entry(burst).or_insert((0, 0, position));
            *failed += usize::from(!post.is_acknowledged());
            *stored += usize::from(self.ids.contains_key(&position));
            *first = position.min(*first);
        }
        for (failed, stored, first) in bursts.into_values() {
            if failed == 0 && stored == 0 {
                let what = self.describe(first);
                self.report.unexplained(format!("nothing is stored of the burst that begins with {what}"));
            }
        }
    }

    /// Each event that a rule is about was sent to its channel, or is among those that a message says were held back.
    fn check_messages(&mut self) {
        let mut held_back: BTreeMap<(&str, &str), usize> = BTreeMap::new();
        let mut delivered: BTreeSet<(&str, &str)> = BTreeSet::new();
        for message in &self.evidence.messages {
            held_back.insert((&message.channel, &message.id), message.held_back);
            delivered.extend(message.event.as_deref().map(|event| (message.channel.as_str(), event)));
        }
        let mut missing: BTreeMap<usize, Vec<String>> = BTreeMap::new();
        for (position, post) in
            self.evidence.posts.iter().enumerate().filter(|(_, post)| post.is_acknowledged())
        {
            for (id, record) in self.ids.get(&position).into_iter().flatten() {
                let (report, state) = (text(&record["data"]["report"]), text(&record["data"]["state"]));
                let is_reported = report == "detection" && state != "stop";
                if is_reported && !delivered.contains(&(self.cameras[post.camera].as_str(), id)) {
                    missing.entry(post.camera).or_default().push(self.describe(position));
                }
            }
        }
        for (camera, missing) in missing {
            let of_channel = held_back.iter().filter(|((channel, _), _)| *channel == self.cameras[camera]);
            let held_back: usize = of_channel.map(|(_, count)| *count).sum();
            for what in missing.iter().skip(held_back) {
                self.report.unexplained(format!("nobody was notified of {what}"));
            }
        }
    }

    /// Each event that is to switch a relay has switched it once and in time, or its audit says why not.
    fn check_relays(&mut self) {
        let mut attributed = 0;
        for (position, post) in self.evidence.posts.iter().enumerate() {
            let Expected::Relay(relay) = post.expected else { continue };
            let max_age = Duration::from_secs(MAX_AGE_SECONDS);
            let next_use =
                self.evidence.posts.iter().skip(position + 1).find(|later| later.expected == post.expected);
            let end = next_use.map_or(Timestamp::MAX, Post::started);
            let of_post: Vec<Actuation> = self
                .evidence
                .actuations
                .iter()
                .filter(|actuation| {
                    actuation.relay == relay && actuation.at >= post.started() && actuation.at < end
                })
                .copied()
                .collect();
            attributed += of_post.len();
            let what = self.describe(position);
            self.report.actuated += usize::from(!of_post.is_empty());
            if of_post.len() > 1 {
                self.report.doubled += of_post.len() - 1;
                let times: Vec<String> = of_post.iter().map(|actuation| actuation.at.to_string()).collect();
                self.report.find(format!("switched at {}: {what}", times.join(" and ")));
            }
            let deadline = post.ended().checked_add(max_age + DEVICE_LIMIT).unwrap_or(Timestamp::MAX);
            for actuation in of_post.iter().filter(|actuation| actuation.at > deadline) {
                self.report.late += 1;
                self.report.find(format!("switched at {}, too late: {what}", actuation.at));
            }
            let Some(id) = self.ids.get(&position).and_then(|ids| ids.keys().next()) else { continue };
            let decisions: Vec<&Value> =
                self.evidence.audit.iter().filter(|record| text(&record["event"]) == id).collect();
            if post.is_acknowledged() && of_post.is_empty() {
                let explains = |record: &&&Value| match text(&record["decision"]) {
                    "failed" | "unknown" => true,
                    "late" => text(&record["at"])
                        .parse::<Timestamp>()
                        .is_ok_and(|at| at.duration_since(post.started()).unsigned_abs() >= max_age),
                    _ => false,
                };
                if !decisions.iter().any(|record| explains(&record)) {
                    self.report
                        .unexplained(format!("the relay was not switched: {what}, audit {decisions:?}"));
                }
            }
            if !of_post.is_empty() && decisions.is_empty() {
                self.report
                    .unexplained(format!("the relay was switched, which no audit record says: {what}"));
            }
        }
        for _ in attributed..self.evidence.actuations.len() {
            self.report.unexplained("a relay was switched without an event".to_owned());
        }
    }

    /// A bad configuration sends an alert, and so does a source of which something is in the quarantine.
    fn check_alerts(&mut self) {
        let alerts: Vec<&Value> =
            self.evidence.messages.iter().filter_map(|message| message.alert.as_ref()).collect();
        let about = |what: &str| alerts.iter().filter(|alert| alert["about"]["what"] == what).count();
        let missing = self.evidence.bad_configurations.saturating_sub(about("configuration"));
        for _ in 0..missing {
            self.report.unexplained("no alert says that a configuration is bad".to_owned());
        }
        let sources: BTreeSet<usize> =
            self.quarantined.iter().map(|position| self.evidence.posts[*position].camera).collect();
        for source in sources {
            let id = &self.cameras[source];
            let is_about =
                |alert: &&&Value| alert["about"]["what"] == "source" && alert["about"]["id"] == **id;
            if !alerts.iter().any(|alert| is_about(&alert)) {
                self.report.unexplained(format!("no alert says that posts of {id} are in the quarantine"));
            }
        }
    }

    fn describe(&self, position: usize) -> String {
        let post = &self.evidence.posts[position];
        let statuses: Vec<String> = post
            .attempts
            .iter()
            .map(|attempt| attempt.status.map_or("died".to_owned(), |status| status.to_string()))
            .collect();
        format!(
            "{} of {} at {}, {:?}, answered {}",
            FIRST_MARK + position as u64,
            self.cameras[post.camera],
            post.started(),
            post.expected,
            statuses.join(" and ")
        )
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The position of the post whose mark stands in a record.
fn marked(record: &Value, posts: usize) -> Option<usize> {
    let text = record.to_string();
    let numbers = text.split(|character: char| !character.is_ascii_digit());
    numbers.filter(|digits| digits.len() >= 10).find_map(|digits| {
        let last = digits.get(digits.len() - 10..)?;
        // The identities of XProtect have up to two digits before it.
        let mark: u64 = last.parse().ok().filter(|_| digits.len() <= 12)?;
        usize::try_from(mark.checked_sub(FIRST_MARK)?).ok().filter(|position| *position < posts)
    })
}
