//! The same thing in the forms that firmware may give it: each becomes the same event, or is named in the reason of the
//! quarantine.

#[cfg(test)]
#[expect(dead_code, reason = "other tests describe drafts, too")]
mod support;

use std::sync::Arc;

use bytes::Bytes;
use camhook_event::{Direction, PlateList, State, Text};
use camhook_ingest::{Adapter, Draft, Headers, Method, Parsed, Parts, Remainder, Request};
use camhook_viewtron::Viewtron;

const DEVICE: &str = "<deviceInfo><deviceName>Recorder</deviceName><mac>02:00:00:00:00:05</mac></deviceInfo>";

/// What a post becomes: its events, and why it is in the quarantine.
#[derive(Debug)]
struct Read {
    events: Vec<String>,
    reason: Option<String>,
}

#[cfg(test)]
fn read_with(body: &str, settings: &str) -> Read {
    let request = support::request(body.as_bytes(), support::source(settings), &[]);
    outcome(Viewtron.parse(&request))
}

#[cfg(test)]
fn outcome(parsed: Result<Parsed<'_>, camhook_ingest::Malformed>) -> Read {
    let (events, reason) = match parsed {
        Ok(Parsed::Events(events)) => (events, None),
        Ok(Parsed::Partly { events, remainder: Remainder::Quarantine(malformed) }) => {
            (events, Some(malformed.detail))
        }
        Ok(Parsed::Partly { events, remainder: Remainder::Notice(notice) }) => (events, Some(notice.detail)),
        Ok(Parsed::Heartbeat) => return Read { events: vec!["heartbeat".to_owned()], reason: None },
        Ok(Parsed::Ignored(ignored)) => {
            return Read { events: vec![format!("ignored: {}", ignored.name())], reason: None };
        }
        Err(malformed) => (Vec::new(), Some(malformed.detail)),
    };
    Read { events: events.iter().map(describe).collect(), reason }
}

/// Kind, camera, state, and what tells who or what it is.
fn describe(draft: &Draft<'_>) -> String {
    let mut parts = vec![draft.kind.to_string()];
    parts.push(draft.camera.as_ref().map_or("-".to_owned(), |camera| camera.id.to_string()));
    match draft.state {
        Some(State::Start) => parts.push("start".to_owned()),
        Some(State::Stop) => parts.push("stop".to_owned()),
        None => {}
    }
    if let Some(name) = &draft.name {
        parts.push(format!("“{name}”"));
    }
    if let Some(plate) = &draft.plate {
        parts.push(format!("{} {:?}", plate.text, plate.list));
    }
    if let Some(face) = &draft.face {
        parts.push(format!("{:?} {:?} {:?}", face.name.as_ref().map(Text::as_str), face.matched, face.list));
    }
    let roles: Vec<String> = draft.images.iter().map(|image| format!("{:?}", image.role)).collect();
    if !roles.is_empty() {
        parts.push(roles.join("+"));
    }
    parts.join(" ")
}

/// Checks what the content of a `config` becomes, and the names in the reason of its quarantine.
#[cfg(test)]
fn check(content: &str, events: &[&str], names: &[&str]) {
    check_with("tracking = \"drop\"", content, events, names);
}

#[cfg(test)]
fn check_with(settings: &str, content: &str, events: &[&str], names: &[&str]) {
    let body = if content.starts_with("<config") { content.to_owned() } else { config(content) };
    let read = read_with(&body, settings);
    assert_eq!(read.events, events, "{content}: {:?}", read.reason);
    let reason = read.reason.unwrap_or_default();
    assert_eq!(reason.is_empty(), names.is_empty(), "{content}: {reason}");
    for name in names {
        assert!(reason.contains(&format!("`{name}`")), "{content}: {reason}");
    }
}

fn config(content: &str) -> String {
    format!("<config version=\"1.7\">{content}</config>")
}

#[test]
fn an_alarm_beside_what_was_understood_is_an_event_or_named() {
    let motion = "<alarmStatusInfo><motionAlarm id=\"1\">false</motionAlarm></alarmStatusInfo>";
    let track = "<traject><item><targetId>4</targetId></item></traject>";
    let avd = "<smartType>AVD</smartType>";
    for (content, events, names) in [
        (
            format!("{motion}<fireAlarm id=\"1\">true</fireAlarm>"),
            &["motion 1 stop", "fire 1 start"][..],
            &[][..],
        ),
        (
            format!("{motion}<state><fireAlarm id=\"1\">true</fireAlarm></state>"),
            &["motion 1 stop", "fire 1 start"],
            &[],
        ),
        (
            format!("{motion}<camera id=\"5\"><fireAlarm>true</fireAlarm></camera><camera><channelId>6</channelId><fireAlarm>true</fireAlarm></camera>"),
            &["motion 1 stop", "fire 5 start", "fire 6 start"],
            &[],
        ),
        (
            "<smartType>AVD</smartType><listInfo><item channelId=\"5\"><fireAlarm>true</fireAlarm></item></listInfo>".to_owned(),
            &["fire 5 start", "tamper 5"],
            &[],
        ),
        (format!("{motion}<fire>1</fire>"), &["motion 1 stop"], &["fire"]),
        (format!("{motion}<fire><state>start</state></fire>"), &["motion 1 stop"], &["fire"]),
        (format!("{motion}<burglar>true</burglar>"), &["motion 1 stop"], &["burglar"]),
        (format!("{motion}<levitationAlarm>on</levitationAlarm>"), &["motion 1 stop", "other 1 start"], &[]),
        (format!("{motion}<fireAlarm/>"), &["motion 1 stop"], &[]),
        (format!("{motion}<sensor fire=\"start\"/>"), &["motion 1 stop"], &["fire"]),
        (format!("{motion}<firmware>5.1</firmware>"), &["motion 1 stop"], &[]),
        (format!("{avd}<fireAlarm id=\"2\" active=\"true\"/>"), &["fire 2 start", "tamper 1"], &[]),
        (format!("{avd}<fire status=\"start\"/>"), &["tamper 1"], &["fire"]),
        (
            format!(
                "{avd}<listInfo><item><eventId>3</eventId><fireAlarm id=\"2\">true</fireAlarm></item></listInfo>"
            ),
            &["fire 2 start", "tamper 1"],
            &[],
        ),
        (
            format!(
                "{avd}<listInfo><item><rect><fireAlarm id=\"2\">true</fireAlarm></rect></item></listInfo>"
            ),
            &["fire 2 start", "tamper 1"],
            &[],
        ),
        (format!("{avd}<listInfo><item><fire>1</fire></item></listInfo>"), &["tamper 1"], &["fire"]),
        (format!("{avd}<matchResult>true</matchResult><status>SMART_START</status>"), &["tamper 1"], &[]),
        (format!("{track}<fireAlarm id=\"1\">true</fireAlarm>"), &["fire 1 start"], &[]),
        (format!("{track}<fire>1</fire>"), &[], &["fire"]),
        (format!("{track}<levitation>true</levitation>"), &[], &["levitation"]),
        // Positions come ten times a second, and firmware adds values.
        (format!("{track}<levitation>7</levitation>"), &["ignored: tracking"], &[]),
        (format!("{track}<messageType>alarmStatus</messageType>"), &[], &["alarmStatus"]),
        ("<traject><fireAlarm id=\"1\">true</fireAlarm></traject>".to_owned(), &["fire 1 start"], &[]),
        (format!("{track}<subscribeOption>FEATURE_RESULT</subscribeOption>"), &["ignored: tracking"], &[]),
        (format!("{track}<messageType>trajectory</messageType>"), &["ignored: tracking"], &[]),
    ] {
        check(&content, events, names);
    }
    check_with("tracking = \"1s\"", &format!("{track}<fire>1</fire>"), &["tracking 1"], &["fire"]);
}

