//! The devices of a soak: channels and relays that fail at times, and that remember what they did.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use camhook_end_to_end::http_server::{HttpServer, Reply, header};
use camhook_ports::{Clock, SystemClock};
use http::Request;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::site;

/// A message that a channel accepted.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// The channel.
    pub(crate) channel: String,
    /// Its identity: the header `webhook-id`.
    pub(crate) id: String,
    /// The id of its event, where it is about one.
    pub(crate) event: Option<String>,
    /// How many messages it says were held back.
    pub(crate) held_back: usize,
    /// What an alert is about, where it is one.
    pub(crate) alert: Option<Value>,
}

/// A command that a relay carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Actuation {
    /// The relay.
    pub(crate) relay: usize,
    /// When.
    pub(crate) at: Timestamp,
}

/// Whether a relay is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    Off,
    On,
    /// Until its own timer ends.
    OnUntil(Timestamp),
}

/// Whether devices fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Health {
    Failing,
    Healthy,
}

#[derive(Debug)]
struct State {
    clock: SystemClock,
    random: fastrand::Rng,
    health: Health,
    outages: std::collections::BTreeMap<String, Duration>,
    messages: Vec<Message>,
    outputs: Vec<Output>,
    actuations: Vec<Actuation>,
    faults: usize,
}

/// All devices, on one port.
#[derive(Debug)]
pub(crate) struct Devices {
    server: HttpServer,
    state: Arc<Mutex<State>>,
}

impl Devices {
    /// Starts them.
    pub(crate) async fn start(seed: u64) -> Self {
        let state = Arc::new(Mutex::new(State {
            clock: SystemClock::start(),
            random: fastrand::Rng::with_seed(seed),
            health: Health::Failing,
            outages: std::collections::BTreeMap::new(),
            messages: Vec::new(),
            outputs: vec![Output::Off; site::relays().len()],
            actuations: Vec::new(),
            faults: 0,
        }));
        let shared = Arc::clone(&state);
        let server = HttpServer::start(move |request| {
            let reply = lock(&shared).answer(&request);
            async move { reply }
        })
        .await;
        Self { server, state }
    }

    /// Their address.
    pub(crate) fn url(&self) -> String {
        self.server.url()
    }

    /// From now on none fails.
    pub(crate) fn heal(&self) {
        lock(&self.state).health = Health::Healthy;
    }

    /// The messages that channels accepted.
    pub(crate) fn messages(&self) -> Vec<Message> {
        lock(&self.state).messages.clone()
    }

    /// Whether a channel accepted an alert about the configuration.
    pub(crate) fn know_of_configuration(&self) -> bool {
        let state = lock(&self.state);
        let mut alerts = state.messages.iter().filter_map(|message| message.alert.as_ref());
        alerts.any(|alert| alert["about"]["what"] == "configuration")
    }

    /// The commands to switch on that relays carried out.
    pub(crate) fn actuations(&self) -> Vec<Actuation> {
        lock(&self.state).actuations.clone()
    }

    /// How often a device failed.
    pub(crate) fn faults(&self) -> usize {
        lock(&self.state).faults
    }

