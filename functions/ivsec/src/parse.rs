//! From a request to a message.

use camhook_event::{Kind, MacAddress, State, Text};
use camhook_ingest::Malformed;
use camhook_json::{Json, Object, read};

use crate::kind::kind;
use crate::message::{Alarm, AlarmPicture, Flat, Manual, Message, Rich, Sender, Snapped};
use crate::snapped::take_snapped;

/// How many alarms of one post are read: a recorder of 128 channels has not as many at once.
const ALARMS_LIMIT: usize = 256;

/// How often the levels beside an alarm are kept, in one post.
const LEVELS_LIMIT: usize = 32;

/// Reads the parameters of a GET.
///
/// # Errors
///
/// When they name no event.
pub(crate) fn parse_query(parameters: Object<'_>) -> Result<Message<'_>, Malformed> {
    if parameters.get("EventType").is_none() {
        return Err(Malformed::new("no_event_type", "the query has no `EventType`"));
    }
    flat(parameters).map(Message::Flat)
}

/// Reads the body of a POST.
///
/// # Errors
///
/// When it is no JSON, or nothing in it is known.
pub(crate) fn parse_body(text: &str) -> Result<Message<'_>, Malformed> {
    let mut root =
        read(text)?.into_object().ok_or_else(|| Malformed::new("not_an_object", "the body is no object"))?;
    let mut data = match root.take("data") {
        Some(Json::Object(data)) => data,
        Some(_) => return Err(Malformed::new("not_an_object", "`data` is no object")),
        // Some senders leave the wrapper out.
        None => root,
    };
    if data.get("EventType").is_some() {
        return flat(data).map(Message::Flat);
    }
    let is_heat_alarm = data.take("heat_alarm").is_some();
    let is_known = ["alarm_list", "alarm_snap_data", "ai_snap_picture", "ccCount", "hmlist", "log_collect"]
        .iter()
        .any(|name| data.get(name).is_some());
    if is_known {
        let rich = rich(data);
        let is_nothing = rich.alarms.is_empty() && rich.pictures.is_empty() && rich.snapped.is_empty();
        return Ok(match (is_nothing, is_heat_alarm) {
            (false, _) => Message::Rich(rich),
            (true, false) => Message::Nothing,
            (true, true) => Message::Heartbeat,
        });
    }
    if is_heat_alarm || data.get("time").is_some() {
        return Ok(Message::Heartbeat);
    }
    if data.is_empty() {
        return Ok(Message::Nothing);
    }
    Err(Malformed::new("unknown_content", "nothing in `data` is known"))
}

/// Reads what is posted when a button is pressed: no document says what it is, so anything will do.
pub(crate) fn manual<'a>(button: Text, parameters: Object<'a>, text: &'a str) -> Message<'a> {
    let body = read(text).ok().and_then(Json::into_object).map(|mut root| match root.take("data") {
        Some(Json::Object(data)) => data,
        _ => root,
    });
    let mut rest = body.unwrap_or_default();
    rest.append(parameters);
    let sender = take_sender(&mut rest);
    Message::Manual(Manual { button, sender, time: rest.take_text(&["EventTime", "time"]), rest })
}