#[test]
fn text_that_is_the_value_of_nothing_is_named() {
    let alarm = "<fireAlarm id='1'>true</fireAlarm>";
    let escaped = "&lt;fireAlarm id='1'&gt;true&lt;/fireAlarm&gt;";
    for (content, events, names) in [
        (
            format!("<alarmStatusInfo><![CDATA[{alarm}]]></alarmStatusInfo>"),
            &[][..],
            &["alarmStatusInfo", "fireAlarm"][..],
        ),
        (format!("<alarmStatusInfo>{escaped}</alarmStatusInfo>"), &[], &["alarmStatusInfo", "fireAlarm"]),
        ("<alarmStatusInfo>motionAlarm=true</alarmStatusInfo>".to_owned(), &[], &["motionAlarm"]),
        ("<alarmStatusInfo>1</alarmStatusInfo>".to_owned(), &[], &["alarmStatusInfo"]),
        (
            format!("{DEVICE}<![CDATA[<alarmStatusInfo>{alarm}</alarmStatusInfo>]]>"),
            &[],
            &["config", "alarmStatusInfo"],
        ),
        (
            "<deviceInfo>fire<mac>02:00:00:00:00:05</mac></deviceInfo>".to_owned(),
            &[],
            &["deviceInfo", "fire"],
        ),
        (
            "<smartType>PEA</smartType><perimeter>fireAlarm</perimeter>".to_owned(),
            &["perimeter 1"],
            &["perimeter", "fireAlarm"],
        ),
        (
            "<smartType>PEA</smartType><listInfo><item>fireAlarm<targetId>3</targetId></item></listInfo>"
                .to_owned(),
            &["perimeter 1"],
            &["item", "fireAlarm"],
        ),
        ("<traject>fireAlarm</traject>".to_owned(), &[], &["traject", "fireAlarm"]),
        (
            "<messageType>keepalive<fireAlarm id=\"1\">true</fireAlarm></messageType>".to_owned(),
            &["fire 1 start"],
            &[],
        ),
    ] {
        check(&content, events, names);
    }
    check("<alarmStatusInfo>...</alarmStatusInfo>", &["ignored: no_alarm"], &[]);
    let heartbeat = config(DEVICE);
    for (behind, names) in [
        ("{\"EventType\":\"FireDetect\"}", &["EventType", "FireDetect"][..]),
        ("<![CDATA[fireAlarm]]>", &["fireAlarm"]),
        ("<!-- --> fireAlarm=1", &["fireAlarm"]),
    ] {
        check(&format!("{heartbeat}{behind}"), &[], names);
        check(&format!("{heartbeat}{behind}{heartbeat}"), &[], names);
    }
    check(&format!("{heartbeat}\r\n\0\0<!-- fire -->\n"), &["heartbeat"], &[]);
}

#[test]
fn the_block_of_levels_may_hold_a_level_of_its_own() {
    for (block, events, names) in [
        (
            "<alarmStatusInfo type=\"fireAlarm\" id=\"2\">true</alarmStatusInfo>",
            &["fire 2 start"][..],
            &[][..],
        ),
        ("<alarmStatusInfo name=\"fire\" state=\"start\"/>", &["fire 1 start"], &[]),
        ("<alarmStatusInfo status=\"1\" name=\"motion\" channel=\"4\"/>", &["motion 4 start"], &[]),
        (
            "<alarmStatusInfo type=\"fireAlarm\"><item id=\"3\">true</item></alarmStatusInfo>",
            &["fire 3 start"],
            &[],
        ),
        ("<alarmStatusInfo type=\"fireAlarm\" id=\"2\"/>", &[], &["fireAlarm"]),
        ("<alarmStatusInfo status=\"1\"/>", &[], &["status"]),
        ("<alarmStatusInfo type=\"list\" count=\"0\"/>", &["ignored: no_alarm"], &[]),
    ] {
        check(block, events, names);
    }
}

#[test]
fn a_heartbeat_with_an_alarm_inside_is_none() {
    for (inside, name) in [
        ("<fire>1</fire>", "fire"),
        ("<motion>start</motion>", "motion"),
        ("<sensorIn id=\"2\">active</sensorIn>", "sensorIn"),
        ("<PEA>SMART_START</PEA>", "PEA"),
        ("<state>active</state>", "state"),
        ("<x id=\"2\" motion=\"start\"/>", "motion"),
    ] {
        check(&format!("<deviceInfo><deviceName>x</deviceName>{inside}</deviceInfo>"), &[], &[name]);
        let camera = format!("<DeviceInfo><DeviceName>x</DeviceName>{inside}</DeviceInfo>");
        let read = read_with(&camera, "");
        assert!(read.reason.is_some_and(|reason| reason.contains(name)), "{camera}: {:?}", read.events);
    }
    check(&format!("<config version=\"2.0.0\" motion=\"start\">{DEVICE}</config>"), &[], &["motion"]);
    check("<deviceInfo><deviceName motion=\"start\">x</deviceName></deviceInfo>", &[], &["motion"]);
    check(
        "<deviceInfo><deviceName>Fire</deviceName><firmware>5</firmware></deviceInfo>",
        &["heartbeat"],
        &[],
    );
}

#[test]
fn each_smart_event_of_a_document_is_one() {
    let event = |word: &str, rest: &str| format!("<event><smartType>{word}</smartType>{rest}</event>");
    let picture = "<sourceDataInfo><sourceBase64Data>AAAA</sourceBase64Data></sourceDataInfo>";
    for (content, events) in [
        ("<smartType>fire</smartType><smartType>PEA</smartType>".to_owned(), &["fire 1", "perimeter 1"][..]),
        (
            format!(
                "<eventList>{}{}</eventList>",
                event("regionIntrusion", picture),
                event("fire", "<channelId>5</channelId>")
            ),
            &["intrusion 1 Overview", "fire 5"],
        ),
        (
            format!(
                "<eventList>{}{}</eventList>",
                event("fire", "<channelId>5</channelId>"),
                event("fire", "<channelId>6</channelId>")
            ),
            &["fire 5", "fire 6"],
        ),
        (
            format!(
                "<eventList><event>{picture}<smartType>fire</smartType></event><event>{picture}<smartType>AVD</smartType></event></eventList>"
            ),
            &["fire 1 Overview", "tamper 1 Overview"],
        ),
        (
            "<eventList><item><smartType>fire</smartType><targetBase64Data>AAAA</targetBase64Data></item>\
             <item><smartType>AVD</smartType><targetBase64Data>AAAA</targetBase64Data></item></eventList>"
                .to_owned(),
            &["fire 1 Target", "tamper 1 Target"],
        ),
        // The word of one event, written twice or in a header of its own.
        (
            format!("<smartType>fire</smartType><x><smartType>FIRE</smartType></x>{picture}"),
            &["fire 1 Overview"],
        ),
        (format!("<header><smartType>fire</smartType></header>{picture}"), &["fire 1 Overview"]),
    ] {
        check(&content, events, &[]);
    }
    let many =
        config(&(0..2_000).map(|number| format!("<smartType>w{number}</smartType>")).collect::<String>());
    let read = read_with(&many, "");
    assert_eq!(read.events.len(), 64);
    assert!(read.reason.is_some());
}