    /// The relays that are on.
    pub(crate) fn on(&self) -> Vec<usize> {
        let state = lock(&self.state);
        let now = state.clock.now();
        let is_on = |output: &Output| match output {
            Output::Off => false,
            Output::On => true,
            Output::OnUntil(end) => *end > now,
        };
        state.outputs.iter().enumerate().filter(|(_, output)| is_on(output)).map(|(relay, _)| relay).collect()
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

impl State {
    fn answer(&mut self, request: &Request<Bytes>) -> Reply {
        let path = request.uri().path().to_owned();
        let query = request.uri().query().unwrap_or_default().to_owned();
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match parts.as_slice() {
            ["channel", channel] => self.message(channel, request),
            ["relay", relay, "on"] => self.switch(relay, Output::On),
            ["relay", relay, "off"] => self.switch(relay, Output::Off),
            ["relay", relay, "pulse", milliseconds] => {
                let length = Duration::from_millis(milliseconds.parse().unwrap_or_default());
                let end = self.clock.now().checked_add(length).unwrap_or(Timestamp::MAX);
                self.switch(relay, Output::OnUntil(end))
            }
            ["rpc", "Switch.Set"] => self.shelly(&query),
            _ => Reply::json(404, &Value::Null),
        }
    }

    /// A channel accepts a message, or refuses every one for some seconds.
    fn message(&mut self, channel: &str, request: &Request<Bytes>) -> Reply {
        let now = self.clock.elapsed();
        if self.health == Health::Failing {
            if self.outages.get(channel).is_some_and(|until| *until > now) {
                self.faults += 1;
                return Reply::json(503, &json!({ "error": "the soak has this channel fail" }));
            }
            if self.random.f64() < 0.01 {
                let length = Duration::from_secs(self.random.u64(2..10));
                self.outages.insert(channel.to_owned(), now + length);
                self.faults += 1;
                return Reply::json(500, &json!({ "error": "the soak has this channel fail" }));
            }
            if self.random.f64() < 0.01 {
                self.faults += 1;
                return Reply::json(429, &Value::Null).with_header("retry-after", "3");
            }
        }
        let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        let title = body["data"]["title"].as_str().unwrap_or_default();
        let held_back = match body["type"].as_str() {
            Some("camhook.held_back.v1") => title.split(' ').next().and_then(|count| count.parse().ok()),
            _ => None,
        };
        let alert = &body["data"]["trouble"];
        self.messages.push(Message {
            channel: channel.to_owned(),
            id: header(request.headers(), "webhook-id").to_owned(),
            event: body["data"]["event"]["id"].as_str().map(str::to_owned),
            held_back: held_back.unwrap_or_default(),
            alert: (!alert.is_null()).then(|| alert.clone()),
        });
        Reply::json(200, &json!({ "received": true }))
    }

    fn shelly(&mut self, query: &str) -> Reply {
        let value = |name: &str| {
            let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
            pairs.filter(|(key, _)| *key == name).map(|(_, value)| value).next()
        };
        let relay = value("id").unwrap_or_default();
        let output =
            match (value("on"), value("toggle_after").and_then(|seconds| seconds.parse::<f64>().ok())) {
                (Some("true"), Some(seconds)) => {
                    let end = self.clock.now().checked_add(Duration::from_secs_f64(seconds));
                    Output::OnUntil(end.unwrap_or(Timestamp::MAX))
                }
                (Some("true"), None) => Output::On,
                _ => Output::Off,
            };
        self.switch(relay, output)
    }

    /// A relay carries a command out and says so, or fails in one of the ways that devices do.
    fn switch(&mut self, relay: &str, output: Output) -> Reply {
        let Some(relay) = relay.parse().ok().filter(|relay| *relay < self.outputs.len()) else {
            return Reply::json(404, &Value::Null);
        };
        let fate = if self.health == Health::Failing { self.random.f64() } else { 1.0 };
        if fate < 0.10 {
            self.faults += 1;
        }
        match fate {
            // Certainly not executed, by what the driver documents.
            0.0..0.04 => return Reply::json(429, &Value::Null),
            // Not executed, which the answer does not prove.
            0.04..0.06 => return Reply::json(503, &Value::Null),
            _ => {}
        }
        self.execute(relay, output);
        match fate {
            // Executed, which the answer denies.
            0.06..0.08 => Reply::json(500, &Value::Null),
            0.08..0.09 => Reply::Close,
            0.09..0.10 => Reply::Silence,
            _ => Reply::json(200, &json!({ "was_on": false })),
        }
    }

    fn execute(&mut self, relay: usize, output: Output) {
        if let Some(current) = self.outputs.get_mut(relay) {
            *current = output;
        }
        if output != Output::Off {
            self.actuations.push(Actuation { relay, at: self.clock.now() });
        }
    }
}
