//! Small values by the vendor's own names.

use std::borrow::Cow;
use std::collections::BTreeMap;

use camhook_event::VendorData;
use serde_json::Value;

/// Small values by the vendor's own names, in the order of the post. What has a place of its own in the event is
/// taken out; the rest goes along as it is.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scalars<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Scalars<'a> {
    /// Keeps a value; an empty one is none.
    pub(crate) fn push(&mut self, name: &'a str, value: Cow<'a, str>) {
        if !value.is_empty() {
            self.0.push((Cow::Borrowed(name), value));
        }
    }

    /// Keeps a value whose name does not lie in the post; an empty one is none.
    pub(crate) fn push_owned(&mut self, name: &str, value: Cow<'a, str>) {
        if !value.is_empty() {
            self.0.push((Cow::Owned(name.to_owned()), value));
        }
    }

    /// Names and values.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// Takes the first value under a name, in any case. Further ones stay.
    pub(crate) fn take(&mut self, name: &str) -> Option<Cow<'a, str>> {
        let at = self.0.iter().position(|(present, _)| present.eq_ignore_ascii_case(name))?;
        Some(self.0.remove(at).1)
    }

    /// Takes a value under the first of several names that has one.
    pub(crate) fn take_any(&mut self, names: &[&str]) -> Option<Cow<'a, str>> {
        names.iter().find_map(|name| self.take(name))
    }

    /// The first value under a name, in any case.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(present, _)| present.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    /// The first value under the first of several names that has one.
    pub(crate) fn get_any(&self, names: &[&str]) -> Option<&str> {
        names.iter().find_map(|name| self.get(name))
    }

    /// All values under some names, in any case.
    pub(crate) fn values(&self, names: &[&str]) -> impl Iterator<Item = &str> {
        self.iter().filter(|(name, _)| is_one_of(names, name)).map(|(_, value)| value)
    }

    /// Takes all values under some names, in any case.
    pub(crate) fn take_all(&mut self, names: &[&str]) -> Self {
        self.take_if(|name, _| is_one_of(names, name))
    }

    /// Takes the values that a test wants.
    pub(crate) fn take_if(&mut self, wanted: impl Fn(&str, &str) -> bool) -> Self {
        Self(self.0.extract_if(.., |(name, value)| wanted(name, value)).collect())
    }

    /// Adds the values of another group behind these.
    pub(crate) fn append(&mut self, mut other: Self) {
        self.0.append(&mut other.0);
    }

    /// Leaves out the values that a test does not want.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&str, &str) -> bool) {
        self.0.retain(|(name, value)| wanted(name, value));
    }

    /// Leaves out what does not fit into a number of bytes: what is repeated in many events of one post.
    pub(crate) fn cut_to(&mut self, limit: usize) {
        let mut total = 0;
        self.0.retain(|(name, value)| {
            total += name.len() + value.len();
            total <= limit
        });
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The values as an event's `vendor_data`.
    pub(crate) fn to_vendor_data(&self) -> VendorData {
        let mut data = VendorData::default();
        for (name, value) in &self.0 {
            data.insert(name, value.as_ref());
        }
        data
    }

    /// The values as a target's attributes: a repeated name holds a list, as in `vendor_data`.
    pub(crate) fn to_attributes(&self) -> BTreeMap<String, Value> {
        if self.is_empty() {
            return BTreeMap::new();
        }
        self.to_vendor_data().iter().map(|(name, value)| (name.to_owned(), value.clone())).collect()
    }
}

fn is_one_of(names: &[&str], name: &str) -> bool {
    names.iter().any(|wanted| wanted.eq_ignore_ascii_case(name))
}

/// A text without what makes no difference: blanks, hyphens and the case of letters.
pub(crate) fn folded(text: &str) -> String {
    text.chars().filter(|part| part.is_alphanumeric()).map(|part| part.to_ascii_lowercase()).collect()
}

/// Everything that a post says of one thing, under each of its names. Where it says different things, none of them counts:
/// any of them may be wrong.
#[derive(Debug, Default)]
pub(crate) struct Statement<'a>(Scalars<'a>);

