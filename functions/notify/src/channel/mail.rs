//! Mail over SMTP.
//!
//! Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 8314 (TLS from the first byte), by the library `lettre`. The
//! name of the server is resolved by the guarded client, and the connection goes to the addresses that it checked.

use std::time::Duration;

use camhook_outbound::{Client, NotSent};
use camhook_ports::{Clock, Ports};
use camhook_site::{Mail, MailSecurity, MailServer, Network};
use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail as MailFrom, Rcpt};
use lettre::transport::smtp::extension::{ClientId, MailBodyParameter, MailParameter};
use secrecy::ExposeSecret;

use super::accepted::{Accepted, richest_accepted};
use super::exchange::{Transport, one_line};
use super::mail_message::{self, Pictures};
use crate::error::DeliveryError;
use crate::notification::Notification;

/// How long a server may take to answer QUIT.
const QUIT_LIMIT: Duration = Duration::from_secs(2);

pub(super) async fn deliver<P: Ports>(
    transport: &Transport<'_, P>,
    settings: &Mail,
    notification: &Notification<'_>,
) -> Result<Accepted, DeliveryError> {
    let now = transport.ports.clock().now();
    let credentials = match &settings.credential {
        None => None,
        Some(credential) => {
            let password = transport.secret(&credential.password).await?;
            Some(Credentials::new(credential.user.clone(), password.expose_secret().to_owned()))
        }
    };
    let mut forms = Vec::new();
    if notification.only_picture().is_some() {
        forms.push(Pictures::Inline);
    }
    forms.push(Pictures::Link);
    richest_accepted(forms, async |pictures| {
        let message = mail_message::write(&settings.from, &settings.to, notification, pictures, now)?;
        let mut connection = connect(transport.client, transport.network, settings).await?;
        let sent = submit(&mut connection, credentials.as_ref(), &message).await;
        // The outcome is known, whatever QUIT gives.
        drop(tokio::time::timeout(QUIT_LIMIT, connection.quit()).await);
        sent
    })
    .await
}

/// Connects to one of the server's checked addresses, and protects the connection as the channel says.
async fn connect(
    client: &Client,
    network: Network,
    settings: &Mail,
) -> Result<AsyncSmtpConnection, DeliveryError> {
    let MailServer { host, port, security } = &settings.server;
    let not_connected = |reason: String| {
        DeliveryError::from(NotSent::NotConnected {
            origin: format!("{host}:{port}"),
            reason: one_line(&reason),
        })
    };
    let unusable = |error: Error| not_connected(error.to_string());
    let addresses = client.addresses(network, host, *port).await?;
    let hello = hello(&settings.from);
    let tls = || TlsParameters::new(host.clone()).map_err(unusable);
    let from_the_first_byte = match security {
        MailSecurity::Tls => Some(tls()?),
        MailSecurity::StartTls | MailSecurity::None => None,
    };
    let timeout = client.limits().connect;
    let connecting = AsyncSmtpConnection::connect_tokio1(
        addresses.as_slice(),
        Some(timeout),
        &hello,
        from_the_first_byte,
        None,
    );
    let mut connection = match tokio::time::timeout(client.limits().total, connecting).await {
        Ok(connected) => connected.map_err(|error| refusal(&error).unwrap_or_else(|| unusable(error)))?,
        Err(_) => return Err(not_connected("the server sent no greeting".to_owned())),
    };
    if *security == MailSecurity::StartTls {
        if !connection.can_starttls() {
            drop(tokio::time::timeout(QUIT_LIMIT, connection.quit()).await);
            return Err(DeliveryError::Declined { reason: "the server offers no STARTTLS".to_owned() });
        }
        connection
            .starttls(tls()?, &hello)
            .await
            .map_err(|error| refusal(&error).unwrap_or_else(|| unusable(error)))?;
    }
    Ok(connection)
}

/// The client's name in EHLO: the sender's domain, since a function has no name of its own.
fn hello(from: &str) -> ClientId {
    from.rsplit_once('@').map_or_else(ClientId::default, |(_, domain)| ClientId::Domain(domain.to_owned()))
}

async fn submit(
    connection: &mut AsyncSmtpConnection,
    credentials: Option<&Credentials>,
    message: &Message,
) -> Result<Accepted, DeliveryError> {
    if let Some(credentials) = credentials {
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        connection.auth(&mechanisms, credentials).await.map_err(|error| {
            // Nothing was sent of the mail so far.
            let declined = || DeliveryError::Declined { reason: one_line(&error.to_string()) };
            refusal(&error).unwrap_or_else(declined)
        })?;
    }
    send(connection, message).await
}

/// Sends the mail to each recipient that the server accepts: one that it refuses costs no other the mail.
async fn send(connection: &mut AsyncSmtpConnection, message: &Message) -> Result<Accepted, DeliveryError> {
    let refused_or_broken = |error: Error| {
        let broken = || DeliveryError::MailInDoubt { reason: one_line(&error.to_string()) };
        refusal(&error).unwrap_or_else(broken)
    };
    let (envelope, content) = (message.envelope(), message.formatted());
    let parameters = if content.is_ascii() {
        Vec::new()
    } else {
        vec![MailParameter::Body(MailBodyParameter::EightBitMime)]
    };
    connection
        .command(MailFrom::new(envelope.from().cloned(), parameters))
        .await
        .map_err(refused_or_broken)?;

    let mut refused = Vec::new();
    for recipient in envelope.to() {
        let Err(error) = connection.command(Rcpt::new(recipient.clone(), Vec::new())).await else { continue };
        let Some(status) = error.status().map(u16::from) else { return Err(refused_or_broken(error)) };
        refused.push((status, format!("{recipient}: {error}")));
    }
    let reasons: Vec<&str> = refused.iter().map(|(_, reason)| reason.as_str()).collect();
    let reason = one_line(&reasons.join("; "));
    // A temporary refusal has the smaller code.
    let status = refused.iter().map(|(status, _)| *status).min();
    if let Some(status) = status
        && refused.len() == envelope.to().len()
    {
        return Err(DeliveryError::RecipientsRefused { status, reason });
    }

    connection.command(Data).await.map_err(refused_or_broken)?;
    connection.message(&content).await.map_err(refused_or_broken)?;
    if refused.is_empty() {
        return Ok(Accepted::default());
    }
    Ok(Accepted::in_part(format!("the mail server refused recipients: {reason}")))
}

/// The server's refusal, where the error is one.
fn refusal(error: &Error) -> Option<DeliveryError> {
    let status = u16::from(error.status()?);
    Some(DeliveryError::MailRefused { status, reason: one_line(&error.to_string()) })
}