#[test]
fn the_count_of_a_text_is_none_of_its_value() {
    let post = |item: &str| format!("<smartType>VEHICE</smartType><listInfo>{item}</listInfo>");
    let crop = "<targetImageData><targetBase64Data>AAAA</targetBase64Data></targetImageData>";
    for (items, events) in [
        (
            "<item><image>1</image><plateNumber type=\"string\" count=\"7\"/></item>".to_owned(),
            &["plate 1"][..],
        ),
        ("<item><image>1</image><plateNumber count=\"7\"/></item>".to_owned(), &["plate 1"]),
        (
            format!(
                "<item><image>0</image><plateNumber type=\"string\" count=\"0\"/>{crop}</item>\
                 <item><image>1</image><plateNumber>QX11ABC</plateNumber><vehicleListType count=\"1\"/></item>"
            ),
            &["plate 1 QX11ABC Some(Unlisted) Overview"],
        ),
        (
            format!(
                "<item><image>0</image><plateNumber>0</plateNumber>{crop}</item><item><image>1</image><plateNumber>QX11ABC</plateNumber></item>"
            ),
            &["plate 1 QX11ABC Some(Unlisted) Overview"],
        ),
    ] {
        check(&post(&items), events, &[]);
    }
}

#[test]
fn a_plate_and_its_list_are_found_wherever_they_stand() {
    let crop = "<targetImageData><targetBase64Data>AAAA</targetBase64Data></targetImageData>";
    let recorder = |item: &str| {
        format!(
            "<smartType>vehicle</smartType><licensePlateListInfo><item>{item}</item></licensePlateListInfo>"
        )
    };
    let camera = |list: &str| format!("<smartType>VEHICE</smartType><listInfo>{list}</listInfo>");
    for (content, event) in [
        (recorder("<licensePlateNumber>QX11ABC</licensePlateNumber>"), "plate 1 QX11ABC Some(Unlisted)"),
        (
            recorder("<licensePlateAttribute><plateNumber>QX11ABC</plateNumber></licensePlateAttribute>"),
            "plate 1 QX11ABC Some(Unlisted)",
        ),
        (
            recorder("<licensePlateAttribute licensePlateNumber=\"QX11ABC\"/>"),
            "plate 1 QX11ABC Some(Unlisted)",
        ),
        (
            recorder("<licensePlateNumber>QX11ABC</licensePlateNumber><licensePlateMatchInfo><vehicleListType>blackList</vehicleListType></licensePlateMatchInfo>"),
            "plate 1 QX11ABC Some(Deny)",
        ),
        (
            recorder("<licensePlateAttribute><licensePlateNumber>QX11ABC</licensePlateNumber></licensePlateAttribute><groupName>blackList</groupName>"),
            "plate 1 QX11ABC None",
        ),
        (
            recorder("<licensePlateNumber>QX11ABC</licensePlateNumber><licensePlateMatchInfo><groupName>blackList</groupName></licensePlateMatchInfo>"),
            "plate 1 QX11ABC Some(Deny)",
        ),
        (
            camera("<item><image>1</image><licensePlateNumber>QX11ABC</licensePlateNumber><vehicleListType>whiteList</vehicleListType></item>"),
            "plate 1 QX11ABC Some(Allow)",
        ),
        (
            camera("<image>1</image><plateNumber>QX11ABC</plateNumber><vehicleListType>blackList</vehicleListType>"),
            "plate 1 QX11ABC Some(Deny)",
        ),
        (
            camera(&format!("<image>1</image><plateNumber>QX11ABC</plateNumber>{crop}")),
            "plate 1 QX11ABC Some(Unlisted) Plate",
        ),
        (
            "<smartType>VEHICE</smartType><plateNumber>QX11ABC</plateNumber><vehicleListType>blackList</vehicleListType>".to_owned(),
            "plate 1 QX11ABC Some(Deny)",
        ),
        (
            format!("<smartType>VEHICE</smartType><plateNumber>QX11ABC</plateNumber><listInfo><item>{crop}</item></listInfo>"),
            "plate 1 QX11ABC Some(Unlisted) Plate",
        ),
        (
            camera("<item image=\"1\" plateNumber=\"QX11ABC\" vehicleListType=\"blackList\"/>"),
            "plate 1 QX11ABC Some(Deny)",
        ),
        (
            camera("<item><image>1</image><plateInfo number=\"1\"><plateNumber>QX11ABC</plateNumber></plateInfo></item>"),
            "plate 1 QX11ABC Some(Unlisted)",
        ),
    ] {
        check(&content, &[event], &[]);
    }
    // The number of a list's entries is no plate.
    let counted = "<smartType>vehicle</smartType><licensePlateListInfo><count>1</count><item><licensePlateNumber>QX11ABC</licensePlateNumber></item></licensePlateListInfo>";
    check(counted, &["plate 1 QX11ABC Some(Unlisted)"], &[]);
}

