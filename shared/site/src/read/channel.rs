//! Channels.

use std::time::Duration;

use camhook_ports::SecretReference;
use url::{Host, Url};

use super::{rule::schedules, scalar, source::basic};
use crate::problem::{Notes, Path};
use crate::raw::{
    DurationText, HostText, MailAddressText, Many, RawBasic, RawChannel, RawChat, RawMailSecurity,
    RawNetwork, RawPriority, RawPushoverPriority, SecretText, SecretUrlText, UrlText,
};
use crate::{
    BasicCredential, Channel, ChannelId, ChannelKind, MailSecurity, MailServer, Network, NtfyCredential,
    NtfyPriority, PushoverPriority, SlackAccess,
};

/// The smallest time between two repetitions of an emergency message.
/// Source: Pushover's message API, as is the next.
const LEAST_RETRY: Duration = Duration::from_secs(30);

/// The longest time for which an emergency message is repeated.
const LONGEST_EXPIRE: Duration = Duration::from_secs(3 * 3600);

pub(super) fn id(raw: &RawChannel) -> &str {
    match raw {
        RawChannel::Ntfy { id, .. }
        | RawChannel::Webhook { id, .. }
        | RawChannel::HomeAssistant { id, .. }
        | RawChannel::Telegram { id, .. }
        | RawChannel::Discord { id, .. }
        | RawChannel::Slack { id, .. }
        | RawChannel::Pushover { id, .. }
        | RawChannel::Mail { id, .. }
        | RawChannel::Apprise { id, .. } => &id.0,
    }
}

pub(super) fn channel(raw: &RawChannel, path: &Path<'_>, notes: &mut Notes) -> Option<Channel> {
    let quiet = match raw {
        RawChannel::Ntfy { quiet, .. }
        | RawChannel::Webhook { quiet, .. }
        | RawChannel::HomeAssistant { quiet, .. }
        | RawChannel::Telegram { quiet, .. }
        | RawChannel::Discord { quiet, .. }
        | RawChannel::Slack { quiet, .. }
        | RawChannel::Pushover { quiet, .. }
        | RawChannel::Mail { quiet, .. }
        | RawChannel::Apprise { quiet, .. } => schedules(quiet.as_ref(), &path.key("quiet"), notes),
    };
    let id = ChannelId::new(id(raw));
    let (kind, network) = kind(raw, path, notes)?;
    Some(Channel { id: id?, kind, network, quiet })
}

