//! The senders of a soak: 50 cameras, each at its own rate.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use camhook_end_to_end::lambda_runtime::Outcome;
use camhook_ports::{Clock, SystemClock};
use jiff::Timestamp;

use crate::account::{Attempt, Post};
use crate::cluster::Cluster;
use crate::posts::{Draft, Expected, FIRST_MARK, Kind, Level, mqtt_message};
use crate::site::{self, Camera, Model};

/// How long a relay is left alone after an event that switches it: longer than such an event may be late, and longer
/// than two posts about one plate are the same thing.
const RELAY_REST: Duration = Duration::from_secs(75);

/// A payload that ends too early.
const CUT_OFF: &str = r#"{"val":"1"#;

/// What all senders share.
pub(crate) struct Senders {
    cluster: Arc<Cluster>,
    clock: SystemClock,
    posts: Mutex<Vec<Post>>,
    relays: Mutex<Vec<Option<Duration>>>,
    /// How long senders send.
    duration: Duration,
    /// How much faster than in life they do.
    rate: f64,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Senders {
    /// Senders that send for this long.
    pub(crate) fn new(cluster: Arc<Cluster>, duration: Duration, rate: f64) -> Arc<Self> {
        Arc::new(Self {
            cluster,
            clock: SystemClock::start(),
            posts: Mutex::default(),
            relays: Mutex::new(vec![None; site::relays().len()]),
            duration,
            rate,
        })
    }

    /// The posts until now, by their marks.
    pub(crate) fn posts(&self) -> Vec<Post> {
        lock(&self.posts).clone()
    }

    /// How long they have been sending.
    pub(crate) fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    /// How long they send.
    pub(crate) fn duration(&self) -> Duration {
        self.duration
    }

    /// Sends the posts of a camera until the time is over.
    pub(crate) async fn run(self: Arc<Self>, camera: Camera, mut random: fastrand::Rng) {
        // Not all at once.
        self.pause(random.f64() * period(camera.model).as_secs_f64()).await;
        let mut level = Level::On;
        while self.clock.elapsed() < self.duration {
            match camera.model {
                Model::InstarMqtt => self.publish(&camera, &mut random).await,
                Model::ViewtronTracking | Model::ViewtronTrackingDropped => {
                    self.track(&camera, &mut random).await;
                }
                Model::ViewtronRecorder if random.f64() < 0.4 => {
                    self.post(&camera, Kind::ViewtronLevel(level), 1).await;
                    level = if level == Level::On { Level::Off } else { Level::On };
                }
                _ if random.f64() < 0.06 => self.burst(&camera, &mut random).await,
                _ => {
                    let kind = self.kind(&camera, &mut random);
                    let deliveries = if random.f64() < 0.08 && is_known_by_content(kind) { 2 } else { 1 };
                    self.post(&camera, kind, deliveries).await;
                }
            }
            let mean = period(camera.model).as_secs_f64();
            // As independent events come: often soon, sometimes long after.
            let pause = -mean * (1.0 - random.f64()).max(0.01).ln();
            self.pause(pause).await;
        }
    }

    async fn pause(&self, seconds: f64) {
        let left = self.duration.saturating_sub(self.clock.elapsed());
        tokio::time::sleep(Duration::from_secs_f64(seconds / self.rate).min(left)).await;
    }

    /// What a camera posts next.
    fn kind(&self, camera: &Camera, random: &mut fastrand::Rng) -> Kind {
        let fate = random.f64();
        if fate < 0.02 {
            return Kind::WrongSecret;
        }
        match camera.model {
            Model::Viewtron => match fate {
                0.0..0.06 => Kind::ViewtronCutOff,
                0.06..0.12 => Kind::ViewtronHeartbeat,
                0.12..0.20 => Kind::ViewtronCounting,
                0.20..0.30 => Kind::ViewtronFace,
                0.30..0.45 => Kind::ViewtronLineCrossing,
                0.45..0.70 => Kind::ViewtronPlate { relay: self.free_relay(random) },
                _ => Kind::ViewtronIntrusion,
            },
            Model::ViewtronRecorder => match fate {
                0.0..0.60 => Kind::ViewtronHeartbeat,
                _ => Kind::ViewtronRecorderIntrusion,
            },
            Model::InstarHttp => match fate {
                0.0..0.06 => Kind::InstarUnreadable,
                0.06..0.15 => Kind::InstarNoAlarm,
                _ => Kind::InstarAlarm(random.u8(1..=4)),
            },
            Model::Xprotect => match fate {
                0.0..0.07 => Kind::XprotectCutOff,
                0.07..0.40 => Kind::XprotectMotion,
                0.40..0.70 => Kind::XprotectExternal,
                _ => Kind::XprotectAnalytics,
            },
            Model::Ivsec => match fate {
                0.0..0.06 => Kind::IvsecCutOff,
                0.06..0.30 => Kind::IvsecHeartbeat,
                0.30..0.45 => Kind::IvsecMotion,
                0.45..0.60 => Kind::IvsecFace,
                0.60..0.80 => Kind::IvsecPlate { relay: self.free_relay(random) },
                _ => Kind::IvsecLineCrossing,
            },
            Model::ViewtronTracking | Model::ViewtronTrackingDropped | Model::InstarMqtt => {
                Kind::ViewtronHeartbeat
            }
        }
    }

    /// A relay that no event of the last time was about.
    fn free_relay(&self, random: &mut fastrand::Rng) -> Option<usize> {
        let now = self.clock.elapsed();
        let mut relays = lock(&self.relays);
        let is_free = |used: &Option<Duration>| used.is_none_or(|used| now.saturating_sub(used) > RELAY_REST);
        let free: Vec<usize> =
            relays.iter().enumerate().filter(|(_, used)| is_free(used)).map(|(relay, _)| relay).collect();
        let relay = random.choice(&free).copied()?;
        *relays.get_mut(relay)? = Some(now);
        Some(relay)
    }

    /// Several posts at the same moment.
    async fn burst(&self, camera: &Camera, random: &mut fastrand::Rng) {
        let kind = match camera.model {
            Model::Viewtron => Kind::ViewtronIntrusion,
            Model::ViewtronRecorder => Kind::ViewtronRecorderIntrusion,
            Model::InstarHttp => Kind::InstarAlarm(99),
            Model::Xprotect => Kind::XprotectMotion,
            _ => Kind::IvsecMotion,
        };
        let posts = (0..random.usize(4..9)).map(|_| self.post(camera, kind, 1));
        futures_util::future::join_all(posts).await;
    }

    /// Where a target is, some times a second for some seconds.
    async fn track(&self, camera: &Camera, random: &mut fastrand::Rng) {
        let burst = self.reserve_burst();
        let dropped = camera.model == Model::ViewtronTrackingDropped;
        for _ in 0..random.usize(6..14) {
            self.post(camera, Kind::ViewtronTrack { burst, dropped }, 1).await;
            self.pause(0.3).await;
        }
        let heartbeat = random.f64() < 0.5;
        if heartbeat {
            self.post(camera, Kind::ViewtronHeartbeat, 1).await;
        }
    }

    /// Each webhook camera that has sent something unreadable sends it once more.
    pub(crate) async fn repeat_unreadable(&self) {
        let unreadable: BTreeSet<usize> = {
            let posts = lock(&self.posts);
            let unreadable = posts.iter().filter(|post| post.expected == Expected::Quarantine);
            unreadable.map(|post| post.camera).collect()
        };
        for camera in site::cameras().iter().filter(|camera| unreadable.contains(&camera.index)) {
            match camera.model {
                Model::InstarMqtt => {
                    self.message(camera, &topic(camera), CUT_OFF, Expected::Quarantine).await;
                }
                Model::InstarHttp => self.post(camera, Kind::InstarUnreadable, 1).await,
                Model::Xprotect => self.post(camera, Kind::XprotectCutOff, 1).await,
                Model::Ivsec => self.post(camera, Kind::IvsecCutOff, 1).await,
                _ => self.post(camera, Kind::ViewtronCutOff, 1).await,
            }
        }
    }

    /// A number for a target, which no post has.
    fn reserve_burst(&self) -> u64 {
        1_000_000_000 + u64::try_from(lock(&self.posts).len()).unwrap_or_default()
    }

    fn begin(&self, post: Post) -> usize {
        let mut posts = lock(&self.posts);
        posts.push(post);
        posts.len() - 1
    }

    fn record(&self, position: usize, attempt: Attempt) {
        if let Some(post) = lock(&self.posts).get_mut(position) {
            post.attempts.push(attempt);
        }
    }

    /// Sends a post, as often as its sender does.
    async fn post(&self, camera: &Camera, kind: Kind, deliveries: usize) {
        let now = self.clock.now();
        let position = {
            let expected = Expected::Ignored;
            self.begin(Post { camera: camera.index, expected, attempts: Vec::new(), rule_time: None })
        };
        let draft = Draft::new(camera, kind, FIRST_MARK + position as u64, now);
        if let Some(post) = lock(&self.posts).get_mut(position) {
            post.expected = draft.expected;
        }
        let attempts = (0..deliveries).map(|number| self.attempt(camera, &draft, position, number));
        futures_util::future::join_all(attempts).await;
        // XProtect is the only one that sends again what was not accepted.
        if camera.model == Model::Xprotect && self.is_failed(position) {
            self.attempt(camera, &draft, position, deliveries).await;
        }
    }

    fn is_failed(&self, position: usize) -> bool {
        let posts = lock(&self.posts);
        let attempts = posts.get(position).map(|post| post.attempts.as_slice()).unwrap_or_default();
        attempts.iter().all(|attempt| attempt.status.is_none_or(|status| status >= 500))
    }

    async fn attempt(&self, camera: &Camera, draft: &Draft, position: usize, number: usize) {
        let request_id = format!("soak-{position}-{number}");
        let Some(event) = draft.event(&request_id) else { return };
        let started = self.clock.now();
        let outcome = self.cluster.invoke(camera.vendor().name(), &event).await;
        let status = match outcome {
            Outcome::Answered(answer) => {
                answer["statusCode"].as_u64().and_then(|status| u16::try_from(status).ok())
            }
            // The gateway answers 500 for the function.
            Outcome::Failed(_) => Some(500),
            Outcome::Died => None,
        };
        self.record(position, Attempt { request_id, started, ended: self.clock.now(), status });
    }

    /// An alarm over MQTT and its end, or something unreadable.
    async fn publish(&self, camera: &Camera, random: &mut fastrand::Rng) {
        let topic = topic(camera);
        if random.f64() < 0.07 {
            self.message(camera, &topic, CUT_OFF, Expected::Quarantine).await;
            return;
        }
        let code = random.u8(1..=4);
        self.message(camera, &topic, &format!(r#"{{"val":"{code}"}}"#), Expected::Event).await;
        tokio::time::sleep(Duration::from_millis(random.u64(300..1500))).await;
        self.message(camera, &topic, r#"{"val":"0"}"#, Expected::Ignored).await;
        // Two alarms within some seconds may be one.
        tokio::time::sleep(Duration::from_secs(6)).await;
    }

    /// Puts a message on the queue, as the IoT rule does.
    async fn message(&self, camera: &Camera, topic: &str, payload: &str, expected: Expected) {
        let now = self.clock.now();
        // The rule knows milliseconds. A camera's messages are further apart than one.
        let at = now.as_millisecond();
        let rule_time = Timestamp::from_millisecond(at).ok();
        let position = self.begin(Post { camera: camera.index, expected, attempts: Vec::new(), rule_time });
        let request_id = format!("soak-{position}-0");
        let message = mqtt_message(topic, payload, at, &camera.id, &request_id);
        self.cluster.stack.mqtt.send(&message.to_string()).await;
        // What the rule has put on the queue is accepted.
        let attempt = Attempt { request_id, started: now, ended: self.clock.now(), status: Some(200) };
        self.record(position, attempt);
    }
}

/// Where an MQTT camera publishes its alarms.
fn topic(camera: &Camera) -> String {
    format!("{}/device/status/alarm/triggered", camera.topic())
}

/// Whether two deliveries of a post are known to be one: it has a time or a number.
fn is_known_by_content(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::InstarAlarm(_) | Kind::InstarNoAlarm | Kind::InstarUnreadable | Kind::ViewtronLevel(_)
    )
}

/// How long a camera of a model waits between two posts, on average.
fn period(model: Model) -> Duration {
    Duration::from_secs(match model {
        Model::Viewtron => 15,
        Model::ViewtronTracking | Model::ViewtronTrackingDropped => 45,
        Model::ViewtronRecorder => 15,
        Model::InstarHttp | Model::InstarMqtt => 30,
        Model::Xprotect | Model::Ivsec => 20,
    })
}
