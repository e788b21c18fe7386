//! Title and text.

use camhook_event::Event;
use camhook_notify::text::{Gathered, render};
use camhook_site::Site;

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

fn rendered(site: &Site, event: &Event, title: &str, body: &str) -> (String, String, usize) {
    let (message, errors) = render(site, event, None, Some(title), Some(body));
    (message.title, message.text, errors.len())
}

#[test]
fn the_default_text_names_person_kind_place_and_time() {
    let (message, errors) = render(&site(SITE, &[]), &plate('a', None), None, None, None);
    assert_eq!(message.title, "Änn: drive");
    assert_eq!(message.text, "Plate · IB36NL · Änn · yard\n2026-11-23 12:00:00");
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
        assert_eq!((title.as_str(), text.as_str()), ("Änn: drive", "as it is"), "{broken}");
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
    let (message, _) = render(&site, &plate('a', None), None, None, None);
    assert_eq!(message.title, "Plate: Tür");
}

#[test]
fn the_text_of_a_group_has_its_count_and_times() {
    let site = site(SITE, &[]);
    let event = plate('a', None);
    let at = |seconds| event.time.timestamp().checked_add(std::time::Duration::from_secs(seconds)).unwrap();
    let gathered = Gathered { count: 3, first: at(0), last: at(8) };
    let (by_default, _) = render(&site, &event, Some(&gathered), None, None);
    assert_eq!(by_default.title, "Änn: drive (3 events)");
    let text = "Plate · IB36NL · Änn · yard\n2026-11-23 12:00:00\n\
                3 events: 2026-11-23 12:00:00 to 2026-11-23 12:00:08";
    assert_eq!(by_default.text, text);

    let template = "{{ count }} from {{ first }} to {{ last }}";
    let (by_template, errors) = render(&site, &event, Some(&gathered), Some("t"), Some(template));
    assert_eq!(by_template.text, "3 from 2026-11-23 12:00:00 to 2026-11-23 12:00:08");
    assert!(errors.is_empty());
    let alone = Gathered { count: 1, ..gathered };
    assert_eq!(render(&site, &event, Some(&alone), None, None), render(&site, &event, None, None, None));
}
