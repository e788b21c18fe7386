//! A trouble: telling the trouble channel.

use std::time::Duration;

use camhook_outbound::Client;
use camhook_ports::{Clock, Measurements, Ports};
use camhook_site::Site;
use camhook_state::alert::{Alert, AlertSubject};
use camhook_state::claim::ClaimKey;
use camhook_state::cooldown::{self, CooldownKey, Reservation};

use crate::job::{Turn, claim_turn, send};
use crate::retry::{LAST_DELIVERY, SOON};
use crate::told::{Ended, Told};
use crate::{Error, Notification, Subject};

/// In the place of a rule's id, which has no `@`.
const RULE: &str = "@trouble";

/// The same trouble is told at most once in this time.
const COOLDOWN: Duration = Duration::from_secs(300);

/// Tells the trouble channel, whatever the hour. What goes wrong here is logged and makes no further trouble.
pub(crate) async fn tell<P: Ports>(
    ports: &P,
    site: &Site,
    client: &Client,
    trouble: &Alert,
    receive_count: u32,
    measurements: &mut Measurements,
) -> Result<Ended, Error> {
    let about = trouble.about.to_string();
    let Some(channel) = site.alert_channel() else {
        tracing::error!(about, text = trouble.text, "trouble, and no channel is named in `trouble`");
        return Ok(Ended::Finished);
    };
    if matches!(&trouble.about, AlertSubject::Channel(id) if id == channel.id.as_str()) {
        tracing::error!(about, text = trouble.text, "trouble with the trouble channel itself");
        return Ok(Ended::Finished);
    }
    let fingerprint = trouble.fingerprint().to_string();
    let key = CooldownKey { rule: RULE, source: &fingerprint };
    match cooldown::reserve(ports.state(), key, trouble.id, COOLDOWN, ports.clock().now()).await? {
        Reservation::Held { .. } => {}
        Reservation::Charged { .. } => return Ok(Ended::Finished),
        Reservation::Pending { .. } => return Ok(Ended::again(Some(SOON))),
    }
    let claim = ClaimKey { event: trouble.id, rule: RULE, action: 0, replay: None };
    let told = match claim_turn(ports, &claim).await? {
        Turn::Settled => Told::Before,
        Turn::Busy(after) => Told::Busy(after),
        Turn::Send(claim) => {
            let notification = notification(trouble, site);
            send(ports, client, channel, &notification, &claim, measurements).await
        }
    };
    match told {
        Told::Now => {
            cooldown::confirm(ports.state(), key, trouble.id, COOLDOWN, ports.clock().now()).await?;
        }
        Told::Failed { .. } if receive_count >= LAST_DELIVERY => {
            cooldown::give_back(ports.state(), key, trouble.id).await?;
        }
        Told::Before | Told::Busy(_) | Told::Failed { .. } => {}
    }
    Ok(told.ended())
}

fn notification<'a>(trouble: &'a Alert, site: &Site) -> Notification<'a> {
    let time = trouble.at.to_zoned(site.timezone().clone()).strftime("%Y-%m-%d %H:%M:%S");
    Notification {
        id: trouble.id.to_string(),
        title: format!("camhook: trouble with {}", trouble.about),
        text: format!("{}\n{time}", trouble.text),
        picture: None,
        subject: Subject::Alert(trouble),
    }
}
