//! Title and text.

use camhook_event::Event;
use camhook_notify::text::{Templates, render};
use camhook_site::Site;
use camhook_state::coalesce::Group;

use crate::support::{plate, site};

const SITE: &str = r#"
[lists]
residents = [{ plate = "IB 36-NL", name = "Änn" }]
[[camera]]
id = "drive"
sources = "gate/1"
[[channel]]
id = "family"
kind = "ntfy"
url = "https://ntfy.example.org/family"
[[rule]]
then = { notify = "family" }
"#;

const LINK: &str = "https://hooks.example.org/console/events/aaaa";

fn rendered(site: &Site, event: &Event, title: &str, body: &str) -> (String, String, usize) {
    let (message, errors) =
        render(site, event, None, Templates { title: Some(title), body: Some(body) }, Some(LINK));
    (message.title, message.text, errors.len())
}

#[test]
fn the_default_text_names_person_kind_place_and_time() {
    let (message, errors) = render(&site(SITE, &[]), &plate('a', None), None, Templates::default(), None);
    assert_eq!(message.title, "Änn, IB36NL, allow list, at drive");
    assert_eq!(message.text, "Plate · yard\n2026-11-23 12:00:00");
    assert!(errors.is_empty());
}

#[test]
fn templates_have_the_event_and_its_people() {
    let (title, text, errors) = rendered(
        &site(SITE, &[]),
        &plate('a', None),
        "{{ person }} at\n {{ camera }}",
        "{{ source }} {{ area }} {{ kind }} {{ plate }} {{ time }} {{ event.data.plate.list }}\
         {% for image in event.data.images %} {{ image.role }}{% endfor %}{{ event.data.face.name }}",
    );
    assert_eq!(title, "Änn at drive");
    assert_eq!(text, "gate yard plate IB36NL 2026-11-23 12:00:00 allow plate overview");
    assert_eq!(errors, 0);
}

#[test]
fn a_template_may_link_to_the_console() {
    let site = site(SITE, &[]);
    let event = plate('a', None);
    let (_, text, _) = rendered(&site, &event, "t", "Look: {{ link }}");
    assert_eq!(text, format!("Look: {LINK}"));
    let templates =
        Templates { title: None, body: Some("Plate{% if link %} {{ link }}{% endif %}.{{ link }}") };
    let (without_console, errors) = render(&site, &event, None, templates, None);
    assert_eq!((without_console.text.as_str(), errors.len()), ("Plate.", 0));
}

#[test]
fn a_template_that_fails_is_replaced_by_the_default() {
    let site = site(SITE, &[]);
    for (broken, expected) in [
        ("{{ person", 1),
        ("{% if %}", 1),
        ("{{ 1 / 0 }}", 1),
        ("{{ event.data.nothing.at.all }}", 0),
        (" ", 0),
    ] {
        let (title, text, errors) = rendered(&site, &plate('a', None), broken, "as it is");
        assert_eq!(
            (title.as_str(), text.as_str()),
            ("Änn, IB36NL, allow list, at drive", "as it is"),
            "{broken}"
        );
        assert_eq!(errors, expected, "{broken}");
    }
}

#[test]
fn an_endless_template_is_stopped() {
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}x{% endfor %}{% endfor %}";
    let (_, text, errors) = rendered(&site(SITE, &[]), &plate('a', None), "t", endless);
    assert_eq!(errors, 1);
    assert!(text.starts_with("Plate"), "{text}");
}

#[test]
fn long_text_is_cut() {
    let long = "{{ 'ä' * 3000 }}";
    let (title, text, _) = rendered(&site(SITE, &[]), &plate('a', None), long, long);
    assert_eq!((title.chars().count(), text.chars().count()), (250, 2000));
    assert!(title.ends_with('…') && text.ends_with('…'));
}

#[test]
fn a_camera_without_a_name_in_the_site_keeps_the_devices_name() {
    let site = site(&SITE.replace("gate/1", "gate/2").replace("IB 36-NL", "XX1"), &[]);
    let (message, _) = render(&site, &plate('a', None), None, Templates::default(), None);
    assert_eq!(message.title, "IB36NL, allow list, at Tür");
}

#[test]
fn the_text_of_a_group_has_its_count_and_times() {
    let site = site(SITE, &[]);
    let event = plate('a', None);
    let at = |seconds| event.time.timestamp().checked_add(std::time::Duration::from_secs(seconds)).unwrap();
    let group = Group {
        id: event.id,
        count: 3,
        first: at(0),
        last: at(8),
        labels: vec!["drive".to_owned(), "Yard".to_owned()],
        opened: at(0),
        best: event.clone(),
    };
    let (by_default, _) = render(&site, &event, Some(&group), Templates::default(), None);
    assert_eq!(by_default.title, "Änn, IB36NL, allow list, at drive (3 events)");
    let text = "Plate · yard\nat drive, Yard\n3 events: 2026-11-23 12:00:00 to 2026-11-23 12:00:08";
    assert_eq!(by_default.text, text);

    let template = "{{ count }} from {{ first }} to {{ last }}";
    let (by_template, errors) = {
        let templates = Templates { title: Some("t"), body: Some(template) };
        render(&site, &event, Some(&group), templates, None)
    };
    assert_eq!(by_template.text, "3 from 2026-11-23 12:00:00 to 2026-11-23 12:00:08");
    assert!(errors.is_empty());
    let alone = Group { count: 1, ..group };
    assert_eq!(
        render(&site, &event, Some(&alone), Templates::default(), None),
        render(&site, &event, None, Templates::default(), None)
    );
}

#[test]
fn controls_in_device_text_do_not_reach_a_message() {
    let site = site(SITE, &[]);
    let mut value = serde_json::to_value(plate('a', None)).unwrap();
    value["data"]["plate"]["text"] = "IB\u{202e}36\u{7}NL".into();
    let event = serde_json::from_value(value).unwrap();
    let (title, text, _) = rendered(&site, &event, "{{ plate }}\n!", "{{ plate }}\n!");
    assert_eq!((title.as_str(), text.as_str()), ("IB36NL !", "IB36NL\n!"));
}