fn flat(mut data: Object<'_>) -> Result<Flat<'_>, Malformed> {
    let event_type = data
        .take_text(&["EventType"])
        .ok_or_else(|| Malformed::new("no_event_type", "`EventType` is empty"))?;
    let state = data.get("EventAction").and_then(Json::to_text).and_then(|action| state(action.as_str()));
    if state.is_some() {
        data.take("EventAction");
    }
    let (mut snapped, mut picture) = (Snapped::default(), None);
    match data.take("PicData") {
        Some(Json::Text(text)) => picture = Json::Text(text).into_bytes(),
        Some(value) => {
            for mut holder in value.into_objects() {
                let Snapped { objects, plates, faces } = take_snapped(&mut holder);
                snapped.objects.extend(objects);
                snapped.plates.extend(plates);
                snapped.faces.extend(faces);
            }
        }
        None => {}
    }
    Ok(Flat {
        event_type,
        state,
        time: data.take_text(&["EventTime"]),
        sender: take_sender(&mut data),
        snapped,
        picture,
        rest: data,
    })
}

fn state(action: &str) -> Option<State> {
    match action {
        start if start.eq_ignore_ascii_case("start") => Some(State::Start),
        stop if stop.eq_ignore_ascii_case("stop") => Some(State::Stop),
        _ => None,
    }
}

/// Takes who sent it, by the names of the flat form and of `dev_net_info`.
fn take_sender(data: &mut Object<'_>) -> Sender {
    let mac = data.get("MACAddress").or_else(|| data.get("mac")).and_then(Json::to_text);
    let mac = mac.and_then(|mac| MacAddress::parse(mac.as_str()));
    if mac.is_some() {
        data.take_any(&["MACAddress", "mac"]);
    }
    Sender {
        mac,
        name: data.take_text(&["DeviceName", "device_name"]),
        address: data.take_text(&["IPAddress", "ip"]),
        channel_name: data.take_text(&["ChannelName", "ChnnelName"]),
    }
}

fn rich(mut data: Object<'_>) -> Rich<'_> {
    // One entry a network interface: the first is the device's own.
    let mut interfaces = data.take_objects("dev_net_info").into_iter();
    let mut interface = interfaces.next().unwrap_or_default();
    let sender = take_sender(&mut interface);
    let mut alarms = Vec::new();
    for mut entry in data.take_objects("alarm_list") {
        let time = entry.take_text(&["time"]);
        for channel in entry.take_objects("channel_alarm") {
            channel_alarms(channel, time.as_ref(), &mut alarms);
        }
        for system in entry.take_objects("system_alarm") {
            system_alarms(system, time.as_ref(), &mut alarms);
        }
    }
    if let Some(counts) = data.take("ccCount") {
        counted(counts, &mut alarms);
    }
    // Statistics and a log file's name.
    data.take_any(&["hmlist"]);
    data.take_any(&["log_collect"]);
    let mut snapped = Snapped::default();
    for mut holder in data.take_objects("ai_snap_picture") {
        let Snapped { objects, plates, faces } = take_snapped(&mut holder);
        snapped.objects.extend(objects);
        snapped.plates.extend(plates);
        snapped.faces.extend(faces);
    }
    if !interface.is_empty() {
        data.push("dev_net_info", Json::Object(interface));
    }
    Rich {
        sender,
        alarms,
        pictures: data.take_objects("alarm_snap_data").into_iter().filter_map(alarm_picture).collect(),
        snapped,
        rest: data,
    }
}

/// Adds an alarm for each flag of a channel that is true.
fn channel_alarms<'a>(mut entry: Object<'a>, time: Option<&Text>, alarms: &mut Vec<Alarm<'a>>) {
    let channel = entry.take_text(&["channel", "chnnel"]);
    let channel_name = entry.take_text(&["chn_alias"]);
    let picture = entry.take("take_alarm_snap").as_ref().and_then(picture_number);
    // It repeats while an alarm goes on.
    entry.take("alarm_state");

    let mut raised: Vec<(Text, Option<Text>)> = Vec::new();
    let mut raise = |word: Option<Text>, own_picture: Option<Text>| {
        let Some(word) = word.or_else(|| Text::new("int_alarm")) else { return };
        // The same alarm stands in `int_alarm` and, with its picture, in `int_alarm_ex`.
        match raised.iter_mut().find(|(known, _)| *known == word) {
            Some((_, known_picture)) => *known_picture = known_picture.take().or(own_picture),
            None => raised.push((word, own_picture)),
        }
    };
    for name in ["int_alarm", "int_alarm_ex"] {
        for mut alarm in entry.take_objects(name) {
            if alarm.get("alarm_val").is_some_and(Json::is_true) {
                let own_picture = alarm.take("take_alarm_snap").as_ref().and_then(picture_number);
                raise(alarm.take_text(&["int_subtype"]), own_picture);
            }
        }
    }
    for name in ["motion_alarm", "pir_alarm", "io_alarm", "videoloss", "doorbell_call"] {
        if entry.take(name).is_some_and(|flag| flag.is_true()) {
            raise(Text::new(name), None);
        }
    }
    // Flags of firmware that is newer than the documents.
    let newer: Vec<String> = entry
        .iter()
        .filter(|(name, flag)| name.ends_with("_alarm") && matches!(flag, Json::Bool(true)))
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in newer {
        entry.take(&name);
        raise(Text::new(&name), None);
    }
    for (word, own_picture) in raised {
        push(
            alarms,
            Alarm {
                kind: kind(word.as_str()),
                word,
                channel: channel.clone(),
                channel_name: channel_name.clone(),
                time: time.cloned(),
                device_name: None,
                picture: own_picture.or_else(|| picture.clone()),
                rest: Object::default(),
            },
            &entry,
        );
    }
}

/// Adds an alarm for each part of the device that has something to tell. A type that says that all is well is none.
fn system_alarms<'a>(mut entry: Object<'a>, time: Option<&Text>, alarms: &mut Vec<Alarm<'a>>) {
    let device_name = entry.take_text(&["device_name"]);
    let parts: Vec<String> = entry
        .iter()
        .filter(|(_, part)| matches!(part, Json::Object(_) | Json::List(_)))
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in parts {
        for part in entry.take_objects(&name) {
            let said = part.get(&format!("{name}_alarm_type")).and_then(Json::to_text);
            let is_well =
                |said: &Text| ["normal", "none", "ok"].contains(&said.as_str().to_lowercase().as_str());
            if said.as_ref().is_some_and(is_well) {
                continue;
            }
            let Some(word) = Text::new(&name) else { continue };
            push(
                alarms,
                Alarm {
                    kind: if name.eq_ignore_ascii_case("hdd") { Kind::Storage } else { Kind::System },
                    word,
                    channel: None,
                    channel_name: None,
                    time: time.cloned(),
                    device_name: device_name.clone(),
                    picture: None,
                    rest: Object::default(),
                },
                &part,
            );
        }
    }
}