fn kind(raw: &RawChannel, path: &Path<'_>, notes: &mut Notes) -> Option<(ChannelKind, Network)> {
    match raw {
        RawChannel::Ntfy { url, token, basic, priority, tags, network, .. } => {
            let credential = ntfy_credential(token.as_ref(), basic.as_ref(), path, notes);
            let (url, network) = topic(url, *network, path, notes)?;
            if credential.is_some() {
                warn_of_plain_http(&url, network, &path.key("url"), notes);
            }
            let priority = priority.map(|priority| match priority {
                RawPriority::Min => NtfyPriority::Min,
                RawPriority::Low => NtfyPriority::Low,
                RawPriority::Default => NtfyPriority::Default,
                RawPriority::High => NtfyPriority::High,
                RawPriority::Max => NtfyPriority::Max,
            });
            let tags = tags.as_ref().map_or(&[][..], Many::as_slice).to_vec();
            Some((ChannelKind::Ntfy { url, credential, priority, tags }, network))
        }
        RawChannel::Webhook { url, secret, network, .. } => {
            let url = scalar::url(url, &path.key("url"), notes);
            let secret = secret.as_ref().map(|text| signing_key(text, &path.key("secret"), notes));
            let url = url?;
            let network = scalar::reachable(*network, &url, path, notes);
            warn_of_plain_http(&url, network, &path.key("url"), notes);
            Some((ChannelKind::Webhook { url, secret }, network))
        }
        RawChannel::HomeAssistant { url, token, network, .. } => {
            let (url, network) = secret_url(url, *network, path, notes);
            let token = secret(token.as_ref(), "token", path, notes);
            Some((ChannelKind::HomeAssistant { url, token }, network))
        }
        RawChannel::Telegram { token, chat, thread, server, network, .. } => {
            let token = scalar::secret(token, &path.key("token"), notes);
            let chat = chat_of(chat, &path.key("chat"), notes);
            let (server, network) =
                server_url(server.as_ref(), "https://api.telegram.org", *network, path, notes)?;
            Some((ChannelKind::Telegram { server, token, chat: chat?, thread: *thread }, network))
        }
        RawChannel::Discord { url, network, .. } => {
            let (url, network) = secret_url(url, *network, path, notes);
            Some((ChannelKind::Discord { url }, network))
        }
        RawChannel::Slack { url, token, channel, server, network, .. } => {
            let bot = (token.as_ref(), channel.as_deref(), server.as_ref());
            slack(url.as_ref(), bot, *network, path, notes)
        }
        RawChannel::Pushover {
            token, user, priority, retry, expire, sound, device, server, network, ..
        } => {
            let token = scalar::secret(token, &path.key("token"), notes);
            let user = scalar::secret(user, &path.key("user"), notes);
            let priority = priority.unwrap_or(RawPushoverPriority::Normal);
            let priority = pushover_priority(priority, retry.as_ref(), expire.as_ref(), path, notes);
            let (server, network) =
                server_url(server.as_ref(), "https://api.pushover.net", *network, path, notes)?;
            let (sound, device) = (sound.clone(), device.clone());
            Some((ChannelKind::Pushover { server, token, user, priority: priority?, sound, device }, network))
        }
        RawChannel::Mail { server, security, basic, from, to, network, .. } => {
            let credential = basic.as_ref().map(|raw| self::basic(raw, &path.key("basic"), notes));
            let from = mail_address(from, &path.key("from"), notes);
            let path_to = path.key("to");
            let to: Vec<String> = to
                .as_slice()
                .iter()
                .enumerate()
                .filter_map(|(index, address)| mail_address(address, &path_to.index(index), notes))
                .collect();
            let (server, network) =
                mail_server(server, *security, credential.as_ref(), *network, path, notes)?;
            Some((ChannelKind::Mail { server, credential, from: from?, to }, network))
        }
        RawChannel::Apprise { url, tags, basic, network, .. } => {
            let credential = basic.as_ref().map(|raw| self::basic(raw, &path.key("basic"), notes));
            let url = scalar::url(url, &path.key("url"), notes)?;
            if !url.path().contains("/notify/") {
                notes.problem(
                    &path.key("url"),
                    "the key is missing",
                    "write it after the server: https://apprise.example.org/notify/key",
                );
            }
            let network = scalar::reachable(*network, &url, path, notes);
            warn_of_plain_http(&url, network, &path.key("url"), notes);
            let tags = tags.as_ref().map(|tags| tags.as_slice().join(","));
            Some((ChannelKind::Apprise { url, tags, credential }, network))
        }
    }
}