#[test]
fn a_plate_that_contradicts_itself_opens_no_gate() {
    let camera = |item: &str| {
        format!("<smartType>VEHICE</smartType><listInfo><item><image>1</image>{item}</item></listInfo>")
    };
    let recorder = |item: &str| {
        format!(
            "<smartType>vehicle</smartType><licensePlateListInfo><item><licensePlateNumber>QX11ABC</licensePlateNumber>{item}</item></licensePlateListInfo>"
        )
    };
    let plate = "<plateNumber>QX11ABC</plateNumber>";
    let allow = "<vehicleListType>whiteList</vehicleListType>";
    for (content, event) in [
        (camera(&format!("{plate}{plate}{allow}{allow}")), "plate 1 QX11ABC Some(Allow)"),
        (camera(&format!("{plate}{allow}<listType>WHITELIST</listType>")), "plate 1 QX11ABC Some(Allow)"),
        (camera(&format!("{plate}<plateText>qx11 abc</plateText>{allow}")), "plate 1 QX11ABC Some(Allow)"),
        (camera(&format!("{plate}{allow}<listType>visitors</listType>")), "plate 1 QX11ABC None"),
        (camera(&format!("{plate}{allow}<listType>temporaryList</listType>")), "plate 1 QX11ABC None"),
        (camera(&format!("{plate}{allow}<listType>blackList</listType>")), "plate 1 QX11ABC Some(Deny)"),
        (camera(&format!("{plate}<plateNumber>QX12ABC</plateNumber>{allow}")), "plate 1"),
        (camera(&format!("{plate}<licensePlateNumber>QX12ABC</licensePlateNumber>{allow}")), "plate 1"),
        (camera(&format!("{plate}{allow}<matchResult>no</matchResult>")), "plate 1 QX11ABC None"),
        (camera(&format!("{plate}{allow}<matchResult>failed</matchResult>")), "plate 1 QX11ABC None"),
        (camera(&format!("{plate}{allow}<matchResult>perhaps</matchResult>")), "plate 1 QX11ABC None"),
        (camera(&format!("{plate}{allow}<matchResult>matched</matchResult>")), "plate 1 QX11ABC Some(Allow)"),
        (
            format!("<matchResult>false</matchResult>{}", camera(&format!("{plate}{allow}"))),
            "plate 1 QX11ABC None",
        ),
        (
            format!(
                "<matchResult>false</matchResult>{}",
                camera(&format!("{plate}{allow}<matchResult>true</matchResult>"))
            ),
            "plate 1 QX11ABC None",
        ),
        (
            recorder("<licensePlateMatchInfo><groupName>whiteList</groupName></licensePlateMatchInfo>"),
            "plate 1 QX11ABC Some(Allow)",
        ),
        (
            recorder(
                "<licensePlateMatchInfo><groupName>whiteList</groupName></licensePlateMatchInfo><licensePlateMatchInfo><groupName>blackList</groupName></licensePlateMatchInfo>",
            ),
            "plate 1 QX11ABC Some(Deny)",
        ),
        (
            recorder(
                "<licensePlateMatchInfo><groupName>whiteList</groupName><matchResult>no</matchResult></licensePlateMatchInfo>",
            ),
            "plate 1 QX11ABC None",
        ),
        (
            recorder(
                "<licensePlateMatchInfo><groupName>Visitors</groupName></licensePlateMatchInfo><vehicleListType>whiteList</vehicleListType>",
            ),
            "plate 1 QX11ABC Some(Allow)",
        ),
        (
            recorder(
                "<licensePlateMatchInfo><groupName>blackList</groupName></licensePlateMatchInfo><vehicleListType>whiteList</vehicleListType>",
            ),
            "plate 1 QX11ABC Some(Deny)",
        ),
    ] {
        check(&content, &[event], &[]);
    }
}

#[test]
fn a_plate_is_unlisted_only_where_nothing_names_a_list() {
    let item = "<item><image>1</image><vehiceId>7</vehiceId><plateNumber>QX11ABC</plateNumber></item>";
    let other = "<item><image>1</image><vehiceId>8</vehiceId><plateNumber>QX12ABC</plateNumber></item>";
    let post = |list: &str| format!("<smartType>VEHICE</smartType><listInfo>{list}</listInfo>");
    let deny = "<vehicleListType>blackList</vehicleListType>";
    let found = "<licensePlateMatchInfo><groupName>blackList</groupName></licensePlateMatchInfo>";
    let (denied, unlisted, open) = (
        &["plate 1 QX11ABC Some(Deny)"][..],
        &["plate 1 QX11ABC Some(Unlisted)"][..],
        &["plate 1 QX11ABC None"][..],
    );
    for (content, events) in [
        (post(item), unlisted),
        (post(&format!("{item}<item><image>0</image><vehicleListType>0</vehicleListType></item>")), unlisted),
        (format!("{}<matchResult>false</matchResult>", post(item)), unlisted),
        (format!("{}<matchResult>true</matchResult>", post(item)), open),
        (format!("{}{deny}", post(item)), denied),
        (post(&format!("{deny}{item}")), denied),
        (post(&format!("{item}<item>{deny}</item>")), denied),
        (post(&format!("{item}<item><vehiceId>7</vehiceId>{found}</item>")), denied),
        (
            post(&format!(
                "{item}<item><vehiceId>7</vehiceId><plateNumber>qx11abc</plateNumber>{deny}</item>"
            )),
            denied,
        ),
        (format!("{}{found}", post(item)), denied),
        (post(&format!("{found}{item}")), denied),
        (post(item).replace("<listInfo>", "<listInfo vehicleListType=\"blackList\">"), denied),
        (post(item).replace("<smartType>", "<smartType vehicleListType=\"blackList\">"), denied),
        (
            post(&format!(
                "{item}<item><image>0</image><vehicleListType>none</vehicleListType><groupId>1</groupId><plateListSwitch>false</plateListSwitch></item>"
            )),
            unlisted,
        ),
        (post(&format!("{item}<item><image>0</image>{deny}</item>")), denied),
        (
            post(&format!(
                "{item}<item><image>0</image><vehicleListType>strangerList</vehicleListType></item>"
            )),
            open,
        ),
        (format!("{}<licensePlateMatchInfo/>", post(item)), open),
        (format!("{}<plateListStatus>x</plateListStatus>", post(item)), open),
        (post(&item.replace("<plateNumber>", "<plateNumber list=\"blackList\">")), open),
        (post(&item.replace("</item>", "<status2>blackList</status2></item>")), open),
        // A list beside two plates may be that of either.
        (
            format!("{}{deny}", post(&format!("{item}{other}"))),
            &["plate 1 QX11ABC None", "plate 1 QX12ABC None"],
        ),
        (
            post(&format!("{item}{}", other.replace("</item>", &format!("{deny}</item>")))),
            &["plate 1 QX11ABC Some(Unlisted)", "plate 1 QX12ABC Some(Deny)"],
        ),
        (
            format!("<matchResult>false</matchResult>{}", post(&format!("{item}{other}")))
                .replace("</plateNumber>", "</plateNumber><vehicleListType>whiteList</vehicleListType>"),
            &["plate 1 QX11ABC None", "plate 1 QX12ABC None"],
        ),
        // Two plates of one number are two.
        (
            post(&format!("{item}{}", other.replace('8', "7"))),
            &["plate 1 QX11ABC Some(Unlisted)", "plate 1 QX12ABC Some(Unlisted)"],
        ),
    ] {
        check(&content, events, &[]);
    }
}

