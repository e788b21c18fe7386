//! Channels.

use super::{rule::schedules, scalar, source::basic};
use crate::problem::{Notes, Path};
use crate::raw::{Many, RawChannel, RawPriority};
use crate::{Channel, ChannelId, ChannelKind, Network, NtfyCredential, NtfyPriority};

pub(super) fn id(raw: &RawChannel) -> &str {
    match raw {
        RawChannel::Ntfy { id, .. } | RawChannel::Webhook { id, .. } => &id.0,
    }
}

pub(super) fn channel(raw: &RawChannel, path: &Path<'_>, notes: &mut Notes) -> Option<Channel> {
    let id = ChannelId::new(id(raw));
    let path_url = path.key("url");
    let path_quiet = path.key("quiet");
    match raw {
        RawChannel::Ntfy { url, token, basic: user, priority, tags, network, quiet, .. } => {
            let url = scalar::url(url, &path_url, notes);
            if let Some(url) = &url
                && url.path().trim_matches('/').is_empty()
            {
                notes.problem(
                    &path_url,
                    "the topic is missing",
                    "write it after the server: https://ntfy.example.org/topic",
                );
            }
            if token.is_some() && user.is_some() {
                notes.misplaced(&path.key("basic"), "there is a token already", "leave one of them out");
            }
            let token = token.as_ref().map(|text| scalar::secret(text, &path.key("token"), notes));
            let user = user.as_ref().map(|user| basic(user, &path.key("basic"), notes));
            let quiet = schedules(quiet.as_ref(), &path_quiet, notes);
            let url = url?;
            let network = scalar::reachable(*network, &url, path, notes);
            if token.is_some() || user.is_some() {
                warn_of_plain_http(&url, network, &path_url, notes);
            }
            let credential = token.map(NtfyCredential::Token).or(user.map(NtfyCredential::Basic));
            let priority = priority.map(|priority| match priority {
                RawPriority::Min => NtfyPriority::Min,
                RawPriority::Low => NtfyPriority::Low,
                RawPriority::Default => NtfyPriority::Default,
                RawPriority::High => NtfyPriority::High,
                RawPriority::Max => NtfyPriority::Max,
            });
            let tags = tags.as_ref().map_or(&[][..], Many::as_slice).to_vec();
            let kind = ChannelKind::Ntfy { url, credential, priority, tags };
            Some(Channel { id: id?, kind, network, quiet })
        }
        RawChannel::Webhook { url, secret, network, quiet, .. } => {
            let url = scalar::url(url, &path_url, notes);
            let path_secret = path.key("secret");
            let secret = secret.as_ref().map(|text| {
                let is_reference = text.0.starts_with("ssm:") || text.0.starts_with("env:");
                if !is_reference && !text.0.starts_with("whsec_") {
                    notes.problem(
                        &path_secret,
                        "a Standard Webhooks key begins with `whsec_`",
                        "write whsec_ and 24 to 64 random bytes in base64",
                    );
                }
                scalar::secret(text, &path_secret, notes)
            });
            let quiet = schedules(quiet.as_ref(), &path_quiet, notes);
            let url = url?;
            let network = scalar::reachable(*network, &url, path, notes);
            warn_of_plain_http(&url, network, &path_url, notes);
            Some(Channel { id: id?, kind: ChannelKind::Webhook { url, secret }, network, quiet })
        }
    }
}

fn warn_of_plain_http(url: &url::Url, network: Network, path: &Path<'_>, notes: &mut Notes) {
    if url.scheme() == "http" && network == Network::Public {
        notes.warning(path, "over plain http, everybody on the way can read and change this", "use https");
    }
}
