//! The relay function from its messages to its devices.

#[cfg(test)]
mod agent;
#[cfg(test)]
mod decision;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod http;
#[cfg(test)]
mod protocol;
#[cfg(test)]
mod sameness;
#[cfg(test)]
mod schedules;
#[cfg(test)]
mod shelly;
#[cfg(test)]
mod shelly_cloud;
#[cfg(test)]
mod shelly_gen1;
#[cfg(test)]
mod support;
#[cfg(test)]
mod two_n;
#[cfg(test)]
mod unproved;
#[cfg(test)]
mod viewtron;
#[cfg(test)]
mod webrelay;
#[cfg(test)]
mod world;
