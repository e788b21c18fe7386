//! Any other device with an HTTP interface. Its requests are defined in camhook.toml.
//!
//! Path, header values and body are Jinja templates with the variables `relay` and `action`, and for a pulse or hold
//! `seconds` and `milliseconds`. Their values are ids of the configuration and numbers, never data of an event, and
//! contain no character with a meaning in an address, a header field or JSON. The host is not a template.

use std::time::Duration;

use bytes::Bytes;
use camhook_outbound::{Answer, Completeness, Request};
use camhook_ports::{Clock, Ports, SecretReference};
use camhook_site::{HttpDevice, HttpMethod, HttpRequest, TemplateUse};
use http::{HeaderName, Method};
use jiff::Timestamp;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use secrecy::ExposeSecret;
use url::Url;

use crate::driver::answer::{status_and_text, undocumented};
use crate::driver::client::{DeviceClient, incomplete};
use crate::{DeviceCommand, SendOutcome};

/// Executes a command.
pub(super) async fn execute<P: Ports>(
    client: &DeviceClient<'_, P>,
    relay: &str,
    device: &HttpDevice,
    command: DeviceCommand,
) -> Result<String, SendOutcome> {
    let Some((action, template)) = template(device, command) else {
        return Err(SendOutcome::NotExecuted("camhook.toml has no request for this action".to_owned()));
    };
    let values = values(relay, action, command);
    let url = url(&device.url, &render("path", &template.path, &values)?)?;
    let authentication = client.authentication(&device.login).await?;
    let mut request = Request::new(method(template.method), url).with_authentication(authentication);
    if let Some(body) = &template.body {
        request = request.with_body("application/json", Bytes::from(render("body", body, &values)?));
    }
    for (name, value) in &template.headers {
        request = with_header(client, request, name, value, &values).await?;
    }
    confirmed(&client.send_for_beginning(&request).await?, device, client.ports.clock().now())
}

/// The name of a command in templates, and its request.
fn template(device: &HttpDevice, command: DeviceCommand) -> Option<(&'static str, &HttpRequest)> {
    let (action, request) = match command {
        DeviceCommand::On { off_after: Some(_) } => ("pulse", &device.pulse),
        DeviceCommand::On { off_after: None } => ("on", &device.on),
        DeviceCommand::Off => ("off", &device.off),
        DeviceCommand::Toggle => ("toggle", &device.toggle),
    };
    request.as_ref().map(|request| (action, request))
}

fn values(relay: &str, action: &str, command: DeviceCommand) -> Value {
    match command {
        DeviceCommand::On { off_after: Some(off_after) } => context! {
            relay,
            action,
            seconds => seconds(off_after),
            milliseconds => u64::try_from(off_after.as_millis()).unwrap_or(u64::MAX),
        },
        DeviceCommand::On { off_after: None } | DeviceCommand::Off | DeviceCommand::Toggle => {
            context! { relay, action }
        }
    }
}

/// An integer if the time is whole: many devices reject `5.0`.
fn seconds(duration: Duration) -> Value {
    if duration.subsec_nanos() == 0 {
        return duration.as_secs().into();
    }
    duration.as_secs_f64().into()
}

fn render(part: &str, template: &str, values: &Value) -> Result<String, SendOutcome> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(TemplateUse::Request.fuel()));
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
        .render_str(template, values)
        .map_err(|error| SendOutcome::NotExecuted(format!("the template of `{part}` is invalid: {error}")))
}

/// The address of a rendered path. It never has another host, since the path has to begin with a slash.
fn url(device: &Url, path: &str) -> Result<Url, SendOutcome> {
    let unusable = || SendOutcome::NotExecuted("the template of `path` does not render to a path".to_owned());
    if !path.starts_with('/') {
        return Err(unusable());
    }
    let url =
        Url::parse(&format!("{}{path}", device.origin().ascii_serialization())).map_err(|_| unusable())?;
    if url.origin() == device.origin() { Ok(url) } else { Err(unusable()) }
}

