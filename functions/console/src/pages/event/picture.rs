//! The pictures of an event, with boxes and zone drawn over those of the whole frame.

use camhook_event::{
    Event, Image, ImageRole, Point, RejectedReason, StoredImage, Target, TargetClass, Zone, ZoneShape,
};
use maud::{Markup, html};

use crate::app::Retention;
use crate::format::counted;
use crate::query::word;
use crate::visit::Visit;

pub(super) fn pictures(visit: &Visit, event: &Event) -> Markup {
    html! {
        @if event.data.images.is_empty() { p.quiet { "The sender gave no picture." } }
        div.pictures {
            @for (index, image) in event.data.images.iter().enumerate() {
                @match image {
                    Image::Stored(stored) => (figure(visit, event, index, stored)),
                    Image::Rejected(rejected) => figure.rejected data-picture=(index) {
                        p { (reason(rejected.rejected)) }
                        figcaption { (role(rejected.role)) }
                    }
                }
            }
        }
    }
}

/// What stands in the place of pictures that the bucket has deleted.
pub(super) fn expired(event: &Event, retention: Retention) -> Markup {
    html! {
        @if event.data.images.is_empty() { p.quiet { "The sender gave no picture." } }
        @else { p.notice { "The pictures of this event have expired: they are kept for " (counted(retention.images_days.into(), "day", "days")) "." } }
    }
}

fn figure(visit: &Visit, event: &Event, index: usize, stored: &StoredImage) -> Markup {
    let source = visit.context.base.link(format_args!("pictures/{}/{index}", event.id));
    let (width, height) = (stored.width.max(1), stored.height.max(1));
    let size = if stored.role == ImageRole::Overview || stored.role == ImageRole::Snapshot {
        "whole"
    } else {
        "part"
    };
    html! {
        figure class=(size) data-picture=(index) {
            div.frame {
                img src=(source) alt={ (role(stored.role)) } width=(width) height=(height) decoding="async";
                @if shows_whole_frame(stored.role) { (overlay(event, width, height)) }
            }
            figcaption {
                (role(stored.role)) " · " (stored.width) "×" (stored.height)
                " · " a href=(source) { "open" }
            }
        }
    }
}

/// Whether fractions of the frame are fractions of a picture.
fn shows_whole_frame(role: ImageRole) -> bool {
    matches!(role, ImageRole::Overview | ImageRole::Snapshot)
}

/// Boxes and zone as an image of their own, in units of the picture's pixels.
fn overlay(event: &Event, width: u16, height: u16) -> Markup {
    let data = &event.data;
    let boxed = data.targets.iter().filter_map(|target| Some((target, target.bounding_box?)));
    let scale = Scale { width: f64::from(width), height: f64::from(height) };
    let stroke = (scale.width.max(scale.height) / 400.0).max(1.0);
    let letters = (scale.height / 28.0).max(10.0);
    html! {
        svg.overlay viewBox={ "0 0 " (width) " " (height) } aria-hidden="true" {
            @if let Some(zone) = &data.zone { (zone_shape(zone, scale, stroke)) }
            @for (target, area) in boxed {
                @let (x, y) = (area.x1.value() * scale.width, area.y1.value() * scale.height);
                rect.box x=(round(x)) y=(round(y)) width=(round(area.x2.value() * scale.width - x))
                    height=(round(area.y2.value() * scale.height - y)) stroke-width=(round(stroke)) {}
                text.label x=(round(x + stroke)) y=(round((y - stroke * 2.0).max(letters))) font-size=(round(letters)) {
                    (label(target))
                }
            }
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Scale {
    width: f64,
    height: f64,
}

fn zone_shape(zone: &Zone, scale: Scale, stroke: f64) -> Markup {
    let point = |Point(x, y): &Point| {
        format!("{},{}", round(x.value() * scale.width), round(y.value() * scale.height))
    };
    let points: Vec<String> = zone.points.iter().map(point).collect();
    let points = points.join(" ");
    let is_line = zone.shape == Some(ZoneShape::Line) || zone.points.len() == 2;
    html! {
        @if zone.points.len() < 2 {}
        @else if is_line { polyline.zone points=(points) stroke-width=(round(stroke)) {} }
        @else { polygon.zone points=(points) stroke-width=(round(stroke)) {} }
    }
}

fn round(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}

fn label(target: &Target) -> String {
    let class = target.class.unwrap_or(TargetClass::Other);
    match target.confidence {
        Some(confidence) => format!("{} {:.0} %", word(&class), confidence.value() * 100.0),
        None => word(&class),
    }
}

fn role(role: ImageRole) -> &'static str {
    match role {
        ImageRole::Overview => "Whole frame",
        ImageRole::Target => "Target",
        ImageRole::Plate => "Plate",
        ImageRole::Face => "Face",
        ImageRole::Album => "Picture of the album",
        ImageRole::Snapshot => "Snapshot",
    }
}

fn reason(reason: RejectedReason) -> &'static str {
    match reason {
        RejectedReason::BadBase64 => "Not stored: the sender's encoding is broken.",
        RejectedReason::NotJpeg => "Not stored: it is not a JPEG.",
        RejectedReason::Truncated => "Not stored: it was cut off.",
        RejectedReason::TooLarge => "Not stored: it is larger than 3 MiB.",
        RejectedReason::TooMany => "Not stored: the event has more than 16 pictures.",
        RejectedReason::Dropped => "Not kept: the settings of the source say so.",
        RejectedReason::StoreFailed => "Not stored: the storage did not answer in time.",
    }
}