#[test]
fn what_the_item_of_the_frame_is_filled_with_is_about_no_plate() {
    let plate = |text: &str, id: u8| {
        format!(
            "<item><image>1</image><vehiceId>{id}</vehiceId><plateNumber>{text}</plateNumber>\
             <vehicleListType>whiteList</vehicleListType><vehicleDirect>approach</vehicleDirect>\
             <matchResult>true</matchResult></item>"
        )
    };
    let (one, other) = (plate("QX11ABC", 7), plate("QX12ABC", 8));
    for filling in [
        "<matchResult>false</matchResult>",
        "<matchResult>0</matchResult>",
        "<vehicleDirect>leave</vehicleDirect>",
        "<vehicleDirect>unknown</vehicleDirect>",
        "<vehicleListType>strangerList</vehicleListType>",
        "<vehicleListType>none</vehicleListType><province>X</province>",
        "<plateNumber>QX11ABC</plateNumber><matchResult>false</matchResult><vehicleDirect>leave</vehicleDirect>",
    ] {
        let frame = format!("<item><image>0</image><vehiceId>0</vehiceId>{filling}</item>");
        for items in [
            format!("{frame}{one}"),
            format!("{one}{frame}"),
            format!("{frame}{one}{other}"),
            format!("{one}{other}{frame}"),
        ] {
            let body = config(&format!("<smartType>VEHICE</smartType><listInfo>{items}</listInfo>"));
            let request = support::request(body.as_bytes(), support::source(""), &[]);
            let Ok(Parsed::Events(drafts)) = Viewtron.parse(&request) else { panic!("{body}") };
            assert_eq!(drafts.len(), items.matches("whiteList").count(), "{body}");
            for draft in drafts {
                let plate = draft.plate.unwrap();
                assert_eq!(plate.list, Some(PlateList::Allow), "{body}");
                assert_eq!(plate.direction, Some(Direction::Approach), "{body}");
            }
        }
    }
}

#[test]
fn what_stands_beside_a_plate_is_an_event_of_its_own() {
    let crop = "<targetImageData><targetBase64Data>AAAA</targetBase64Data></targetImageData>";
    let source = "<sourceDataInfo><sourceBase64Data>AAAB</sourceBase64Data></sourceDataInfo>";
    let plate = format!(
        "<licensePlateListInfo><item><targetId>9</targetId><licensePlateNumber>QX11ABC</licensePlateNumber>{crop}</item></licensePlateListInfo>"
    );
    let face = format!(
        "<faceListInfo><item><targetId>4</targetId><faceMatchInfo><matchResult>true</matchResult><name>Ann</name></faceMatchInfo>{crop}</item></faceListInfo>"
    );
    let person = format!(
        "<targetListInfo><item><targetId>4</targetId><targetType>person</targetType>{crop}</item></targetListInfo>"
    );
    let read = "QX11ABC Some(Unlisted)";
    let ann = "Some(\"Ann\") Some(true) None";
    for (content, events) in [
        (
            format!("<smartType>regionIntrusion</smartType>{source}{face}{plate}"),
            [format!("intrusion 1 {read} Plate+Overview"), format!("intrusion 1 {ann} Face+Overview")],
        ),
        (
            format!("<smartType>vehicle</smartType>{plate}{face}"),
            [format!("plate 1 {read} Plate"), format!("face_match 1 {ann} Face")],
        ),
        (
            format!("<smartType>videoMetadata</smartType>{person}{plate}"),
            [format!("object 1 {read} Plate"), "object 1 Target".to_owned()],
        ),
        (
            format!(
                "<smartType>vehicle</smartType>{plate}<albumInfo><name>Ann</name></albumInfo><matchResult>true</matchResult>"
            ),
            ["plate 1 QX11ABC None Plate".to_owned(), format!("face_match 1 {ann}")],
        ),
    ] {
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        check(&content, &events, &[]);
    }
    // The frame shows no person of its own, whatever type its item is filled with.
    let typed = crop.replace("<targetBase64Data>", "<targetType>1</targetType><targetBase64Data>");
    let frame = format!("<item><image>0</image>{typed}</item>");
    let crop = "<targetImageData><targetBase64Data>AAAB</targetBase64Data></targetImageData>";
    let item = format!("<item><image>1</image><plateNumber>QX11ABC</plateNumber>{crop}</item>");
    let post = format!("<smartType>VEHICE</smartType><listInfo>{frame}{item}</listInfo>");
    check(&post, &[&format!("plate 1 {read} Overview+Plate")], &[]);
    // What was counted is counted once.
    let counted = "<passLineCount><enterCarCount>3</enterCarCount></passLineCount>";
    let post = format!("<smartType>PASSLINECOUNT</smartType>{counted}<listInfo>{item}</listInfo>");
    check(&post, &[&format!("plate 1 {read} Plate"), "counting 1"], &[]);
}

#[test]
fn items_of_one_plate_are_one_plate() {
    let crop = |data: &str| {
        format!("<targetImageData><targetBase64Data>{data}</targetBase64Data></targetImageData>")
    };
    let item = |image: &str, text: &str, data: &str| {
        format!(
            "<item><image>{image}</image><vehiceId>{image}</vehiceId><plateNumber>{text}</plateNumber>{}</item>",
            crop(data)
        )
    };
    let (frame, plate) = (item("0", "QX11ABC", "AAAA"), item("1", "QX11ABC", "AAAB"));
    let other_spelling = "<item><plateNumber>qx-11 abc</plateNumber></item>";
    let event = "plate 1 QX11ABC Some(Unlisted)";
    for (items, roles) in [
        (format!("{frame}{plate}"), "Overview+Plate"),
        (format!("{plate}{frame}"), "Plate+Overview"),
        (format!("{plate}{other_spelling}"), "Plate"),
    ] {
        check(
            &format!("<smartType>VEHICE</smartType><listInfo>{items}</listInfo>"),
            &[&format!("{event} {roles}")],
            &[],
        );
    }
}

#[test]
fn a_face_that_contradicts_itself_opens_no_door() {
    let person = |name: &str, list: &str| {
        format!("<albumInfo><name>{name}</name><presonListType>{list}</presonListType></albumInfo>")
    };
    let (ann, bob) = (person("Ann", "whiteList"), person("Bob", "blackList"));
    let (yes, no) = ("<matchResult>true</matchResult>", "<matchResult>no</matchResult>");
    let certain = "Some(\"Ann\") Some(true) Some(Allow)";
    for (content, face) in [
        (format!("{yes}{ann}"), certain),
        (format!("{yes}{ann}{ann}"), certain),
        (format!("{yes}{ann}{bob}"), "None None Some(Deny)"),
        (format!("{yes}{ann}{}", person("Bob", "whiteList")), ""),
        (format!("{yes}{no}{ann}"), "Some(\"Ann\") Some(false) None"),
        (format!("{yes}{no}{bob}"), "Some(\"Bob\") None Some(Deny)"),
        (format!("{no}{bob}"), "Some(\"Bob\") Some(false) None"),
        (format!("{yes}{ann}<listType>visitors</listType>"), "Some(\"Ann\") Some(true) None"),
        (format!("<matchResult>perhaps</matchResult>{ann}"), "Some(\"Ann\") None None"),
        // The face that was seen has a number and a name of its own.
        (format!("{yes}{ann}<snapInfo><personId>31</personId><name>Snap</name></snapInfo>"), certain),
        (format!("{yes}<snapInfo><personId>31</personId><name>Snap</name></snapInfo>{ann}"), certain),
        (format!("{yes}<snapInfo><name>Ann</name></snapInfo>"), "Some(\"Ann\") Some(true) None"),
        (
            format!("{yes}{}", ann.replace("<name>", "<personId>0</personId><personId>8</personId><name>")),
            certain,
        ),
        (format!("{yes}{}", ann.replace("<name>", "<group><name>Staff</name></group><name>")), certain),
        (
            format!("{yes}{}", ann.replace("<name>", "<name>A</name><personName>Ann</personName><name>")),
            certain,
        ),
        (format!("{yes}{}", ann.replace("<name>", "<name>Bob</name><name>")), ""),
        (
            format!("{yes}{}", ann.replace("<name>", "<personId>7</personId><personId>8</personId><name>")),
            "Some(\"Ann\") None None",
        ),
    ] {
        let content = format!("<smartType>VFD_MATCH</smartType>{content}");
        check(&content, &[format!("face_match 1 {face}").trim_end()], &[]);
        let request = support::request(config(&content).as_bytes(), support::source("faces = \"drop\""), &[]);
        let parsed = format!("{:?}", Viewtron.parse(&request));
        assert!(!parsed.contains("Ann") && !parsed.contains("Bob"), "{content}: {parsed}");
    }
}