/// Adds the counters of people or vehicles that crossed a line. Their form is not documented: they are kept as they
/// are.
fn counted<'a>(counts: Json<'a>, alarms: &mut Vec<Alarm<'a>>) {
    for mut count in counts.into_objects() {
        let Some(word) = Text::new("ccCount") else { return };
        let channel = count.take_text(&["channel", "chnnel", "StrChn"]);
        push(
            alarms,
            Alarm {
                word,
                kind: Kind::Counting,
                channel,
                channel_name: None,
                time: count.take_text(&["time"]),
                device_name: None,
                picture: None,
                rest: Object::default(),
            },
            &count,
        );
    }
}

/// Adds an alarm with the levels beside it, within the limits of one post.
fn push<'a>(alarms: &mut Vec<Alarm<'a>>, mut alarm: Alarm<'a>, levels: &Object<'a>) {
    if alarms.len() >= ALARMS_LIMIT {
        return;
    }
    if alarms.len() < LEVELS_LIMIT {
        alarm.rest = levels.clone();
    }
    alarms.push(alarm);
}

/// The number of a picture; 0 stands for none.
fn picture_number(value: &Json<'_>) -> Option<Text> {
    value.to_text().filter(|number| number.as_str() != "0")
}

fn alarm_picture(mut picture: Object<'_>) -> Option<AlarmPicture<'_>> {
    Some(AlarmPicture {
        base64: picture.take("img_data")?.into_bytes()?,
        channel: picture.take_text(&["channel", "chnnel"]),
        id: picture.take("img_id").as_ref().and_then(picture_number),
        time: picture.take_text(&["img_time"]),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::query::parameters;

    fn alarms(json: &str) -> Vec<(String, Kind)> {
        match parse_body(json).unwrap() {
            Message::Rich(rich) => {
                rich.alarms.into_iter().map(|alarm| (alarm.word.to_string(), alarm.kind)).collect()
            }
            Message::Nothing => Vec::new(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_in_the_dialect_says_why() {
        for (body, code) in [
            ("", "no_body"),
            ("<config/>", "not_json"),
            ("{\"data\":{\"EventType\":", "truncated_json"),
            ("[]", "not_an_object"),
            ("{\"data\":[1]}", "not_an_object"),
            ("{\"data\":{\"EventType\":\" \"}}", "no_event_type"),
            ("{\"data\":{\"weather\":\"fine\"}}", "unknown_content"),
        ] {
            assert_eq!(parse_body(body).unwrap_err().code, code, "{body}");
        }
        assert_eq!(parse_query(parameters("turn=toggle")).unwrap_err().code, "no_event_type");
    }

    #[test]
    fn keep_alives_are_told_from_empty_lists() {
        for body in [
            r#"{"data":{"time":"1689232690"}}"#,
            r#"{"time":"1689232690"}"#,
            r#"{"data":{"heat_alarm":"HeatAlarm"}}"#,
            r#"{"data":{"heat_alarm":"HeatAlarm","alarm_list":[]}}"#,
        ] {
            assert!(matches!(parse_body(body), Ok(Message::Heartbeat)), "{body}");
        }
        for body in [r#"{"data":{}}"#, r#"{"data":{"alarm_list":[]}}"#, r#"{"data":{"hmlist":[1,2]}}"#] {
            assert!(matches!(parse_body(body), Ok(Message::Nothing)), "{body}");
        }
    }

    #[test]
    fn only_true_flags_are_alarms() {
        let body = r#"{"data":{"alarm_list":[{"time":"2026-11-23T08:00:00Z","channel_alarm":[
            {"channel":"CH1","motion_alarm":true,"pir_alarm":false,"io_alarm":1,"videoloss":false,
             "int_alarm":{"alarm_val":false,"int_subtype":"pid"},"record_flag":{"m":"R"},
             "alarm_state":[{"motion_alarm":true}],"camera_connect_status":"online"},
            {"channel":"CH2","int_alarm":{"alarm_val":true,"int_subtype":"lcd"},
             "int_alarm_ex":[{"alarm_val":true,"int_subtype":"lcd","take_alarm_snap":7},
                             {"alarm_val":true,"int_subtype":"fireDetect"},{"alarm_val":false,"int_subtype":"fd"}]},
            {"channel":"CH3","alarm_state":[{"int_alarm":{"alarm_val":true,"int_subtype":"lcd"}}]},
            {"channel":"CH4","smoke_alarm":true,"talk":true}]}]}}"#;
        let expected = [
            ("motion_alarm", Kind::Motion),
            ("io_alarm", Kind::Input),
            ("lcd", Kind::LineCrossing),
            ("fireDetect", Kind::Fire),
            ("smoke_alarm", Kind::Other),
        ];
        let expected: Vec<_> = expected.iter().map(|(word, kind)| ((*word).to_owned(), *kind)).collect();
        assert_eq!(alarms(body), expected);
    }

    #[test]
    fn a_disk_that_is_well_is_no_alarm() {
        let of = |said: &str| {
            alarms(&format!(
                r#"{{"data":{{"alarm_list":[{{"system_alarm":[{{"device_name":"NVR","hdd":{{"hdd_alarm_type":"{said}"}}}}]}}]}}}}"#
            ))
        };
        assert_eq!(of("Error"), [("hdd".to_owned(), Kind::Storage)]);
        assert_eq!(of("Normal"), []);
    }
}
