//! The values of a whole camhook.toml arrive where they belong.

#![expect(clippy::unwrap_used, reason = "the helpers of a test fail as it does")]

use std::time::Duration;

use camhook_event::{Kind, Text, Vendor};
use camhook_site::{
    Action, ChannelKind, ClockTrust, Condition, Dialect, Driver, Modes, Network, Ntfy, NtfyCredential,
    NtfyPriority, RelayAction, Retention, ShellyGen2, Test, Token, Tracking, Urgency, Via, Webhook, read,
};

fn whole() -> camhook_site::Site {
    let (site, warnings) = read(include_str!("cases/a-whole-site-is-read.toml"), "camhook.toml").unwrap();
    assert!(warnings.is_empty(), "{warnings:?}");
    site
}

#[test]
fn sources_have_their_settings_and_the_defaults_of_their_vendor() {
    let site = whole();
    assert_eq!(site.timezone().iana_name(), Some("Europe/Berlin"));
    let ids: Vec<&str> = site.sources().map(|source| source.id.as_str()).collect();
    assert_eq!(ids, ["backcam", "drivecam", "gate", "nvr", "vms"]);
    assert_eq!(site.sources_of(Vendor::Instar).count(), 2);
    assert!(site.source("nowhere").is_none());

    let gate = site.source("gate").unwrap();
    assert_eq!((gate.vendor, gate.area.as_ref().map(Text::as_str)), (Vendor::Viewtron, Some("yard")));
    assert_eq!(gate.offline_after, Some(Duration::from_secs(300)));
    assert_eq!(gate.tracking, Tracking::Every(Duration::from_secs(1)));
    assert_eq!((gate.faces, gate.overview), (Retention::Drop, Retention::Keep));
    assert_eq!((gate.clock, gate.clock_tolerance), (ClockTrust::Untrusted, Duration::from_secs(10)));
    assert_eq!(gate.timezone.iana_name(), Some("Europe/Lisbon"));
    let [Token::Sha256(digest)] = gate.auth.tokens.as_slice() else { panic!("{:?}", gate.auth) };
    assert_eq!(digest[..4], [0x9f, 0x86, 0xd0, 0x81]);
    let allowed: Vec<String> = gate.auth.allow.iter().map(ToString::to_string).collect();
    assert_eq!(allowed, ["203.0.113.0/24", "2001:db8::1/128"]);

    let nvr = site.source("nvr").unwrap();
    assert_eq!(nvr.auth.basic.len(), 2);
    assert_eq!(nvr.auth.basic[1].password.to_string(), "ssm:/camhook/sources/nvr-old");
    assert_eq!((nvr.tracking, nvr.clock_tolerance), (Tracking::Drop, Duration::from_secs(15)));
    assert_eq!(nvr.timezone.iana_name(), Some("Europe/Berlin"));
    assert_eq!(nvr.offline_after, None);

    let vms = site.source("vms").unwrap();
    assert_eq!((vms.clock, vms.auth.hmac.len()), (ClockTrust::Trusted, 2));
    let drivecam = site.source("drivecam").unwrap();
    assert_eq!(drivecam.dialect, Some(Dialect::CameraV2));
    assert_eq!(drivecam.parameters["cam"], "camera");
    assert_eq!(site.source("backcam").unwrap().topic.as_ref().unwrap().as_str(), "cameras/115");
}

#[test]
fn channels_and_relays_have_their_settings() {
    let site = whole();
    assert_eq!(site.alert_channel().unwrap().id.as_str(), "family");
    let family = site.channel("family").unwrap();
    let ChannelKind::Ntfy(Ntfy { url, credential, priority, tags }) = &family.kind else {
        panic!("{family:?}")
    };
    assert_eq!(url.as_str(), "https://ntfy.example.org/family");
    assert!(
        matches!(credential, Some(NtfyCredential::Token(token)) if token.to_string() == "ssm:/camhook/channels/ntfy")
    );
    assert_eq!((*priority, tags.as_slice()), (Some(NtfyPriority::High), &["rotating_light".to_owned()][..]));
    assert_eq!((family.network, family.quiet.len()), (Network::Public, 1));
    let friday_night = "2026-11-20T22:00:00Z".parse().unwrap();
    let thursday_night = "2026-11-19T22:00:00Z".parse().unwrap();
    assert!(family.quiet[0].contains(thursday_night, site.timezone()));
    assert!(!family.quiet[0].contains(friday_night, site.timezone()));
    let automation = site.channel("automation").unwrap();
    assert!(matches!(&automation.kind, ChannelKind::Webhook(Webhook { secret: Some(_), .. })));

    let light = site.relay("light").unwrap();
    assert_eq!((light.network, light.via), (Network::Lan, Via::Agent));
    assert_eq!(light.min_interval, Duration::from_secs(2));
    let Driver::ShellyGen2(ShellyGen2 { url, password, switch }) = &light.driver else { panic!("{light:?}") };
    assert_eq!((url.as_str(), *switch), ("http://192.168.85.151/", 1));
    assert_eq!(password.as_ref().unwrap().to_string(), "ssm:/camhook/agent/light");
}

#[test]
fn rules_have_their_actions_and_limits() {
    let site = whole();
    let ids: Vec<&str> = site.rules().iter().map(|rule| rule.id.as_str()).collect();
    assert_eq!(ids, ["residents", "rule-2", "rule-3", "rule-4"]);
    let residents = site.rule("residents").unwrap();
    assert!(residents.moves_relays());
    assert_eq!(residents.cooldown, Some(Duration::from_secs(30)));
    assert_eq!(residents.coalesce, None);
    assert_eq!((residents.urgency, residents.max_age), (Urgency::Urgent, Duration::from_secs(20)));
    assert_eq!(residents.during.len(), 2);
    let [pulse, notify] = residents.then.as_slice() else { panic!("{:?}", residents.then) };
    let five_seconds = RelayAction::Pulse { duration: Duration::from_secs(5) };
    assert!(
        matches!(pulse, Action::Relay { relay, action } if relay.as_str() == "light" && *action == five_seconds)
    );
    let title = Some("{{ person }} at the gate".to_owned());
    assert!(matches!(notify, Action::Notify { title: found, body: None, .. } if *found == title));
    let Condition::All(all) = &residents.when else { panic!("{:?}", residents.when) };
    assert!(
        all.iter().any(|test| matches!(test, Condition::Test(Test::Kind(kinds)) if *kinds == [Kind::Plate]))
    );

    let rule = site.rule("rule-2").unwrap();
    assert!(!rule.moves_relays());
    assert_eq!((rule.cooldown, rule.coalesce, rule.max_age), (None, None, Duration::from_secs(30)));
    let half_a_second = RelayAction::Hold { duration: Duration::from_millis(500) };
    let hold = &site.rule("rule-3").unwrap().then[0];
    assert!(matches!(hold, Action::Relay { action, .. } if *action == half_a_second));
}

#[test]
fn modes_of_areas_that_nobody_set_are_home() {
    let modes: Modes = [("yard", "away")].into_iter().collect();
    assert_eq!((modes.get("yard"), modes.get("house")), ("away", "home"));
}

#[test]
fn nothing_that_can_be_printed_shows_a_secret_or_a_plate() {
    let (site, _) = read(include_str!("cases/secrets-in-clear-text.toml"), "camhook.toml").unwrap();
    let printed = format!("{site:?}");
    for secret in ["local-gate-token-00000", "\"secret\"", "tk_secret"] {
        assert!(!printed.contains(secret), "{secret}");
    }
    assert!(!format!("{:?}", whole()).contains("IB36NL"));
}