#[test]
fn counters_that_are_no_whole_numbers_stay() {
    let body = config(
        "<smartType>PASSLINECOUNT</smartType><passLineCount><enterCarCount>4.0</enterCarCount>\
         <leaveCarCount>-1</leaveCarCount><existCarCount>3</existCarCount></passLineCount>",
    );
    let request = support::request(body.as_bytes(), support::source(""), &[]);
    let Ok(Parsed::Events(drafts)) = Viewtron.parse(&request) else { panic!("{body}") };
    let [draft] = drafts.as_slice() else { panic!("{drafts:?}") };
    assert_eq!(draft.counts.unwrap().vehicle.inside, Some(3));
    for (name, value) in [("enterCarCount", "4.0"), ("leaveCarCount", "-1")] {
        assert_eq!(draft.vendor_data.get(name).and_then(|value| value.as_str()), Some(value));
    }
}

#[test]
fn nothing_of_a_person_stays_in_the_post_of_a_plate() {
    let plate = "<plateNumber>QX11ABC</plateNumber>";
    for item in [
        format!("<item><image>1</image>{plate}<personName>Ann</personName></item>"),
        format!("<item><image>1</image>{plate}<albumInfo><name>Ann</name></albumInfo></item>"),
        format!(
            "<item><image>0</image><personName>Ann</personName></item><item><image>1</image>{plate}</item>"
        ),
        format!(
            "<item><image>1</image>{plate}</item></listInfo><albumInfo><name>Ann</name></albumInfo><listInfo>"
        ),
    ] {
        let body = config(&format!("<smartType>VEHICE</smartType><listInfo>{item}</listInfo>"));
        let request = support::request(body.as_bytes(), support::source("faces = \"drop\""), &[]);
        let parsed = format!("{:?}", Viewtron.parse(&request));
        assert!(parsed.contains("QX11ABC") && !parsed.contains("Ann"), "{body}: {parsed}");
    }
}

#[test]
fn the_name_of_a_recorder_is_no_cameras() {
    let (level, input) = (
        |id: u32| format!("<motionAlarm id=\"{id}\">true</motionAlarm>"),
        "<sensorAlarmIn id=\"2\">true</sensorAlarmIn>",
    );
    let with_serial = DEVICE.replace("<mac>", "<sn>N1</sn><mac>");
    let root = "<deviceName>Recorder</deviceName>".to_owned();
    for (device, levels, names) in [
        (DEVICE, level(1), &[None][..]),
        (DEVICE, level(1) + &level(2), &[None, None]),
        (&with_serial, level(1), &[Some("Recorder")]),
        (&with_serial, level(1) + input, &[Some("Recorder"), Some("Recorder")]),
        (&with_serial, level(1) + &level(2), &[Some("Recorder"), None]),
        (&root, level(1), &[Some("Recorder")]),
    ] {
        let body = config(&format!("{device}<alarmStatusInfo>{levels}</alarmStatusInfo>"));
        let request = support::request(body.as_bytes(), support::source(""), &[]);
        let Ok(Parsed::Events(drafts)) = Viewtron.parse(&request) else { panic!("{body}") };
        let found: Vec<Option<&str>> = drafts
            .iter()
            .map(|draft| draft.camera.as_ref().and_then(|camera| camera.name.as_ref()).map(Text::as_str))
            .collect();
        assert_eq!(found, names, "{body}");
    }
}

#[test]
fn a_known_person_is_found_wherever_it_stands() {
    let picture = |name: &str| {
        format!("<{name}><ImageData><imageBase64Data>AAAA</imageBase64Data></ImageData></{name}>")
    };
    let pictures = picture("snapData") + &picture("albumData") + &picture("sourceData");
    let identity = "<matchResult>true</matchResult><similarity>82</similarity>";
    let album = "<personId>77</personId><presonListType>blackList</presonListType><name>Ann</name>";
    let crop = "<targetImageData><targetBase64Data>AAAA</targetBase64Data></targetImageData>";
    let post = |content: String| format!("<smartType>VFD_MATCH</smartType>{content}");
    let ann = "Some(\"Ann\") Some(true) Some(Deny)";
    for (content, roles) in [
        (post(format!("{identity}<albumInfo>{album}</albumInfo>{pictures}")), "Face+Album+Overview"),
        (
            post(format!("<listInfo><item><targetId>4</targetId>{identity}<albumInfo>{album}</albumInfo>{pictures}</item></listInfo>")),
            "Face+Album+Overview",
        ),
        (post(format!("<albumInfo>{identity}{album}{}</albumInfo>", picture("albumData"))), "Album"),
        (post(format!("<albumInfo>{identity}{album}<imageBase64Data>AAAA</imageBase64Data></albumInfo>")), "Album"),
        (
            post(format!(
                "<faceListInfo><item><targetId>4</targetId><faceMatchInfo>{identity}{album}</faceMatchInfo>{crop}</item></faceListInfo>"
            ))
            .replace("presonListType", "listType"),
            "Face",
        ),
        (
            post(format!(
                "<listInfo><item><targetId>4</targetId>{identity}{album}<sourceDataInfo><sourceBase64Data>AAAA</sourceBase64Data></sourceDataInfo>{crop}</item></listInfo>"
            )),
            "Overview+Face",
        ),
        (post(format!("<vfdMatch>{identity}<albumInfo>{album}</albumInfo></vfdMatch>")), ""),
    ] {
        check(&content, &[format!("face_match 1 {ann} {roles}").trim_end()], &[]);
        let read = read_with(&config(&content), "faces = \"drop\"");
        let anonymous = format!("face_match 1 None Some(true) Some(Deny) {roles}");
        assert_eq!(read.events, [anonymous.trim_end()], "{content}");
        let request = support::request(config(&content).as_bytes(), support::source("faces = \"drop\""), &[]);
        let parsed = format!("{:?}", Viewtron.parse(&request));
        assert!(!parsed.contains("Ann") && !parsed.contains("\"77\""), "{content}: {parsed}");
    }
}

