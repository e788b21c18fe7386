//! Mail over SMTP.
//!
//! Source: RFC 5321 (SMTP), RFC 3207 (STARTTLS), RFC 8314 (TLS from the first byte), by the library `lettre`. The
//! name of the server is resolved by the guarded client, and the connection goes to the addresses that it checked.

use std::time::Duration;

use camhook_outbound::{Client, NotSent};
use camhook_ports::{Clock, Ports, Secrets};
use camhook_site::{BasicCredential, MailSecurity, MailServer, Network};
use lettre::Message;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, Mechanism};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use secrecy::ExposeSecret;

use crate::channel::one_line;
use crate::{NotTold, Notification, mail_message};

/// How long a server may take to say farewell.
const FAREWELL: Duration = Duration::from_secs(2);

/// Where to, from whom and for whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings<'a> {
    pub(crate) server: &'a MailServer,
    pub(crate) credential: Option<&'a BasicCredential>,
    pub(crate) from: &'a str,
    pub(crate) to: &'a [String],
}

pub(crate) async fn tell<P: Ports>(
    ports: &P,
    client: &Client,
    network: Network,
    settings: &Settings<'_>,
    notification: &Notification<'_>,
) -> Result<(), NotTold> {
    let now = ports.clock().now();
    let message = mail_message::write(settings.from, settings.to, notification, now)?;
    let credentials = match settings.credential {
        None => None,
        Some(credential) => {
            let password = ports.secrets().resolve(&credential.password).await?;
            Some(Credentials::new(credential.user.clone(), password.expose_secret().to_owned()))
        }
    };
    let mut connection = connect(client, network, settings).await?;
    let sent = submit(&mut connection, credentials.as_ref(), &message).await;
    // What became of the mail is known, and how the two part says nothing of it. After a refusal the connection is
    // closed without a farewell.
    if sent.is_ok() {
        drop(tokio::time::timeout(FAREWELL, connection.quit()).await);
    }
    sent
}

/// Connects to one of the server's checked addresses, and protects the connection as the channel says.
async fn connect(
    client: &Client,
    network: Network,
    settings: &Settings<'_>,
) -> Result<AsyncSmtpConnection, NotTold> {
    let MailServer { host, port, security } = settings.server;
    let not_connected = |reason: String| {
        NotTold::from(NotSent::NotConnected { origin: format!("{host}:{port}"), reason: one_line(&reason) })
    };
    let unusable = |error: Error| not_connected(error.to_string());
    let addresses = client.addresses(network, host, *port).await?;
    let hello = hello(settings.from);
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
        Err(_) => return Err(not_connected("the server does not greet".to_owned())),
    };
    if *security == MailSecurity::StartTls {
        if !connection.can_starttls() {
            drop(tokio::time::timeout(FAREWELL, connection.quit()).await);
            return Err(NotTold::Declined { reason: "it offers no STARTTLS".to_owned() });
        }
        connection
            .starttls(tls()?, &hello)
            .await
            .map_err(|error| refusal(&error).unwrap_or_else(|| unusable(error)))?;
    }
    Ok(connection)
}

/// What the client calls itself: the domain that it sends for, since a function has no name of its own.
fn hello(from: &str) -> ClientId {
    from.rsplit_once('@').map_or_else(ClientId::default, |(_, domain)| ClientId::Domain(domain.to_owned()))
}

async fn submit(
    connection: &mut AsyncSmtpConnection,
    credentials: Option<&Credentials>,
    message: &Message,
) -> Result<(), NotTold> {
    if let Some(credentials) = credentials {
        let mechanisms = [Mechanism::Plain, Mechanism::Login];
        connection.auth(&mechanisms, credentials).await.map_err(|error| {
            // Nothing was sent of the mail so far.
            let declined = || NotTold::Declined { reason: one_line(&error.to_string()) };
            refusal(&error).unwrap_or_else(declined)
        })?;
    }
    let sent = connection.send(message.envelope(), &message.formatted()).await;
    sent.map(drop).map_err(|error| {
        let broken = || NotTold::MailInDoubt { reason: one_line(&error.to_string()) };
        refusal(&error).unwrap_or_else(broken)
    })
}

/// What the server said, when it said that it does not want the mail.
fn refusal(error: &Error) -> Option<NotTold> {
    let status = u16::from(error.status()?);
    Some(NotTold::MailRefused { status, reason: one_line(&error.to_string()) })
}
