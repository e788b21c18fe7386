//! `camhook test`

use bytes::Bytes;
use camhook_aws::CurrentSite;
use camhook_notify::{Notification, Picture, Subject, channel};
use camhook_outbound::{Client, Limits};
use camhook_ports::{Clock, Ports};
use serde::Serialize;

use super::Outcome;
use crate::arguments::Test;
use crate::error::Error;
use crate::output::Output;
use crate::stack::{Selection, Stack};

/// The size of the test picture, about that of a camera's substream.
const WIDTH: u16 = 640;
const HEIGHT: u16 = 360;
const AT_LEAST_BYTES: usize = 60_000;

#[derive(Serialize)]
struct Sent<'a> {
    channel: &'a str,
    kind: &'static str,
}

pub(super) async fn run(arguments: &Test, stack: Selection<'_>, output: &Output) -> Result<Outcome, Error> {
    let stack = Stack::find(stack)?;
    let ports = stack.connect().await;
    let site = CurrentSite::default().get(&ports).await?;
    let id = arguments.channel.as_str();
    let Some(channel) = site.channel(id) else {
        let known: Vec<String> = site.channels().iter().map(|known| format!("`{}`", known.id)).collect();
        let hint = if known.is_empty() { String::new() } else { format!(": it has {}", known.join(", ")) };
        return Err(Error::UnknownChannel { channel: id.to_owned(), hint });
    };
    let now = ports.clock().now();
    let seed = now.as_microsecond().unsigned_abs();
    let picture = camhook_picture::jpeg(WIDTH, HEIGHT, AT_LEAST_BYTES, seed);
    let local_time = now.to_zoned(site.timezone().clone()).strftime("%Y-%m-%d %H:%M:%S");
    let notification = Notification {
        id: format!("test-{}", now.as_microsecond()),
        title: "camhook: test".to_owned(),
        text: format!("The channel {id} works.\n{local_time}"),
        picture: Some(Picture {
            bytes: Some(Bytes::from(picture)),
            link: None,
            file_name: "test.jpg".to_owned(),
        }),
        detail: None,
        page: None,
        subject: Subject::Test,
    };
    let client = Client::new(stack.kind(), Limits::default());
    let accepted = channel::deliver(&ports, &client, channel, &notification)
        .await
        .map_err(|reason| Error::NotDelivered { channel: id.to_owned(), reason })?;
    for caveat in &accepted.caveats {
        output.note(format_args!("delivered {caveat}"));
    }
    let kind = channel.kind.name();
    output.result(
        &Sent { channel: id, kind },
        format!("sent through {id} ({kind}), with secrets as read on this machine"),
    );
    Ok(Outcome::Done)
}
