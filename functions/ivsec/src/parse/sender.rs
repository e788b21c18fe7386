//! Who sent a post.

use camhook_event::MacAddress;
use camhook_json::{Json, Object};

use super::member::{folded, text};
use crate::message::Sender;

impl Sender {
    /// Takes a member of the flat form or of `dev_net_info` that describes the device. Whether it is one.
    pub(super) fn read_member(&mut self, folded_name: &str, value: &Json<'_>) -> bool {
        let place = match folded_name {
            "macaddress" | "mac" => {
                let mac = value.to_text().and_then(|mac| mac_address(mac.as_str()));
                self.mac = self.mac.take().or(mac);
                return mac.is_some();
            }
            "devicename" | "device_name" => &mut self.name,
            "ipaddress" | "ip" => &mut self.address,
            "channelname" | "chnnelname" => &mut self.label,
            _ => return false,
        };
        let text = text(value);
        let is_read = text.is_some();
        *place = place.take().or(text);
        is_read
    }

    /// Takes the members of an object that describe the device.
    pub(super) fn take_from(object: &mut Object<'_>) -> Self {
        let mut sender = Self::default();
        let mut rest = Object::default();
        for (name, value) in std::mem::take(object) {
            if !sender.read_member(&folded(&name), &value) {
                rest.push(name, value);
            }
        }
        *object = rest;
        sender
    }
}

/// Reads a MAC address; zeros are none: an interface without one has them.
pub(super) fn mac_address(text: &str) -> Option<MacAddress> {
    let is_zero = |text: &str| !text.chars().any(|digit| digit.is_ascii_hexdigit() && digit != '0');
    MacAddress::parse(text).filter(|_| !is_zero(text))
}