async fn with_header<P: Ports>(
    client: &DeviceClient<'_, P>,
    request: Request,
    name: &str,
    value: &SecretReference,
    values: &Value,
) -> Result<Request, SendOutcome> {
    let value = match value {
        SecretReference::Literal(_) => {
            let template = client.secret(value).await?;
            render("headers", template.expose_secret(), values)?
        }
        SecretReference::Parameter(_) | SecretReference::Environment(_) => {
            client.secret(value).await?.expose_secret().to_owned()
        }
    };
    let unusable = |reason: String| SendOutcome::NotExecuted(reason);
    let name: HeaderName =
        name.parse().map_err(|_| unusable(format!("`{name}` is not a header field name")))?;
    request.with_header(name, &value).map_err(|error| unusable(error.to_string()))
}

fn method(method: HttpMethod) -> Method {
    match method {
        HttpMethod::Get => Method::GET,
        HttpMethod::Post => Method::POST,
        HttpMethod::Put => Method::PUT,
        HttpMethod::Patch => Method::PATCH,
        HttpMethod::Delete => Method::DELETE,
    }
}

/// Interprets an answer by the configuration: first `refused`, then `success`, which defaults to a status of 200 to 299.
/// Any other answer proves nothing. A status is known however much of the body arrived; a text has to be in the part that
/// did.
fn confirmed(answer: &Answer, device: &HttpDevice, now: Timestamp) -> Result<String, SendOutcome> {
    let body = String::from_utf8_lossy(&answer.body);
    if device.refused.as_ref().is_some_and(|refused| refused.matches(answer.status.as_u16(), &body)) {
        let reason = status_and_text(answer);
        return Err(match answer.retry_after(now) {
            Some(after) => SendOutcome::Deferred { reason, retry_after: Some(after) },
            None => SendOutcome::NotExecuted(reason),
        });
    }
    if device.success.matches(answer.status.as_u16(), &body) {
        return Ok(status_and_text(answer));
    }
    if answer.completeness == Completeness::Cut {
        return Err(incomplete(answer));
    }
    if answer.status.is_success() {
        let text = status_and_text(answer);
        return Err(SendOutcome::Unconfirmed(format!("the answer does not match `success`: {text}")));
    }
    Err(match undocumented(answer, "device") {
        SendOutcome::Unconfirmed(text) if answer.status.is_client_error() => {
            SendOutcome::Unconfirmed(format!(
                "{text}; add this answer to `success` if the device gives it after it has switched, and to `refused` \
                 if it has then certainly not"
            ))
        }
        outcome => outcome,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const PULSE: DeviceCommand = DeviceCommand::On { off_after: Some(Duration::from_millis(1500)) };

    #[test]
    fn values_have_no_special_character() {
        let is_plain = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.');
        for command in
            [PULSE, DeviceCommand::On { off_after: None }, DeviceCommand::Off, DeviceCommand::Toggle]
        {
            let values = values("gate-1", "pulse", command);
            for name in values.try_iter().unwrap() {
                let value = values.get_item(&name).unwrap().to_string();
                assert!(!value.is_empty() && value.bytes().all(is_plain), "{name}: {value}");
            }
        }
    }

    #[test]
    fn templates_have_the_relay_the_action_and_the_time() {
        let rendered = |template, command| render("path", template, &values("gate", "pulse", command));
        let template = "/{{ relay }}/{{ action }}?s={{ seconds }}&ms={{ milliseconds }}";
        assert_eq!(rendered(template, PULSE).unwrap(), "/gate/pulse?s=1.5&ms=1500");
        let whole = DeviceCommand::On { off_after: Some(Duration::from_secs(5)) };
        assert_eq!(rendered("{\"s\": {{ seconds }}}", whole).unwrap(), "{\"s\": 5}");
        for template in ["{{ seconds }}", "{{ plate }}", "{{", "{% for a in range(100000) %}a{% endfor %}"] {
            assert!(
                matches!(rendered(template, DeviceCommand::Off), Err(SendOutcome::NotExecuted(_))),
                "{template}"
            );
        }
    }

    #[test]
    fn no_path_leads_to_another_host() {
        let device: Url = "http://192.168.85.151:8080".parse().unwrap();
        for (path, expected) in [
            ("/on?a=b", Some("http://192.168.85.151:8080/on?a=b")),
            ("//example.org/on", Some("http://192.168.85.151:8080//example.org/on")),
            ("/@example.org", Some("http://192.168.85.151:8080/@example.org")),
            ("@example.org/on", None),
            (".example.org/on", None),
            ("", None),
        ] {
            assert_eq!(url(&device, path).ok().as_ref().map(Url::as_str), expected, "{path}");
        }
    }
}