#[test]
fn each_known_person_of_a_post_is_an_event() {
    let person = |target: u32, name: &str, list: &str| {
        format!(
            "<item><targetId>{target}</targetId><matchResult>true</matchResult><albumInfo><name>{name}</name>\
             <presonListType>{list}</presonListType></albumInfo><targetBase64Data>{name}A</targetBase64Data></item>"
        )
    };
    let content = format!(
        "<smartType>VFD_MATCH</smartType><sourceDataInfo><sourceBase64Data>AAAA</sourceBase64Data></sourceDataInfo>\
         <listInfo>{}{}</listInfo>",
        person(4, "Ann", "whiteList"),
        person(5, "Bob", "blackList")
    );
    let events = [
        "face_match 1 Some(\"Ann\") Some(true) Some(Allow) Face+Overview",
        "face_match 1 Some(\"Bob\") Some(true) Some(Deny) Face",
    ];
    check(&content, &events, &[]);
}

#[test]
fn a_channel_is_the_camera_wherever_it_is_named() {
    let named = "<deviceName>Recorder</deviceName>";
    for (content, events) in [
        (
            format!(
                "{DEVICE}<smartType>fire</smartType><eventInfo><item><eventId>1</eventId><channelId>5</channelId></item></eventInfo>"
            ),
            &["fire 5"][..],
        ),
        (
            format!(
                "{DEVICE}<smartType>fire</smartType><eventInfo><channelId>5</channelId><item><eventId>1</eventId></item></eventInfo>"
            ),
            &["fire 5"],
        ),
        (
            format!(
                "{DEVICE}<smartType>fire</smartType><eventInfo channelId=\"5\"><item><eventId>1</eventId></item></eventInfo>"
            ),
            &["fire 5"],
        ),
        (
            format!(
                "{DEVICE}<smartType>fire</smartType><eventInfo><item channelId=\"5\"><eventId>1</eventId></item></eventInfo>"
            ),
            &["fire 5"],
        ),
        (format!("<deviceInfo>{named}<chlId>5</chlId></deviceInfo><smartType>fire</smartType>"), &["fire 5"]),
        (format!("<deviceInfo chlId=\"5\">{named}</deviceInfo><smartType>fire</smartType>"), &["fire 5"]),
        (format!("{DEVICE}<smartType>fire</smartType><channel>5</channel>"), &["fire 5"]),
        (format!("{DEVICE}<smartType channelId=\"5\">fire</smartType>"), &["fire 5"]),
        (
            format!("<config version=\"1.7\" channelId=\"5\">{DEVICE}<smartType>fire</smartType></config>"),
            &["fire 5"],
        ),
        (
            format!(
                "<config channelId=\"5\">{DEVICE}<alarmStatusInfo><fireAlarm>true</fireAlarm></alarmStatusInfo></config>"
            ),
            &["fire 5 start"],
        ),
        (
            format!(
                "{DEVICE}<smartType>fire</smartType><eventInfo><item><channelId>5</channelId></item><item><channelId>6</channelId></item></eventInfo>"
            ),
            &["fire 5", "fire 6"],
        ),
        (
            format!(
                "{DEVICE}<smartType>regionIntrusion</smartType><eventInfo><item><targetId>1</targetId><channelId>5</channelId></item>\
                 <item><targetId>2</targetId><channelId>6</channelId></item></eventInfo><targetListInfo>\
                 <item><targetId>2</targetId><targetImageData><targetBase64Data>AAAA</targetBase64Data></targetImageData></item></targetListInfo>"
            ),
            &["intrusion 5", "intrusion 6 Target"],
        ),
        (
            format!(
                "{DEVICE}<smartType>VEHICE</smartType><listInfo><item channel=\"5\"><plateNumber>QX11ABC</plateNumber></item></listInfo>"
            ),
            &["plate 5 QX11ABC Some(Unlisted)"],
        ),
        // How many there are is no channel.
        (format!("{DEVICE}<smartType>fire</smartType><channelNum>16</channelNum>"), &["fire 1"]),
    ] {
        check(&content, events, &[]);
        let body = if content.starts_with("<config") { content } else { config(&content) };
        let request = support::request(body.as_bytes(), support::source(""), &[]);
        let Ok(Parsed::Events(drafts)) = Viewtron.parse(&request) else { panic!("{body}") };
        for draft in drafts {
            let camera = draft.camera.unwrap();
            let is_recorder = camera.id.as_str() != "1";
            assert!(!is_recorder || camera.name.is_none(), "the name of the recorder: {body}");
        }
    }
    let tracks = format!(
        "{DEVICE}<traject><item><targetId>1</targetId><channelId>5</channelId></item><item><targetId>2</targetId><channelId>6</channelId></item></traject>"
    );
    check_with("tracking = \"1s\"", &tracks, &["tracking 5", "tracking 6"], &[]);
}

#[test]
fn what_an_element_says_of_its_type_names_the_alarm() {
    for (levels, event) in [
        ("<alarm type=\"fireAlarm\" channelId=\"6\" status=\"true\"/>", "fire 6 start"),
        ("<alarm><type>fire</type><channelId>6</channelId><status>true</status></alarm>", "fire 6 start"),
        ("<alarm><channelId>6</channelId><status>true</status><type>fire</type></alarm>", "fire 6 start"),
        (
            "<alarmList><alarm><type>fire</type><channelId>6</channelId><status>true</status></alarm></alarmList>",
            "fire 6 start",
        ),
        ("<alarmList><alarm type=\"fire\">true</alarm></alarmList>", "fire 1 start"),
        ("<alarm type=\"fire\"><item id=\"6\">true</item></alarm>", "fire 6 start"),
        ("<item name=\"fireAlarm\" id=\"6\">true</item>", "fire 6 start"),
        ("<item alarm=\"fireAlarm\" id=\"6\">true</item>", "fire 6 start"),
        // The name that a person gave to a known alarm.
        ("<sensorAlarm id=\"2\" name=\"Fire\">true</sensorAlarm>", "input - start “Fire”"),
        ("<motionAlarm type=\"boolean\" id=\"2\">true</motionAlarm>", "motion 2 start"),
    ] {
        check(&format!("<alarmStatusInfo>{levels}</alarmStatusInfo>"), &[event], &[]);
    }
    check("<alarmStatusInfo><alarm type=\"fireAlarm\" id=\"6\"/></alarmStatusInfo>", &[], &["fireAlarm"]);
}

