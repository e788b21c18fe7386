//! What shows an alarm, or is one by itself: recognitions, pictures and counters. They stand at the post, at an entry of
//! `alarm_list` and at one of `channel_alarm` alike.

use camhook_event::Text;
use camhook_json::{Json, Object};

use super::counting::Counters;
use super::member::{Channels, Member, folded, number_of_picture, objects};
use super::recognition::{Beside, is_held, is_listed, list, read_holder, read_list, split_beside};
use super::unknown::{Surroundings, Unknowns, Weight};
use crate::message::{AlarmPicture, Place, Push, Recognition};
use crate::vocabulary::Subject;

/// The members that hold recognitions and pictures, in the order of their kinds.
#[derive(Debug, Default)]
pub(super) struct Evidence<'a> {
    pictures: Vec<Member<'a>>,
    pic_data: Vec<Member<'a>>,
    holders: Vec<Member<'a>>,
    lists: Vec<(Subject, Member<'a>)>,
    counters: Counters<'a>,
}

impl<'a> Evidence<'a> {
    /// Takes a member. What is left of it: the member itself when it is none of these.
    pub(super) fn read_member(&mut self, (name, value): Member<'a>) -> Option<Member<'a>> {
        let place = match folded(&name).as_ref() {
            "alarm_snap_data" => &mut self.pictures,
            "picdata" => &mut self.pic_data,
            "ai_snap_picture" | "eventtrafficcar" => &mut self.holders,
            folded => {
                let Some(subject) = list(folded) else { return self.counters.read_member((name, value)) };
                self.lists.push((subject, (name, value)));
                return None;
            }
        };
        place.push((name, value));
        None
    }

    /// Takes what it can out of the value of an alarm.
    pub(super) fn read_members(&mut self, members: Object<'a>) -> Object<'a> {
        members.into_iter().filter_map(|member| self.read_member(member)).collect()
    }

    /// Takes the counters, which belong to the alarm of a crossing that they stand beside.
    pub(super) fn take_counters(&mut self) -> Counters<'a> {
        std::mem::take(&mut self.counters)
    }

    /// Whether there is anything in these members.
    pub(super) fn says_something(&self) -> bool {
        let lists = self.lists.iter().map(|(_, member)| member);
        let mut members = self.pictures.iter().chain(&self.pic_data).chain(&self.holders).chain(lists);
        members.any(|(_, value)| Weight::of(value) > Weight::Nothing)
    }

    /// Whether there is a recognition in these members.
    pub(super) fn has_recognitions(&self) -> bool {
        self.lists.iter().any(|(_, (_, value))| is_listed(value))
            || self.holders.iter().chain(&self.pic_data).any(|(_, value)| is_held(value))
    }

    /// Takes the recognition whose members stand among those of an alarm that reports this, unless a list says more.
    /// What is left of them.
    pub(super) fn split_beside(
        &self,
        alarm: Option<Subject>,
        members: Object<'a>,
    ) -> (Option<Beside<'a>>, Object<'a>) {
        if self.has_recognitions() { (None, members) } else { split_beside(alarm, members) }
    }

    /// Reads what shows these flat alarms, none where they are not flat.
    pub(super) fn read(
        self,
        flat: &FlatAlarms,
        around: &Surroundings,
        push: &mut Push<'a>,
        unknowns: &mut Unknowns,
    ) {
        let Self { pictures, pic_data, holders, lists, counters: _ } = self;
        for (name, value) in pictures {
            let (pictures, others) = objects(value);
            for other in others {
                unknowns.note_lost(&name, Weight::of(&other));
            }
            for picture in pictures {
                push.pictures.extend(read_picture(picture, around, unknowns));
            }
        }
        for member in pic_data {
            read_pic_data(member, flat, around, push, unknowns);
        }
        for (name, value) in holders {
            read_holder((&name, value), around, &mut push.recognitions, unknowns);
        }
        let first_of_lists = push.recognitions.len();
        for (subject, (name, value)) in lists {
            read_list((&name, value), subject, around, &mut push.recognitions, unknowns);
        }
        flat.claim(&mut push.recognitions, first_of_lists);
    }
}

/// The alarms of one flat form: which of them a picture or recognition of its `PicData` belongs to.
#[derive(Debug, Clone, Default)]
pub(super) struct FlatAlarms {
    /// Each channel, and the number of its alarms.
    channels: Vec<(Option<Text>, usize)>,
}

impl FlatAlarms {
    /// Adds an alarm of a channel with a number, unless another of that channel is there.
    pub(super) fn add(&mut self, channel: Option<Text>, number: usize) {
        if !self.channels.iter().any(|(_, known)| *known == number) {
            self.channels.push((channel, number));
        }
    }

    /// The place of what is about a channel: that channel's alarms among several, and else those of the only
    /// one or of the first.
    fn place(&self, channel: Option<&Text>) -> Place {
        let is_same = |own: &Option<Text>| match (own, channel) {
            (Some(own), Some(channel)) => own.as_str().eq_ignore_ascii_case(channel.as_str()),
            _ => true,
        };
        let number = match self.channels.as_slice() {
            [(_, number)] => Some(number),
            several => several.iter().find(|(own, _)| is_same(own)).map(|(_, number)| number),
        };
        number.map_or(Place::Post, |number| Place::PicData(*number))
    }

    /// Gives the recognitions from the one with an index on to these alarms.
    pub(super) fn claim(&self, recognitions: &mut [Recognition<'_>], from: usize) {
        for recognition in recognitions.iter_mut().skip(from) {
            recognition.place = self.place(recognition.channel.id.as_ref());
        }
    }
}

/// Reads `PicData`: recognitions, or pictures by themselves.
fn read_pic_data<'a>(
    (name, value): Member<'a>,
    flat: &FlatAlarms,
    around: &Surroundings,
    push: &mut Push<'a>,
    unknowns: &mut Unknowns,
) {
    let (holders, others) = objects(value);
    for other in others {
        let weight = Weight::of(&other);
        let picture = other.into_bytes().map(|base64| AlarmPicture {
            place: flat.place(None),
            channel: around.channel.clone(),
            id: None,
            time: None,
            base64,
        });
        match picture {
            Some(picture) => push.pictures.push(picture),
            None => unknowns.note_lost(&name, weight),
        }
    }
    let first = push.recognitions.len();
    let holders = Json::List(holders.into_iter().map(Json::Object).collect());
    read_holder((&name, holders), around, &mut push.recognitions, unknowns);
    flat.claim(&mut push.recognitions, first);
}

/// An entry of `alarm_snap_data`; none without a picture.
fn read_picture<'a>(
    picture: Object<'a>,
    around: &Surroundings,
    unknowns: &mut Unknowns,
) -> Option<AlarmPicture<'a>> {
    let mut channels = Channels::default();
    let (mut id, mut time, mut base64) = (None, None, None);
    let mut unknown = Object::default();
    for (name, value) in picture {
        let folded = folded(&name).into_owned();
        let Some(value) = channels.read_member(&folded, value) else { continue };
        match folded.as_str() {
            "img_id" => id = number_of_picture(&value),
            "img_time" => time = number_of_picture(&value),
            "img_data" if matches!(value, Json::Text(_) | Json::Null) => base64 = value.into_bytes(),
            "img_encode" | "img_format" => {}
            _ => unknown.push(name, value),
        }
    }
    let around = around.of_entry(&channels, time, &unknown);
    for member in unknown {
        unknowns.add_alone(member, Weight::Nothing, &around);
    }
    let Surroundings { channel, time } = around;
    Some(AlarmPicture { place: Place::Post, channel, id, time, base64: base64? })
}
