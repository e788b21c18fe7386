//! The relay function from its messages to its devices.

#[cfg(test)]
mod lan;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod shelly;
#[cfg(test)]
mod support;
