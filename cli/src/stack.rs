//! `stack.json`: the addresses and names of a stack's resources.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use camhook_aws::{AwsPorts, CurrentSite, Resources, TimeObserver};
use camhook_ports::{Queue, SecretReference};
use camhook_site::Site;
use serde::Deserialize;
use url::Url;

use crate::error::Error;

/// Its path in the project's folder.
const STACK_JSON: &str = ".local/stack.json";

/// The suffix of the names of dead-letter queues.
const DEAD_LETTERS: &str = "_dlq";

/// A stack's resources.
#[derive(Debug, Deserialize)]
pub(crate) struct Stack {
    /// The base URL of webhooks.
    pub(crate) api_url: Url,
    /// The endpoint of the local cloud; `None` for a stack on AWS.
    pub(crate) endpoint_url: Option<Url>,
    region: String,
    bucket: String,
    table: String,
    /// The table of the event index; `None` in a stack that was deployed before there was one.
    index_table: Option<String>,
    /// The URLs of the queues by name, with `_` for `-`; those of dead-letter queues end with `_dlq`.
    queues: BTreeMap<String, String>,
    /// The path of the deployed camhook.toml; `None` for a stack on AWS.
    config: Option<PathBuf>,
    /// The webhook URL of each source, with its token.
    pub(crate) sources: BTreeMap<String, Url>,
}

impl Stack {
    /// Reads the given stack.json, or the one of this folder or a parent.
    pub(crate) fn find(named: Option<&Path>) -> Result<Self, Error> {
        let path = match named {
            Some(path) => path.to_owned(),
            None => nearest().ok_or(Error::NoStack)?,
        };
        let text =
            std::fs::read_to_string(&path).map_err(|error| Error::Read { path: path.clone(), error })?;
        serde_json::from_str(&text).map_err(|error| Error::BadStack { path, error: error.to_string() })
    }

    /// Connects to the stack.
    pub(crate) async fn connect(&self) -> AwsPorts {
        self.connect_with(self.queue_urls("")).await
    }

    /// Connects to the stack with each queue replaced by its dead-letter queue.
    pub(crate) async fn connect_dead_letters(&self) -> AwsPorts {
        self.connect_with(self.queue_urls(DEAD_LETTERS)).await
    }

    /// The queues that have a dead-letter queue.
    pub(crate) fn queues_with_dead_letters(&self) -> Vec<Queue> {
        self.queue_urls(DEAD_LETTERS).into_keys().collect()
    }

    fn queue_urls(&self, suffix: &str) -> BTreeMap<Queue, String> {
        let url = |queue: Queue| self.queues.get(&format!("{}{suffix}", queue.name().replace('-', "_")));
        Queue::ALL.into_iter().filter_map(|queue| Some((queue, url(queue)?.clone()))).collect()
    }

    async fn connect_with(&self, queue_urls: BTreeMap<Queue, String>) -> AwsPorts {
        let resources = Resources {
            bucket: self.bucket.clone(),
            table: self.table.clone(),
            index_table: self.index_table.clone(),
            queue_urls,
        };
        match &self.endpoint_url {
            Some(endpoint) => AwsPorts::connect_local(resources, endpoint.as_str(), &self.region).await,
            None => AwsPorts::connect(resources, &self.region).await,
        }
    }

    /// Connects to the stack with an observer that learns the time of AWS.
    pub(crate) async fn connect_observed(&self, observer: Arc<dyn TimeObserver>) -> AwsPorts {
        let queue_urls = self.queue_urls("");
        let resources = Resources {
            bucket: self.bucket.clone(),
            table: self.table.clone(),
            index_table: self.index_table.clone(),
            queue_urls,
        };
        let endpoint = self.endpoint_url.as_ref().map(Url::as_str);
        AwsPorts::connect_observed(resources, endpoint, &self.region, observer).await
    }

    /// The deployed camhook.toml.
    pub(crate) async fn site(&self) -> Result<Arc<Site>, Error> {
        Ok(CurrentSite::default().get(&self.connect().await).await?)
    }

    /// Whether the stack is local, so that channels may use the loopback network.
    pub(crate) fn kind(&self) -> camhook_outbound::Stack {
        match self.endpoint_url {
            Some(_) => camhook_outbound::Stack::Local,
            None => camhook_outbound::Stack::Deployed,
        }
    }

    /// The key that signs a source's posts, if the stack's camhook.toml is on this machine and has one.
    pub(crate) fn signing_key(&self, source: &str) -> Option<SecretReference> {
        let path = self.config.as_ref()?;
        let (site, _) = camhook_site::read(&std::fs::read_to_string(path).ok()?, "").ok()?;
        site.source(source)?.auth.hmac.first().cloned()
    }

    /// The webhook URL of a source.
    pub(crate) fn source(&self, id: &str) -> Result<&Url, Error> {
        self.sources.get(id).ok_or_else(|| {
            let known: Vec<String> = self.sources.keys().map(|known| format!("`{known}`")).collect();
            let hint = match known.as_slice() {
                [] => ": the stack has none".to_owned(),
                known => format!(": the stack has {}", known.join(", ")),
            };
            Error::UnknownSource { source_id: id.to_owned(), hint }
        })
    }
}

fn nearest() -> Option<PathBuf> {
    let here = std::env::current_dir().ok()?;
    here.ancestors().map(|folder| folder.join(STACK_JSON)).find(|path| path.is_file())
}