impl<'a> Statement<'a> {
    /// Takes all values under some names out of several groups.
    pub(crate) fn take<'g>(groups: impl IntoIterator<Item = &'g mut Scalars<'a>>, names: &[&str]) -> Self
    where
        'a: 'g,
    {
        let mut values = Scalars::default();
        groups.into_iter().for_each(|group| values.append(group.take_all(names)));
        Self(values)
    }

    /// Takes the values that a test wants out of a group.
    pub(crate) fn take_from(&mut self, group: &mut Scalars<'a>, wanted: impl Fn(&str, &str) -> bool) {
        self.0.append(group.take_if(wanted));
    }

    /// The values.
    pub(crate) fn values(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(_, value)| value)
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether it says different things, by [`folded`].
    pub(crate) fn is_contradiction(&self) -> bool {
        let mut values = self.values().map(folded);
        values.next().is_some_and(|first| values.any(|other| other != first))
    }

    /// The value, when it says one thing. Different ones are put back.
    pub(crate) fn into_one(self, rest: &mut Scalars<'a>) -> Option<Cow<'a, str>> {
        if self.is_contradiction() {
            self.put_back(rest);
            return None;
        }
        self.0.0.into_iter().next().map(|(_, value)| value)
    }

    /// What the values mean, when all of them mean the same. Others are put back.
    pub(crate) fn into_meaning<T: PartialEq>(
        self,
        rest: &mut Scalars<'a>,
        read: impl Fn(&str) -> Option<T>,
    ) -> Option<T> {
        let meaning = {
            let mut meanings = self.values().map(read);
            let first = meanings.next().flatten();
            first.filter(|first| meanings.all(|other| other.as_ref() == Some(first)))
        };
        if meaning.is_none() {
            self.put_back(rest);
        }
        meaning
    }

    /// Puts the values back, under their own names.
    pub(crate) fn put_back(self, rest: &mut Scalars<'a>) {
        rest.append(self.0);
    }

    /// Puts the values back under one name.
    pub(crate) fn put_back_as(self, name: &'static str, rest: &mut Scalars<'a>) {
        self.0.0.into_iter().for_each(|(_, value)| rest.push(name, value));
    }

    /// Leaves out the values that a test does not want.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&str) -> bool) {
        self.0.retain(|_, value| wanted(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scalars() -> Scalars<'static> {
        let mut scalars = Scalars::default();
        for (name, value) in [("Color", "white"), ("empty", ""), ("color", "red"), ("n", "1")] {
            scalars.push(name, value.into());
        }
        scalars
    }

    #[test]
    fn names_are_found_in_any_case_and_empty_values_are_none() {
        let mut scalars = scalars();
        assert_eq!(scalars.take("empty"), None);
        assert_eq!(scalars.take_any(&["colour", "COLOR"]).as_deref(), Some("white"));
        assert_eq!(scalars.take("color").as_deref(), Some("red"));
        assert_eq!(scalars.take("color"), None);
        assert_eq!(scalars.get("N"), Some("1"));
    }

    #[test]
    fn what_stands_twice_counts_when_it_is_the_same() {
        for (values, expected) in [
            (&["KX 21-ABC", "kx21abc"][..], Some("KX 21-ABC")),
            (&["KX21ABC", "KX22ABC"], None),
            (&["KX21ABC"], Some("KX21ABC")),
            (&[], None),
        ] {
            let (mut one, mut other) = (Scalars::default(), Scalars::default());
            one.push("n", "1".into());
            for (at, value) in values.iter().enumerate() {
                let group = if at == 0 { &mut one } else { &mut other };
                group.push(if at == 0 { "plateNumber" } else { "PlateText" }, (*value).into());
            }
            let statement = Statement::take([&mut one, &mut other], &["platetext", "platenumber"]);
            assert_eq!(statement.into_one(&mut one).as_deref(), expected);
            let is_put_back = values.len() > 1 && expected.is_none();
            assert_eq!(one.iter().count(), if is_put_back { 1 + values.len() } else { 1 });
            assert!(other.is_empty());
        }
    }

    #[test]
    fn what_does_not_fit_is_left_out() {
        let mut scalars = scalars();
        scalars.cut_to("Colorwhite".len() + 1);
        assert_eq!(scalars.to_vendor_data().iter().collect::<Vec<_>>(), [("Color", &Value::from("white"))]);
    }
}