#[test]
fn nothing_of_the_level_of_a_face_says_whose_it_is() {
    for level in [
        "<vfdMatchAlarm><item id=\"1\"><name>Ann</name><status>true</status></item></vfdMatchAlarm>",
        "<vfdAlarm name=\"Ann\" id=\"1\">true</vfdAlarm>",
        "<vfdAlarm id=\"1\">Ann</vfdAlarm>",
        "<faceAlarm id=\"1\" label=\"Ann\">true</faceAlarm>",
        "<vfdMatchAlarm id=\"1\">true</vfdMatchAlarm><motionAlarm id=\"1\">true</motionAlarm></alarmStatusInfo><guest>Ann</guest><alarmStatusInfo>",
    ] {
        let body = config(&format!("{DEVICE}<alarmStatusInfo>{level}</alarmStatusInfo>"));
        let request = support::request(body.as_bytes(), support::source("faces = \"drop\""), &[]);
        let parsed = Viewtron.parse(&request);
        assert!(matches!(&parsed, Ok(Parsed::Events(events)) if !events.is_empty()), "{level}: {parsed:?}");
        assert!(!format!("{parsed:?}").contains("Ann"), "{level}: {parsed:?}");
    }
    check(
        "<alarmStatusInfo><vfdMatchAlarm name=\"Ann\" id=\"1\">true</vfdMatchAlarm></alarmStatusInfo>",
        &["face_match 1 start “Ann”"],
        &[],
    );
}

/// A request with a query.
#[cfg(test)]
fn with_query(method: Method, query: &str, rest: &[&str], body: &str) -> Read {
    let request = Request::new(Parts {
        method,
        path: "/viewtron/gate/token".to_owned(),
        query: query.to_owned(),
        headers: Headers::default(),
        body: Bytes::copy_from_slice(body.as_bytes()),
        source_ip: None,
        request_id: "request".to_owned(),
        received_at: support::RECEIVED_AT.parse().unwrap(),
    });
    let rest = rest.iter().map(|segment| (*segment).to_owned()).collect();
    let request = Request::assume_verified(request, Arc::clone(&support::source("")), rest);
    outcome(Viewtron.parse(&request))
}

#[test]
fn a_query_is_never_passed_over() {
    let heartbeat = config(DEVICE);
    for method in [Method::Get, Method::Post] {
        for rest in [&[][..], &["SendKeepalive"]] {
            let read = with_query(method, "motionAlarm=true&id=3", rest, "");
            assert!(read.events.is_empty(), "{read:?}");
            let reason = read.reason.unwrap();
            assert!(reason.contains("`motionAlarm`, `id`"), "{reason}");
        }
    }
    let read = with_query(Method::Post, "%6dotionAlarm=true", &[], &heartbeat);
    assert!(read.reason.is_some_and(|reason| reason.contains("motionAlarm")));
    let level = config("<alarmStatusInfo><motionAlarm id=\"3\">true</motionAlarm></alarmStatusInfo>");
    let read = with_query(Method::Post, "fire=1", &[], &level);
    assert_eq!(read.events, ["motion 3 start"]);
    assert!(read.reason.is_some_and(|reason| reason.contains("`fire`")));
    assert_eq!(with_query(Method::Post, "site=4", &[], &heartbeat).events, ["heartbeat"]);
    assert_eq!(with_query(Method::Post, "", &[], "").events, ["heartbeat"]);
}

#[test]
fn a_picture_within_another_is_kept_once_and_shown_by_nobody_elses_target() {
    let picture = |content: &str| {
        format!("<targetImageData><targetBase64Data>{content}</targetBase64Data></targetImageData>")
    };
    let inner = picture("BBBB");
    let item =
        |channel: &str, content: &str| format!("<item><channelId>{channel}</channelId>{content}</item>");
    let events = |first: &str, second: &str| {
        format!("<eventInfo>{}{}</eventInfo>", item("5", first), item("6", second))
    };
    let within = [picture(&format!("AA{inner}")), picture(&inner), picture(&format!("AAAA{inner}{inner}"))];
    for within in within {
        for content in [
            events("", &within),
            events(&within, ""),
            events(&within, &within),
            format!("{}{within}", events("", "")),
            format!("{within}{}", events("", "")),
        ] {
            check_pictures(&format!("<smartType>PEA</smartType>{content}"));
        }
    }
}

#[test]
fn positions_with_pictures_go_with_the_event_that_has_these() {
    let item = "<item><targetId>1</targetId><targetImageData><targetBase64Data>AAAA</targetBase64Data></targetImageData></item>";
    let positions = format!("<trajectory>{item}</trajectory>");
    let event = |word: &str| format!("<smartType>{word}</smartType>");
    for content in [
        positions.clone(),
        format!("{positions}{}", event("PEA")),
        format!("{positions}{}{}", event("PEA"), event("VFD_MATCH")),
        format!("{}{positions}{}", event("PEA"), event("VFD_MATCH")),
        format!("{}{}{positions}", event("PEA"), event("VFD_MATCH")),
        format!("{}{positions}{}{positions}", event("PEA"), event("VFD_MATCH")),
        format!("{positions}{}{positions}{}{positions}", event("PEA"), event("PEA")),
        format!("<messageType>trajectory</messageType><targetListInfo>{item}</targetListInfo>{positions}"),
    ] {
        check_pictures(&content);
    }
}

#[test]
fn an_item_that_begins_an_event_takes_what_is_within_it() {
    let picture = |content: &str| {
        format!("<targetImageData><targetBase64Data>{content}</targetBase64Data></targetImageData>")
    };
    let inner = picture("BBBB");
    let within = [
        inner.clone(),
        format!("<targetBase64Data>AA{inner}</targetBase64Data>"),
        picture(&format!("AA{inner}")),
        format!("<targetListInfo><item><targetId>2</targetId>{inner}</item></targetListInfo>"),
        format!("<trajectory><item><targetId>2</targetId>{inner}</item></trajectory>"),
        format!("{inner}<item><smartType>VFD</smartType>{inner}</item>{}", picture("AAA")),
    ];
    for within in within {
        for list in ["eventInfo", "targetListInfo", "listInfo"] {
            for word in ["PEA", "VEHICE", "VFD"] {
                let item = format!("<item><smartType>{word}</smartType>{within}</item>");
                for before in [String::new(), inner.clone(), format!("<smartType>PEA</smartType>{inner}")] {
                    check_pictures(&format!("{before}{item}"));
                    check_pictures(&format!("{before}<{list}>{item}</{list}>"));
                    check_pictures(&format!("{before}<{list}>{item}{item}</{list}>{inner}"));
                }
            }
        }
    }
}

/// Every picture is kept at most once, at least one is, and each target shows one of its own event that no other shows.
#[cfg(test)]
fn check_pictures(content: &str) {
    let body = config(content);
    let request = support::request(body.as_bytes(), support::source("tracking = \"1s\""), &[]);
    let (Ok(Parsed::Events(drafts)) | Ok(Parsed::Partly { events: drafts, .. })) = Viewtron.parse(&request)
    else {
        panic!("{content} is no event");
    };
    let kept = drafts.iter().map(|draft| draft.images.len()).sum::<usize>();
    let sent = content.matches("BBBB").count() + content.matches(">AA").count();
    assert!((1..=sent).contains(&kept), "{kept} of {sent} pictures: {content}");
    for draft in &drafts {
        let mut shown: Vec<usize> = draft.targets.iter().filter_map(|target| target.image).collect();
        assert!(shown.iter().all(|image| *image < draft.images.len()), "{shown:?}: {content}");
        shown.sort_unstable();
        let count = shown.len();
        shown.dedup();
        assert_eq!(shown.len(), count, "two targets show one picture: {content}");
    }
}