fn ntfy_credential(
    token: Option<&SecretText>,
    user: Option<&RawBasic>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<NtfyCredential> {
    if token.is_some() && user.is_some() {
        notes.misplaced(&path.key("basic"), "there is a token already", "leave one of them out");
    }
    let token = secret(token, "token", path, notes);
    let user = user.map(|user| basic(user, &path.key("basic"), notes));
    token.map(NtfyCredential::Token).or(user.map(NtfyCredential::Basic))
}

/// Server and topic of ntfy.
fn topic(
    url: &UrlText,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(Url, Network)> {
    let url = scalar::url(url, &path.key("url"), notes)?;
    if url.path().trim_matches('/').is_empty() {
        notes.problem(
            &path.key("url"),
            "the topic is missing",
            "write it after the server: https://ntfy.example.org/topic",
        );
    }
    let network = scalar::reachable(network, &url, path, notes);
    Some((url, network))
}

fn signing_key(text: &SecretText, path: &Path<'_>, notes: &mut Notes) -> SecretReference {
    let is_reference = text.0.starts_with("ssm:") || text.0.starts_with("env:");
    if !is_reference && !text.0.starts_with("whsec_") {
        notes.problem(
            path,
            "a Standard Webhooks key begins with `whsec_`",
            "write whsec_ and 24 to 64 random bytes in base64",
        );
    }
    scalar::secret(text, path, notes)
}

fn secret(
    text: Option<&SecretText>,
    key: &str,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<SecretReference> {
    text.map(|text| scalar::secret(text, &path.key(key), notes))
}

/// A URL that is a secret: checked as far as it stands here.
fn secret_url(
    text: &SecretUrlText,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> (SecretReference, Network) {
    let path_url = path.key("url");
    let reference = scalar::secret(&SecretText(text.0.clone()), &path_url, notes);
    if !matches!(reference, SecretReference::Literal(_)) {
        return (reference, scalar::network_of(network));
    }
    match scalar::url(&UrlText(text.0.clone()), &path_url, notes) {
        Some(url) => {
            let network = scalar::reachable(network, &url, path, notes);
            warn_of_plain_http(&url, network, &path_url, notes);
            (reference, network)
        }
        None => (reference, scalar::network_of(network)),
    }
}

/// The server of a service, its own where none is named.
fn server_url(
    text: Option<&UrlText>,
    default: &str,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(Url, Network)> {
    let path_server = path.key("server");
    let url = match text {
        Some(text) => scalar::url(text, &path_server, notes)?,
        None => scalar::url(&UrlText(default.to_owned()), &path_server, notes)?,
    };
    let network = scalar::reachable_host(network, url.host().as_ref(), &path_server, notes);
    warn_of_plain_http(&url, network, &path_server, notes);
    Some((url, network))
}

fn chat_of(raw: &RawChat, path: &Path<'_>, notes: &mut Notes) -> Option<String> {
    let text = match raw {
        RawChat::Number(number) => return Some(number.to_string()),
        RawChat::Name(text) => text,
    };
    let is_name = text.len() > 1 && text.starts_with('@');
    if !is_name && text.parse::<i64>().is_err() {
        notes.problem(
            path,
            format!("`{text}` is no chat"),
            "write its id as a number, or @name of a channel",
        );
        return None;
    }
    Some(text.clone())
}

type Bot<'a> = (Option<&'a SecretText>, Option<&'a str>, Option<&'a UrlText>);

fn slack(
    url: Option<&SecretUrlText>,
    (token, channel, server): Bot<'_>,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(ChannelKind, Network)> {
    match (url, token) {
        (Some(url), None) => {
            for (key, is_there) in [("channel", channel.is_some()), ("server", server.is_some())] {
                if is_there {
                    notes.misplaced(
                        &path.key(key),
                        "a webhook has its own",
                        "leave it out, or use `token` in the place of `url`",
                    );
                }
            }
            let (url, network) = secret_url(url, network, path, notes);
            Some((ChannelKind::Slack(SlackAccess::Webhook { url }), network))
        }
        (None, Some(token)) => {
            let token = scalar::secret(token, &path.key("token"), notes);
            let (server, network) = server_url(server, "https://slack.com/api", network, path, notes)?;
            let Some(channel) = channel else {
                notes.problem(
                    path,
                    "`channel` is missing",
                    "add the channel's id: channel = \"C0123456789\"",
                );
                return None;
            };
            let is_id = channel.len() >= 9
                && channel.starts_with(['C', 'D', 'G'])
                && channel.bytes().all(|octet| octet.is_ascii_uppercase() || octet.is_ascii_digit());
            if !is_id {
                notes.problem(
                    &path.key("channel"),
                    format!("`{channel}` is no channel's id"),
                    "open the channel's details in Slack and copy its id: C0123456789",
                );
            }
            let channel = channel.to_owned();
            Some((ChannelKind::Slack(SlackAccess::Bot { server, token, channel }), network))
        }
        (Some(_), Some(_)) => {
            notes.misplaced(&path.key("token"), "there is a webhook already", "leave `url` or `token` out");
            None
        }
        (None, None) => {
            notes.problem(
                path,
                "it is not said how to write into the channel",
                "add `url` of an incoming webhook, or `token` and `channel` of a bot",
            );
            None
        }
    }
}

fn pushover_priority(
    raw: RawPushoverPriority,
    retry: Option<&DurationText>,
    expire: Option<&DurationText>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<PushoverPriority> {
    let plain = match raw {
        RawPushoverPriority::Lowest => PushoverPriority::Lowest,
        RawPushoverPriority::Low => PushoverPriority::Low,
        RawPushoverPriority::Normal => PushoverPriority::Normal,
        RawPushoverPriority::High => PushoverPriority::High,
        RawPushoverPriority::Emergency => {
            let (path_retry, path_expire) = (path.key("retry"), path.key("expire"));
            let retry = match retry {
                Some(text) => scalar::duration(text, &path_retry, notes)?,
                None => Duration::from_secs(60),
            };
            let expire = match expire {
                Some(text) => scalar::duration(text, &path_expire, notes)?,
                None => Duration::from_secs(3600),
            };
            if retry < LEAST_RETRY {
                notes.problem(&path_retry, "Pushover repeats every 30 seconds at most", "use at least 30s");
            }
            if expire > LONGEST_EXPIRE {
                notes.problem(&path_expire, "Pushover repeats for 3 hours at most", "use at most 3h");
            }
            return Some(PushoverPriority::Emergency { retry, expire });
        }
    };
    for (key, text) in [("retry", retry), ("expire", expire)] {
        if text.is_some() {
            notes.misplaced(
                &path.key(key),
                "only an emergency is repeated",
                "leave it out, or use priority = \"emergency\"",
            );
        }
    }
    Some(plain)
}

fn mail_address(text: &MailAddressText, path: &Path<'_>, notes: &mut Notes) -> Option<String> {
    let is_plain = |part: &str| {
        !part.is_empty()
            && part.bytes().all(|octet| octet.is_ascii_graphic() && !b"<>()[],;:\"\\@".contains(&octet))
    };
    if !text.0.split_once('@').is_some_and(|(user, host)| is_plain(user) && is_plain(host)) {
        notes.problem(path, format!("`{}` is no mail address", text.0), "write it as user@example.org");
        return None;
    }
    Some(text.0.clone())
}

fn mail_server(
    text: &HostText,
    security: Option<RawMailSecurity>,
    credential: Option<&BasicCredential>,
    network: Option<RawNetwork>,
    path: &Path<'_>,
    notes: &mut Notes,
) -> Option<(MailServer, Network)> {
    let path_server = path.key("server");
    let security = match security {
        None | Some(RawMailSecurity::Tls) => MailSecurity::Tls,
        Some(RawMailSecurity::StartTls) => MailSecurity::StartTls,
        Some(RawMailSecurity::None) => MailSecurity::None,
    };
    // As the host of a URL: `host`, `host:port`, `[address]:port`.
    let url = Url::parse(&format!("smtp://{}", text.0)).ok().filter(|url| url.path().is_empty());
    let host = url.as_ref().and_then(Url::host_str).and_then(|host| Host::parse(host).ok());
    let (Some(url), Some(host)) = (url, host) else {
        notes.problem(
            &path_server,
            format!("`{}` is no server", text.0),
            "write it as mail.example.org or mail.example.org:465",
        );
        return None;
    };
    let borrowed = match &host {
        Host::Domain(name) => Host::Domain(name.as_str()),
        Host::Ipv4(address) => Host::Ipv4(*address),
        Host::Ipv6(address) => Host::Ipv6(*address),
    };
    let network = scalar::reachable_host(network, Some(&borrowed), &path_server, notes);
    if security == MailSecurity::None && network == Network::Public {
        let path_security = path.key("security");
        if credential.is_some() {
            notes.problem(
                &path_security,
                "the password would go over the internet in clear text",
                "use security = \"tls\" or \"starttls\"",
            );
        } else {
            notes.warning(
                &path_security,
                "everybody on the way can read and change this",
                "use security = \"tls\" or \"starttls\"",
            );
        }
    }
    let host_text = match &host {
        Host::Ipv6(address) => address.to_string(),
        other => other.to_string(),
    };
    let port = url.port().unwrap_or(security.port());
    Some((MailServer { host: host_text, port, security }, network))
}

fn warn_of_plain_http(url: &Url, network: Network, path: &Path<'_>, notes: &mut Notes) {
    if url.scheme() == "http" && network == Network::Public {
        notes.warning(path, "over plain http, everybody on the way can read and change this", "use https");
    }
}
